"""`scan`, `explain`, `lookup`: what the guard would make of a file or an address. Same worker, same table as the service; nothing sent, nothing stored."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mss_guard import system_words
from mss_guard.cli import scan_json
from mss_guard.cli.common import NO, OK, TEMPORARY, USAGE, Config, Json, leave, plain, put, refusals, say
from mss_guard.cli.language import t
from mss_guard.core.model import Address, Assessment, Envelope, Fault, Standing, Why

if TYPE_CHECKING:
    from mss_guard.assembly import Loaded
    from mss_guard.edge.inspector.unlooped import Inspect

Files = Annotated[
    list[str], typer.Argument(help=t("Des fichiers, ou - pour l'entrée standard.", "Files, or - for standard input."))
]


def scan(
    files: Files,
    config: Config = None,
    as_json: Json = False,
    explain: Annotated[
        bool, typer.Option("--explain", help=t("Dire chaque partie, chaque indice.", "Tell every part and every clue."))
    ] = False,
    show_text: Annotated[
        bool,
        typer.Option(
            "--show-text", help=t("Avec --explain : montrer le texte trouvé.", "With --explain: show the text found.")
        ),
    ] = False,
    sender: Annotated[
        str | None,
        typer.Option("--from", help=t("L'expéditeur ; '' est l'expéditeur nul.", "The sender; '' is the null sender.")),
    ] = None,
    to: Annotated[
        list[str] | None, typer.Option("--to", help=t("Un destinataire ; répétable.", "A recipient; repeatable."))
    ] = None,
) -> None:
    from mss_guard import errands

    found: set[int] = {OK}
    with refusals():
        loaded = errands.read_for_scan(config)
        with _worker(loaded, config) as inspect:
            desk = Desk(loaded, inspect, sender, tuple(to or ()), explain, explain and show_text)
            for name in files:
                line, status = desk.look(name)
                _tell(line, as_json)
                found.add(status)
    leave(next(status for status in _GRAVEST_FIRST if status in found))


@contextmanager
def _worker(loaded: Loaded, config: Path | None) -> Iterator[Inspect]:
    """One worker. It compiles the rules; only when it refuses them are they compiled here too, to say where they are wrong."""
    from mss_guard import errands
    from mss_guard.edge import inspector

    with ExitStack() as stack:
        try:
            inspect = stack.enter_context(inspector.blocking(loaded.payload))
        except inspector.StartError:
            errands.read_for_scan(config, compiled=True)
            raise
        yield inspect


_GRAVEST_FIRST = (USAGE, TEMPORARY, NO, OK)
_NOBODY = "expediteur@structure.invalid"


class Desk:
    """One call of `scan`: files in, lines and statuses out."""

    def __init__(
        self, loaded: Loaded, inspect: Inspect, sender: str | None, to: tuple[str, ...], explain: bool, show_text: bool
    ) -> None:
        self._loaded, self._inspect = loaded, inspect
        self._explain, self._show_text = explain, show_text
        self._envelope = _envelope(_sender(loaded) if sender is None else sender, to)
        self._to = tuple(f"{a.local_part}@{a.domain}".lower() for a in self._envelope.rcpt_to)

    def look(self, name: str) -> tuple[dict[str, Any], int]:
        raw = _read(name, self._loaded.settings.limits.size)
        if isinstance(raw, str):
            return {"path": name, "error": raw}, USAGE
        found = self._assess(name, raw)
        if isinstance(found, Fault):
            line: dict[str, Any] = {"path": name, "error": f"inspection: {found.value}"}
            status = TEMPORARY
        else:
            line = scan_json.assessed(name, found, explain=self._explain, show_text=self._show_text)
            status = NO if found.health else OK
        if self._to:
            line["decision"], refused = self._decide(found)
            status = NO if refused and status == OK else status
        return line, status

    def _assess(self, name: str, raw: bytes) -> Assessment | Fault:
        """A worker that dies is asked a second time, as a sender's retry would: what kills twice is unreadable."""
        from mss_guard import doors
        from mss_guard.core import wire

        if len(raw) > self._loaded.settings.limits.size:
            return wire.unreadable(Why.TOO_LARGE)
        kind = "message" if looks_like_message(name, raw) else "document"
        request = wire.Request(kind=kind, name=Path(name).name if kind == "document" else "", recipients=self._to,
                               explain=self._explain, show_text=self._show_text)  # fmt: skip
        budget = doors.budget(self._loaded.settings)
        found = self._inspect(request, raw, budget)
        return self._inspect(request, raw, budget) if found is Fault.DIED else found

    def _decide(self, found: Assessment | Fault) -> tuple[dict[str, Any], bool]:
        from mss_guard.core import notice, policy

        state = self._loaded.state
        verdict = policy.decide(self._envelope, found, state.knowledge, datetime.now(UTC), "own")
        reply = notice.reply(verdict, "MSSG-2222-2222", state.enhanced)
        observe = state.knowledge.settings.mode == "observe"
        told = scan_json.decided(verdict, reply, observe)
        if self._explain and isinstance(found, Assessment):
            turned = policy.turns(self._envelope, found, state.knowledge, datetime.now(UTC))
            told["turns"] = [{"what": one.what, "about": list(one.about), "action": one.action} for one in turned]
        return told, scan_json.refused(verdict)


