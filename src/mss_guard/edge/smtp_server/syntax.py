"""MAIL, RCPT and XFORWARD command lines → what they say, or the reply that refuses them. Pure; the lines themselves are
never changed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from mss_guard.core import addresses
from mss_guard.core.model import Address, Reply
from mss_guard.edge.smtp_server import replies

COMMAND_LENGTH = 512  # octets with CRLF, RFC 5321 §4.5.3.1.4
COMMAND_LENGTHS: Mapping[bytes, int] = MappingProxyType(
    {
        # SIZE 26 (RFC 1870 §3), BODY 17 (RFC 6152 §2), SMTPUTF8 10 (RFC 6531 §3.1), RET and ENVID (RFC 3461 §4), AUTH
        # never
        b"MAIL": 1024,
        # ORCPT up to 500 octets and NOTIFY 28 (RFC 3461 §4)
        b"RCPT": 1536,
        # seven attributes of up to 255 octets, as Postfix sends them
        b"XFORWARD": 2048,
    }
)
"""Longest command line by verb. Fixed: what one connection negotiates must not change another's."""

XFORWARD_ATTRIBUTES = (b"NAME", b"ADDR", b"PORT", b"PROTO", b"HELO", b"IDENT", b"SOURCE")

_UNPRINTABLE = re.compile(rb"[\x00-\x1f\x7f]")
_SIZE = re.compile(rb"[0-9]{1,20}")
_XTEXT = re.compile(rb"(?:[!-*,-<>-~]|\+[0-9A-F]{2}){0,255}")

# parameter → EHLO keyword that announces it, pattern of its value (None: takes no value, "any" is the hop's business)
_ANY = re.compile(rb".+", re.DOTALL)
_MAIL_PARAMETERS: Mapping[bytes, tuple[str, re.Pattern[bytes] | None]] = MappingProxyType(
    {
        b"SIZE": ("SIZE", _SIZE),  # RFC 1870
        b"BODY": ("8BITMIME", re.compile(rb"7BIT|8BITMIME", re.IGNORECASE)),  # RFC 6152; BINARYMIME cannot go by DATA
        b"SMTPUTF8": ("SMTPUTF8", None),  # RFC 6531
        b"RET": ("DSN", _ANY),  # RFC 3461
        b"ENVID": ("DSN", _ANY),
    }
)
_RCPT_PARAMETERS: Mapping[bytes, tuple[str, re.Pattern[bytes] | None]] = MappingProxyType(
    {b"NOTIFY": ("DSN", _ANY), b"ORCPT": ("DSN", _ANY)}  # RFC 3461
)


@dataclass(frozen=True, slots=True)
class MailCommand:
    """`sender` is None for the null return path; `size` as announced, 0 when it was not; `needs`: EHLO keywords of its
    parameters.
    """

    sender: Address | None = field(repr=False)
    size: int
    smtputf8: bool
    needs: frozenset[str]


@dataclass(frozen=True, slots=True)
class RcptCommand:
    recipient: Address = field(repr=False)
    needs: frozenset[str]


def printable(line: bytes) -> bool:
    """A command line holds no control character, not even a tab (RFC 5321 §4.1.1 asks for SP)."""
    return _UNPRINTABLE.search(line) is None


def mail(argument: bytes) -> MailCommand | Reply:
    """The argument of MAIL (RFC 5321 §4.1.1.2). Malformed addresses are refused here and never mirrored."""
    parts = _path(b"FROM:", argument)
    if parts is None:
        return replies.BAD_SENDER
    path, rest = parts
    parameters = _parameters(rest, _MAIL_PARAMETERS)
    if isinstance(parameters, Reply):
        return parameters
    smtputf8 = b"SMTPUTF8" in parameters
    if not rest.isascii() and not _utf8(rest, smtputf8):
        return replies.BAD_PARAMETER
    sender = addresses.parse(path, smtputf8=smtputf8) if path else None
    if sender is not None and sender.malformed is not None:
        return replies.BAD_SENDER
    return MailCommand(sender, int(parameters.get(b"SIZE") or 0), smtputf8, _needs(parameters, _MAIL_PARAMETERS))


def rcpt(argument: bytes, *, smtputf8: bool) -> RcptCommand | Reply:
    """The argument of RCPT (RFC 5321 §4.1.1.3); <Postmaster> needs no domain, <> is no recipient."""
    parts = _path(b"TO:", argument)
    if parts is None:
        return replies.BAD_RECIPIENT
    path, rest = parts
    parameters = _parameters(rest, _RCPT_PARAMETERS)
    if isinstance(parameters, Reply):
        return parameters
    if not rest.isascii() and not _utf8(rest, smtputf8):
        return replies.BAD_PARAMETER
    recipient = addresses.parse(path, smtputf8=smtputf8)
    if recipient.malformed is not None:
        return replies.BAD_RECIPIENT
    return RcptCommand(recipient, _needs(parameters, _RCPT_PARAMETERS))


def xforward(argument: bytes) -> Reply | None:
    """None when the argument of XFORWARD is well formed (Postfix XFORWARD_README: NAME=xtext …), else the refusal."""
    words = [word.partition(b"=") for word in argument.split(b" ") if word]
    names = [name.upper() for name, _, _ in words]
    whole = all(name in XFORWARD_ATTRIBUTES for name in names) and len(set(names)) == len(names)
    if words and whole and all(equals and _XTEXT.fullmatch(value) for _, equals, value in words):
        return None
    return replies.BAD_ARGUMENT


def _path(keyword: bytes, argument: bytes) -> tuple[bytes, bytes] | None:
    if argument[: len(keyword)].upper() != keyword:
        return None
    return addresses.split_path(argument[len(keyword) :])


def _parameters(rest: bytes, known: Mapping[bytes, tuple[str, re.Pattern[bytes] | None]]) -> dict[bytes, bytes] | Reply:
    """ESMTP parameters by upper-case keyword, values untouched (RFC 5321 §4.1.2)."""
    found: dict[bytes, bytes] = {}
    for word in rest.split(b" "):
        if not word:
            continue
        name, equals, value = word.partition(b"=")
        name = name.upper()
        if name not in known:
            return replies.UNKNOWN_PARAMETER
        pattern = known[name][1]
        well_formed = not equals if pattern is None else bool(equals) and pattern.fullmatch(value) is not None
        if name in found or not well_formed:
            return replies.BAD_PARAMETER
        found[name] = value
    return found


def _needs(
    parameters: Mapping[bytes, bytes], known: Mapping[bytes, tuple[str, re.Pattern[bytes] | None]]
) -> frozenset[str]:
    return frozenset(known[name][0] for name in parameters)


def _utf8(text: bytes, smtputf8: bool) -> bool:
    try:
        text.decode()
    except UnicodeDecodeError:
        return False
    return smtputf8
