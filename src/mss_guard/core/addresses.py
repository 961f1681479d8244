"""One mailbox, as it stands between < and > (RFC 5321 §4.1.2, RFC 6531 §3.3).

The parser reads from left to right once and never looks back, so it ends on any bytes; lengths are checked first, so
that nothing long is ever read at all. Outcomes are values: an address that is not SMTP carries the reason in
`malformed`, and nothing is raised.

Strictness is the point. What one server reads as `a@listed.fr` and the next as `a@elsewhere.fr` is a hole in the trust
space, therefore every form whose reading is a matter of taste (source route, comment, trailing dot, raw 8-bit byte) is
malformed.
"""

from __future__ import annotations

import ipaddress
import unicodedata
from typing import Final

import idna

from mss_guard.core.model import Address

MAX_LOCAL_PART = 64  # octets, RFC 5321 §4.5.3.1.1
MAX_DOMAIN = 255  # octets, RFC 5321 §4.5.3.1.2
MAX_LABEL = 63  # octets, RFC 1035 §2.3.4
_LABEL: Final = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
DOMAIN: Final = rf"(?=.{{1,{MAX_DOMAIN}}}\Z){_LABEL}(?:\.{_LABEL})*|\[(?:ipv6:)?[0-9a-f.:]{{2,45}}\]"
"""What `Address.domain` may be where there is one, as a regular expression for the whole: A-labels or a literal, in lower case."""
PATIENT_DOMAIN = "patient.mssante.fr"
"""Where citizens have their boxes: the local part is their health identifier (INS)."""

_ALPHANUMERIC = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789")
_ATEXT = _ALPHANUMERIC | frozenset("!#$%&'*+-/=?^_`{|}~")  # RFC 5322 §3.2.3
_HEX = frozenset("0123456789abcdefABCDEF:.")


_FRENCH = {
    "empty": "vide",
    "no domain": "pas de domaine",
    "source route": "route imposée (@relais:)",
    "trailing dot": "point final",
    "empty label": "deux points de suite dans le domaine, ou un point en tête",
    "comment": "commentaire entre parenthèses",
    "control character": "caractère invisible",
    "space": "espace",
    "angle bracket": "chevron",
    "too long": "trop longue",
    "local part too long": "plus de 64 octets avant le @",
    "domain too long": "domaine de plus de 255 octets",
    "label too long": "un élément du domaine dépasse 63 octets",
    "hyphen at the edge of a label": "un élément du domaine commence ou finit par un tiret",
    "empty local part": "rien avant le @",
    "dot at the edge or doubled in the local part": "point en tête, en fin ou doublé avant le @",
    "character not allowed in the local part": "caractère interdit avant le @",
    "character not allowed in the domain": "caractère interdit dans le domaine",
    "quote inside the local part": "guillemet au milieu de la partie locale",
    "text after the quoted local part": "texte après les guillemets",
    "unclosed quote": "guillemet non fermé",
    "address literal": "adresse IP littérale mal écrite",
    "8-bit byte without SMTPUTF8": "caractère accentué sans l'extension SMTPUTF8",
    "not UTF-8": "octets qui ne sont pas de l'UTF-8",
    "domain not convertible to an A-label": "domaine que la norme IDNA 2008 n'admet pas",
}


class _MalformedError(Exception):
    """Carries the reason out of the nested readers; never leaves this module."""


def parse(raw: bytes, *, smtputf8: bool = False) -> Address:
    """The mailbox `raw`, without its angle brackets. Never raises.

    `smtputf8`: the transaction announced SMTPUTF8 (RFC 6531), so UTF-8 is allowed on both sides of the @.
    """
    try:
        return _mailbox(raw, smtputf8)
    except _MalformedError as reason:
        return Address(raw=raw, local_part="", domain="", malformed=str(reason))


def split_path(argument: bytes) -> tuple[bytes, bytes] | None:
    """What follows "FROM:" or "TO:" as (bytes between < and >, ESMTP parameters stripped), or None when it is not a
    path.

    A quoted local part may hold ">" and a quoted pair may hold anything (RFC 5321 §4.1.2). The null path <> gives b"".
    """
    text = argument.strip(b" ")
    if not text.startswith(b"<"):
        return None
    quoted = False
    at = 1
    while at < len(text):
        octet = text[at : at + 1]
        if quoted and octet == b"\\":
            at += 1
        elif octet == b'"':
            quoted = not quoted
        elif octet == b">" and not quoted:
            rest = text[at + 1 :]
            return (text[1:at], rest.strip(b" ")) if not rest or rest.startswith(b" ") else None
        at += 1
    return None


def shown(address: Address) -> str:
    """For notices and screens: without controls, and never the local part of a citizen, which is a health identifier.

    A malformed address may hold anything, a citizen's number included, so it is only named as such.
    """
    if address.malformed is not None:
        return "(adresse mal formée)"
    if address.domain == PATIENT_DOMAIN:
        return f"…@{PATIENT_DOMAIN}"
    return "".join(c for c in address.text if not _invisible(c))


def in_french(reason: str) -> str:
    """The reason in `Address.malformed`, for people."""
    return _FRENCH.get(reason, reason)


def to_ascii(domain: str) -> str | None:
    """A domain name as lower-case A-labels (IDNA 2008, RFC 5891), or None when it is no host name. Address literals are
    not names.
    """
    try:
        return _host(domain)
    except _MalformedError:
        return None


