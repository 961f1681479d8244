"""The door to the white list: reads the file the configuration names, or takes what was fetched, guards against a list
that shrank, keeps the last good copy.

Of the outside world nothing is believed for long: a list is as old as its source last confirmed it (for a file, its
modification time), and whoever cannot give a good new one gets the last good one back, with its own age. The copy's
modification time *is* that confirmation, so copy and age are replaced by one rename and can never disagree.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from stat import S_ISREG
from typing import Literal

from mss_guard.core import trust
from mss_guard.core.trust import ListRefused, LocalWord, TrustList, TrustSpace

LAST_GOOD = "liste-blanche.xml"
ORIGIN = "liste-blanche.origine.json"
"""Beside a fetched copy: {url, etag, modified, sha256}, what its server said of it and which bytes that was said of."""
SHRINK_GUARD = 0.10
"""A list that lost more than this share of its names since the last good one is taken for an accident."""

Used = Literal["source", "last-good", "none"]


@dataclass(frozen=True, slots=True)
class Feeding:
    """What came of one reading. `space` always holds the overlay; its `domains` are empty when there is no list at all.

    `happened`: French sentences for the administrator, empty when all is well. `used`: whose list it is.
    """

    space: TrustSpace
    used: Used
    happened: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Copy:
    """A list with the bytes it came from and the moment it was last confirmed."""

    trust_list: TrustList
    xml: bytes
    confirmed_at: datetime


def feed(
    source: Path | None,
    state: Path,
    *,
    now: datetime,
    extra: Sequence[LocalWord] = (),
    deny: Sequence[LocalWord] = (),
    tests: Sequence[LocalWord] = (),
    accept_shrunken: bool = False,
    keep: bool = True,
    published: str = "",
) -> Feeding:
    """Read the list file `source`, compare it with the last good copy in the directory `state`, and keep it there when
    it is good. Without a file the last good copy serves, which `receive` renews from `published`.

    Never raises for what a file holds or a disk refuses: it says so in `happened`. `accept_shrunken` is the
    administrator's word that the shrunken list is meant. Without `keep` nothing is written: for whoever only looks.
    """
    happened: list[str] = []
    last_good = _last_good(state / LAST_GOOD, now, happened)
    fresh = _fresh(source, now, happened) if source is not None else None
    if fresh is not None and last_good is not None and not accept_shrunken and _shrank(fresh, last_good):
        happened.append(_too_few(source, fresh, last_good))
        fresh = None
    if (
        keep
        and fresh is not None
        and (last_good is None or (fresh.xml, fresh.confirmed_at) != (last_good.xml, last_good.confirmed_at))
    ):
        _keep(fresh, state, happened)
    chosen = fresh or last_good
    used: Used = "source" if fresh else "last-good" if last_good else "none"
    if used == "last-good" and source is not None and last_good is not None:
        happened.append(f"la dernière bonne liste sert, confirmée le {last_good.confirmed_at:%d/%m/%Y à %H:%M} UTC")
    space = trust.space(
        chosen.trust_list if chosen else None,
        extra=extra,
        deny=deny,
        tests=tests,
        confirmed_at=chosen.confirmed_at if chosen else None,
        source=published or str(source or ""),
    )
    return Feeding(space, used, tuple(happened))


def receive(
    body: bytes | None, tags: tuple[str, str], url: str, state: Path, *, now: datetime, accept_shrunken: bool = False
) -> tuple[bool, tuple[str, ...]]:
    """Take what was fetched from `url`: a list (kept when it is good), or None, the copy of `tags_of` is still the list.

    (whether the copy was renewed or confirmed, French sentences for the administrator). `tags`: ETag and Last-Modified.
    """
    happened: list[str] = []
    last_good = _last_good(state / LAST_GOOD, now, happened)
    if body is None:
        if last_good is None:
            return False, (*happened, "la copie que le serveur dit inchangée n'est plus là")
        _keep(_Copy(last_good.trust_list, last_good.xml, now), state, happened)
        return not happened, tuple(happened)
    try:
        fresh = _Copy(trust.parse_list(body), body, now)
    except ListRefused as refused:
        return False, (*happened, f"liste blanche {url} refusée : {refused}")
    if last_good is not None and not accept_shrunken and _shrank(fresh, last_good):
        return False, (*happened, _too_few(url, fresh, last_good))
    happened.clear()  # whatever was wrong with the old copy, it is being replaced
    _keep(fresh, state, happened)
    if happened:
        return False, tuple(happened)
    origin = {"url": url, "etag": tags[0], "modified": tags[1], "sha256": hashlib.sha256(body).hexdigest()}
    _replace(state / ORIGIN, json.dumps(origin).encode(), now, happened)
    return True, tuple(happened)


def tags_of(url: str, state: Path) -> tuple[str, str]:
    """(ETag, Last-Modified) of the copy at hand, when it came from `url` and is still what came; else two empty words."""
    try:
        origin = json.loads((state / ORIGIN).read_bytes())
        held = hashlib.sha256((state / LAST_GOOD).read_bytes()).hexdigest()
        if origin["url"] == url and origin["sha256"] == held:
            return str(origin["etag"]), str(origin["modified"])
    except (OSError, ValueError, KeyError, TypeError):
        pass  # no copy, or none that can be vouched for: the list is asked for whole
    return "", ""


def look(path: Path, now: datetime) -> TrustList | str:
    """The list in a file, or why there is none, in French; nothing is kept."""
    happened: list[str] = []
    copy = _fresh(path, now, happened)
    return copy.trust_list if copy else happened[0]


def _too_few(source: object, fresh: _Copy, last_good: _Copy) -> str:
    return (
        f"liste blanche {source} refusée : {len(fresh.trust_list.domains)} domaines au lieu de "
        f"{len(last_good.trust_list.domains)} (baisse de plus de {SHRINK_GUARD:.0%}) ; si cette baisse est voulue : "
        "mss-guard trust update --accept-shrunken"
    )


def _fresh(source: Path, now: datetime, happened: list[str]) -> _Copy | None:
    try:
        return _read(source, now)
    except OSError as error:
        happened.append(f"liste blanche {source} illisible : {error.strerror or type(error).__name__}")
    except ListRefused as refused:
        happened.append(f"liste blanche {source} refusée : {refused}")
    return None


def _last_good(path: Path, now: datetime, happened: list[str]) -> _Copy | None:
    try:
        return _read(path, now)
    except FileNotFoundError:
        return None
    except OSError as error:
        happened.append(f"copie de secours {path} illisible : {error.strerror or type(error).__name__}")
    except ListRefused as refused:
        happened.append(f"copie de secours {path} abîmée, laissée de côté : {refused}")
    return None


def _read(path: Path, now: datetime) -> _Copy:
    """One file, whole. Bytes and time come from the same open file, so a rename meanwhile cannot mix two lists.

    O_NONBLOCK: a pipe put in the place of the file must not stop the service.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    with os.fdopen(descriptor, "rb") as file:
        facts = os.fstat(file.fileno())
        if not S_ISREG(facts.st_mode):
            raise ListRefused("ce n'est pas un fichier ordinaire")
        xml = file.read(trust.MAX_LIST + 1)
    confirmed = datetime.fromtimestamp(facts.st_mtime, UTC)
    return _Copy(trust.parse_list(xml), xml, min(confirmed, now))  # a date in the future confirms nothing beyond today