def _sender(loaded: Loaded) -> str:
    """Whoever it is in the structure: without `--from` the message is one of its own."""
    return f"expediteur@{min(loaded.settings.structure.domains)}" if loaded.settings.structure.domains else _NOBODY


def lookup(addresses: Annotated[list[str], typer.Argument()], config: Config = None, as_json: Json = False) -> None:
    from mss_guard import addressbook, errands
    from mss_guard.core import policy
    from mss_guard.core.lookalikes import near

    with refusals():
        loaded = errands.read_for_scan(config)
    book = addressbook.opened(loaded.settings)
    now, knowledge = datetime.now(UTC), loaded.state.knowledge
    good = True
    for text in addresses:
        address = _address(text)
        found = policy.look_up(address, knowledge, now)
        trusted = found.standing in (Standing.TRUSTED, Standing.CITIZEN)
        good = good and trusted
        meant = () if trusted else near(address.domain, knowledge.space.domains)
        confirmed = knowledge.space.confirmed_at
        box, known_by = addressbook.box_kind(book, address)
        told = {
            "address": text, "standing": found.standing, "why": found.why, "domain": address.domain,
            "list_date": knowledge.space.generated_at.isoformat() if knowledge.space.generated_at else None,
            "list_confirmed": confirmed.isoformat() if confirmed else None, "list_valid": knowledge.has_list(now),
            "near": list(meant), "box": box, "box_known_by": known_by or None,
            **({"reason": reason} if (reason := knowledge.partners.reason(address)) else {}),
        }  # fmt: skip
        if as_json:
            put(told)
        else:
            said = told.get("reason")
            print(plain(f"{text} : {found.standing} ({found.why}" + (f" ; {said}" if said else "") + ")"))
            if meant:
                names = ", ".join(f"…@{name}" for name in meant)
                print(t(f"  à vérifier, vouliez-vous dire {names} ?", f"  to be checked, did you mean {names}?"))
    if not as_json:
        say(_list_date(knowledge.space.generated_at, knowledge.has_list(now)))
    leave(OK if good else NO)


def _list_date(generated: datetime | None, valid: bool) -> str:
    if generated is None:
        return t("liste blanche : aucune", "white list: none")
    age = "" if valid else t(", trop ancienne", ", too old")
    return t(f"liste blanche du {generated:%d/%m/%Y}{age}", f"white list of {generated:%Y-%m-%d}{age}")