def _mailbox(raw: bytes, smtputf8: bool) -> Address:
    text = _decode(raw, smtputf8)
    if text.lower() == "postmaster":  # the one mailbox that needs no domain, RFC 5321 §4.1.1.3
        return Address(raw=raw, local_part=text, domain="")
    if text.startswith("@"):
        raise _MalformedError("source route")
    local_part, rest = _quoted(text) if text.startswith('"') else _dotted(text)
    written = text[: len(text) - len(rest)]  # quotes and backslashes count, RFC 5321 §4.5.3.1.1
    if len(written.encode()) > MAX_LOCAL_PART:
        raise _MalformedError("local part too long")
    if not rest:
        raise _MalformedError("no domain")
    return Address(raw=raw, local_part=local_part, domain=_domain(rest[1:]))


def _decode(raw: bytes, smtputf8: bool) -> str:
    if not raw:
        raise _MalformedError("empty")
    if len(raw) > MAX_LOCAL_PART + 1 + MAX_DOMAIN + 1:  # one more: a trailing dot deserves its own word
        raise _MalformedError("too long")
    if not raw.isascii() and not smtputf8:
        raise _MalformedError("8-bit byte without SMTPUTF8")
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        raise _MalformedError("not UTF-8") from None
    if not (text.isascii() and text.isprintable()) and any(map(_invisible, text)):
        raise _MalformedError("control character")
    return text


def _invisible(character: str) -> bool:
    """Controls, format characters (bidi, zero-width), line and paragraph separators."""
    return unicodedata.category(character) in {"Cc", "Cf", "Cs", "Zl", "Zp"}


def _quoted(text: str) -> tuple[str, str]:
    """Quoted-string: its meaning without quotes, and the rest from the @ on ("" when there is none)."""
    meaning: list[str] = []
    at = 1
    while at < len(text):
        if text[at] == '"':
            rest = text[at + 1 :]
            if rest and rest[0] != "@":
                raise _MalformedError("text after the quoted local part")
            return "".join(meaning), rest
        if text[at] == "\\":
            at += 1
        meaning.append(text[at : at + 1])
        at += 1
    raise _MalformedError("unclosed quote")


_TELLING = {
    "(": "comment",
    ")": "comment",
    " ": "space",
    '"': "quote inside the local part",
    "<": "angle bracket",
    ">": "angle bracket",
}


def _dotted(text: str) -> tuple[str, str]:
    """Dot-string: atoms joined by single dots; the rest from the @ on ("" when there is none)."""
    local_part, at_sign, domain = text.partition("@")
    for atom in local_part.split("."):
        if not atom:
            raise _MalformedError(
                "empty local part" if not local_part else "dot at the edge or doubled in the local part"
            )
        for character in atom:
            if character.isascii() and character not in _ATEXT:
                raise _MalformedError(_TELLING.get(character, "character not allowed in the local part"))
    return local_part, at_sign + domain


def _domain(text: str) -> str:
    if not text:
        raise _MalformedError("no domain")
    return _literal(text) if text.startswith("[") else _host(text)


def _literal(text: str) -> str:
    """[192.0.2.1] or [IPv6:2001:db8::1] (RFC 5321 §4.1.3); no other tag is registered."""
    inside = text[1:-1]
    tag, colon, rest = inside.partition(":")
    six = bool(colon) and tag.lower() == "ipv6"
    try:
        if not text.endswith("]") or not _HEX.issuperset(rest if six else inside):
            raise ValueError
        if six:
            ipaddress.IPv6Address(rest)
        else:
            ipaddress.IPv4Address(inside)
    except ValueError:
        raise _MalformedError("address literal") from None
    return text.lower()


def _host(text: str) -> str:
    if len(text.encode("utf-8", "surrogatepass")) > MAX_DOMAIN:
        raise _MalformedError("trailing dot" if text.endswith(".") else "domain too long")
    if text.endswith("."):
        raise _MalformedError("trailing dot")
    domain = ".".join(_label(label) for label in text.split("."))
    if len(domain) > MAX_DOMAIN:
        raise _MalformedError("domain too long")
    return domain


def _label(label: str) -> str:
    if not label:
        raise _MalformedError("empty label")
    if label.isascii():
        name = label.lower()
        if not _ALPHANUMERIC.issuperset(name.replace("-", "")):
            raise _MalformedError("comment" if "(" in name or ")" in name else "character not allowed in the domain")
        if name.startswith("-") or name.endswith("-"):
            raise _MalformedError("hyphen at the edge of a label")
        if len(name) > MAX_LABEL:
            raise _MalformedError("label too long")
        return _checked(name) if name.startswith("xn--") else name
    # Case and composition are folded as RFC 5895 §2 does. A label that folds to plain ASCII (a KELVIN SIGN for K) is a
    # disguise.
    folded = unicodedata.normalize("NFC", unicodedata.normalize("NFC", label).lower())
    if folded.isascii():
        raise _MalformedError("domain not convertible to an A-label")
    return _checked(folded)


def _checked(label: str) -> str:
    """A U-label or a would-be A-label through IDNA 2008. Label by label: the package also splits at U+3002, which is
    not a dot here.
    """
    try:
        return idna.alabel(label).decode("ascii")
    except (idna.IDNAError, UnicodeError, ValueError, IndexError):
        raise _MalformedError("domain not convertible to an A-label") from None