def _shrank(fresh: _Copy, last_good: _Copy) -> bool:
    return len(fresh.trust_list.domains) < len(last_good.trust_list.domains) * (1 - SHRINK_GUARD)


def _keep(fresh: _Copy, state: Path, happened: list[str]) -> None:
    _replace(state / LAST_GOOD, fresh.xml, fresh.confirmed_at, happened)


def _replace(path: Path, data: bytes, at: datetime, happened: list[str]) -> None:
    """Replace a file of the state: new file, fsync, rename, fsync of the directory. A failure costs the copy, not the
    list. What root writes belongs to whom the directory belongs: the service must read it.
    """
    temporary: str | None = None
    state = path.parent
    try:
        state.mkdir(mode=0o750, parents=True, exist_ok=True)
        descriptor, temporary = tempfile.mkstemp(prefix=".liste-", dir=state)
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            if os.geteuid() == 0:
                owner = state.stat()
                os.fchown(file.fileno(), owner.st_uid, owner.st_gid)
            os.utime(file.fileno(), (at.timestamp(),) * 2)
            os.fsync(file.fileno())
        Path(temporary).replace(path)
        temporary = None
        _sync_directory(state)
    except OSError as error:
        happened.append(f"copie de secours non écrite dans {state} : {error.strerror or type(error).__name__}")
    finally:
        if temporary is not None:
            with suppress(OSError):
                Path(temporary).unlink()


def _sync_directory(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