def looks_like_message(name: str, raw: bytes) -> bool:
    """Whether a file is a message (.eml) rather than a document: its name, or, on standard input, its first line."""
    if name.lower().endswith(".eml"):
        return True
    if name != "-":
        return False
    first = raw[:2000].split(b"\n", 1)[0]
    return b":" in first and b" " not in first.split(b":", 1)[0] and first[:1].isalpha()


def _read(name: str, limit: int) -> bytes | str:
    """The bytes, one more than `limit` at most, or why not."""
    try:
        if name == "-":
            return sys.stdin.buffer.read(limit + 1)
        with Path(name).open("rb") as file:
            return file.read(limit + 1)
    except OSError as problem:
        return system_words.words(problem)
    except ValueError:  # a NUL in the name
        return "nom impossible"


def _address(text: str) -> Address:
    from mss_guard.core import addresses

    return addresses.parse(text.encode("utf-8", "surrogateescape"), smtputf8=True)


def _envelope(sender: str, to: tuple[str, ...]) -> Envelope:
    return Envelope(_address(sender) if sender else None, tuple(_address(text) for text in to))


def _tell(line: dict[str, Any], as_json: bool) -> None:
    if as_json:
        put(line)
        return
    if "error" in line:
        say(f"{line['path']} : {line['error']}")
    else:
        _tell_assessment(line)
    if "decision" in line:
        _tell_decision(line["decision"])


def _tell_assessment(line: dict[str, Any]) -> None:
    _line(f"{line['path']} : {line['level']} ({line['score']})")
    for found in line["findings"]:
        shown = f" « {found['shown']} »" if found.get("shown") else ""
        _line(
            f"  {found['rule']} — {found['title']} · {t('partie', 'part')} {found['part']} · {found['place']} · {found['level']}{shown}"
        )
    for label, said in (
        (t("de qui", "of whom"), line.get("reasons", {}).get("whom")),
        (t("quoi", "what"), line.get("reasons", {}).get("what")),
    ):
        if said:
            _line(f"  {label} : " + ", ".join(said))
    for place in line["unreadable"]:
        _line(f"  {t('illisible', 'unreadable')} : {place['part']} {place['type']} ({place['why']})")
    for window in line.get("evidence", ()):
        _line(f"  {t('fenêtre', 'window')} {window['part']} {window['window']} score {window['score']}")
        for ledger in ("what", "who", "impersonal"):
            _line(f"    {ledger}: " + ", ".join(f"{rule} {weight}" for rule, weight in window[ledger]))
    if line.get("nearly"):
        _line(f"  {t('presque', 'nearly')} : " + ", ".join(line["nearly"]))


def _tell_decision(decision: dict[str, Any]) -> None:
    said = f" {decision['code']} {decision['enhanced']} {decision['text']}" if "code" in decision else ""
    would = f" ({t('en mode enforce', 'when enforcing')} : {decision['would']})" if decision.get("would") else ""
    _line(f"  → {decision['action']}{said}{would}")
    for recipient in decision["recipients"]:
        _line(
            f"    {recipient['address']} : {recipient['standing']}, {recipient['action']} ({recipient['reason'] or '-'})"
        )

    for turn in decision.get("turns", ()):
        _line(f"    {_turned(turn)} : {turn['action']}")


def _turned(turn: dict[str, Any]) -> str:
    """One change that would turn the verdict, in words."""
    about = ", ".join(turn["about"])
    match turn["what"]:
        case "rules":
            return t(f"sans {about}", f"without {about}")
        case "place":
            return t(f"si la partie {about} se lisait, sans rien dire", f"were part {about} readable, and silent")
        case "recipient":
            return t(f"sans le destinataire n° {int(about) + 1}", f"without recipient no. {int(about) + 1}")
        case _:
            return t(f"si policy.levels.{about} valait note", f"were policy.levels.{about} note")


def _line(text: str) -> None:
    print(plain(text))
