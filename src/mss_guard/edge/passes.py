"""One-shot passes: signed files in the state directory, each of which lets one message through, once.

`state/passes/REF.json` waits; it is claimed by an atomic rename into `claimed/`, of which only one process can be the
winner, and goes to `used/` once the next hop said 2xx, or back where it was. What is forged, altered, expired or comes a
second time goes to `refused/`, and whoever looks hears why. The files hold pseudonyms, domains and digests.
"""

from __future__ import annotations

import hmac
import json
import secrets
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from mss_guard import durable

LONGEST = timedelta(hours=72)
_MOST_BYTES = 1024 * 1024
_MOST = 1000  # passes looked at for one message
_KEPT = timedelta(days=7)  # a used pass is remembered longer than any can last
_KEY_LENGTH = 32
KEY = "passes.key"


@dataclass(frozen=True, slots=True)
class Pass:
    """`ref`: of the refused message. `sender`, `recipients`, `content`: pseudonyms as `key:id`. `until`: aware."""

    ref: str
    sender: str
    recipients: tuple[str, ...]
    domains: tuple[str, ...]
    content: str
    until: datetime
    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class Spoilt:
    """A file that is no pass: forged | expired | replayed."""

    ref: str
    why: str


class Passes:
    """The passes of one state directory."""

    def __init__(self, state: Path) -> None:
        self._state, self._place = state, state / "passes"
        self._claimed, self._used, self._refused = (self._place / name for name in ("claimed", "used", "refused"))

    # --- the administrator's side -------------------------------------------------------------------------------------

    def give(self, one: Pass) -> None:
        """Sign and publish it; the key is made when there is none. Raises OSError."""
        key = self._key() or self._make_key()
        body = {**asdict(one), "until": one.until.astimezone(UTC).isoformat()}
        body["mac"] = _mac(key, body)
        durable.publish(self._file(one.ref), json.dumps(body, ensure_ascii=False).encode(), self._state)

    def revoke(self, ref: str) -> bool:
        """Whether there was one that waited."""
        try:
            self._file(ref).unlink()
        except FileNotFoundError:
            return False
        durable.sync(self._place)
        return True

    def is_used(self, ref: str) -> bool:
        return (self._used / f"{ref}.json").exists()

    def waiting(self) -> tuple[Pass, ...]:
        """Those that a message could claim, or would be told are spoilt when one comes."""
        return tuple(found for path in self._files() if isinstance(found := self._read(path), Pass))

    # --- the service's side -------------------------------------------------------------------------------------------

    def look(self, now: datetime) -> tuple[tuple[Pass, ...], tuple[Spoilt, ...]]:
        """The sound passes, and the files that are none: these are put aside, and told once."""
        sound: list[Pass] = []
        spoilt: list[Spoilt] = []
        for path in self._files():
            found = self._read(path)
            if isinstance(found, Pass) and found.ref == path.stem:
                why = "replayed" if (self._used / path.name).exists() else "expired" if found.until <= now else ""
                why = why or ("too-long" if found.until - now > LONGEST else "")
            else:
                why = "forged"
            if not why and isinstance(found, Pass):
                sound.append(found)
            elif self._move(path, self._refused):
                spoilt.append(Spoilt(path.stem, why))
        return tuple(sound), tuple(spoilt)

    def claim(self, one: Pass) -> bool:
        """Whether this process has it now; nobody else can then."""
        return self._move(self._file(one.ref), self._claimed)

    def give_back(self, one: Pass) -> None:
        self._move(self._claimed / f"{one.ref}.json", self._place)

    def spend(self, one: Pass) -> None:
        """It has let its message through."""
        self._move(self._claimed / f"{one.ref}.json", self._used)

    def recover(self, now: datetime) -> int:
        """At a start, with no other process at work: what a crash left claimed is given back; old leavings go. How many came back."""
        back = [path for path in self._claimed.glob("*.json") if self._move(path, self._place)]
        for folder in (self._used, self._refused):
            for path in folder.glob("*.json"):
                with suppress(OSError):
                    if now.timestamp() - path.stat().st_mtime > _KEPT.total_seconds():
                        path.unlink()
        return len(back)

    # --- files --------------------------------------------------------------------------------------------------------

    def _file(self, ref: str) -> Path:
        return self._place / f"{ref}.json"

    def _files(self) -> Iterator[Path]:
        with suppress(OSError):
            found = sorted(self._place.glob("MSSG-*.json"))
            yield from found[:_MOST]

    def _move(self, path: Path, folder: Path) -> bool:
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            path.rename(folder / path.name)
        except OSError:
            return False
        with suppress(OSError):
            durable.sync(folder)
        return True

    def _read(self, path: Path) -> Pass | None:
        """None for what is not signed by our key, whole, and of the right shape."""
        key = self._key()
        try:
            with path.open("rb") as file:
                body = json.loads(file.read(_MOST_BYTES))
            mac = body.pop("mac")
            if key is None or not hmac.compare_digest(str(mac), _mac(key, body)):
                return None
            until = datetime.fromisoformat(body.pop("until")).astimezone(UTC)
            recipients, domains = (tuple(map(str, body.pop(name))) for name in ("recipients", "domains"))
            words = (str(body[name]) for name in ("ref", "sender", "content", "by", "reason"))
            ref, sender, content, by, reason = words
            return Pass(ref, sender, recipients, domains, content, until, by, reason)
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return None

    def _key(self) -> bytes | None:
        try:
            secret = (self._state / "keys" / KEY).read_bytes()
        except OSError:
            return None
        return secret if len(secret) >= _KEY_LENGTH else None

    def _make_key(self) -> bytes:
        made = secrets.token_bytes(_KEY_LENGTH)
        durable.publish(self._state / "keys" / KEY, made, self._state)
        return made


def _mac(key: bytes, body: dict[str, object]) -> str:
    plain = json.dumps(body, ensure_ascii=True, sort_keys=True, separators=(",", ":")).encode()
    return hmac.digest(key, b"mss-guard pass\0" + plain, "sha256").hex()
