"""The pages that only show. Each is a question to the office; a decision is shown after its consultation has been written down."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date

from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse, Response

from mss_guard.core import questions
from mss_guard.core.report import Day, Figures
from mss_guard.core.rights import Right
from mss_guard.edge.console.desk import Visit, trouble
from mss_guard.edge.console.ports import Listing
from mss_guard.edge.console.render import record

PAGE = 50
SPANS = (1, 7, 30, 365)
FILTERS = ("ref", "adresse", "domaine", "regle", "statut", "action", "aurait", "motif", "structure", "depuis", "jusqu")
REF = questions.REFERENCE
_MONTH = re.compile(r"20\d\d-(0[1-9]|1[0-2])")
_LONGEST = 200  # characters of a filter


async def dashboard(visit: Visit) -> Response:
    """Today, 7, 30 or 365 days."""
    asked = visit.request.query_params.get("jours", "7")
    days = _number(asked) if _number(asked) in SPANS else 7
    found = await run_in_threadpool(visit.office.figures, visit.person.view, days)
    exceptions = await run_in_threadpool(visit.office.exceptions, visit.person.view)
    waiting = [one for one in await run_in_threadpool(visit.office.signalled, visit.person.view) if not one.classed]
    labels, columns = _columns(found)
    return visit.page(
        "dashboard.html", found=found, days=days, spans=SPANS, labels=labels, columns=columns, pending=exceptions.pending, waiting=waiting
    )  # fmt: skip


def _columns(found: Figures) -> tuple[list[str], list[Day]]:
    """Bars by day, or by month for a year."""
    if len(found.days) <= 31:
        return [f"{one.day.day}/{one.day.month}" for one in found.days], list(found.days)
    months: dict[date, list[Day]] = {}
    for one in found.days:
        months.setdefault(one.day.replace(day=1), []).append(one)
    summed = [
        Day(
            m,
            sum(d.relayed for d in ds),
            sum(d.refused for d in ds),
            sum(d.deferred for d in ds),
            sum(d.spared for d in ds),
        )
        for m, ds in months.items()
    ]
    return [f"{one.day.month}/{one.day.year}" for one in summed], summed


def asked_of(parameters: Mapping[str, str]) -> dict[str, str]:
    """The filters of a query string: known ones, one line, bounded."""
    return {
        name: text for name in FILTERS if (text := " ".join(parameters.get(name, "").split())[:_LONGEST]) and text.isprintable()
    }  # fmt: skip


async def search(visit: Visit) -> Response:
    """Every filter stands in the address. A whole reference leads to its decision; an address typed by the officer is written down."""
    asked = asked_of(visit.request.query_params)
    ref = asked.get("ref", "").upper()
    if REF.fullmatch(ref) and set(asked) == {"ref"}:
        return RedirectResponse(f"/decisions/{ref}", 303)
    number = _number(visit.request.query_params.get("page", "1"))
    at = number if 0 < number <= 1000 else 1
    if wrong := faults(asked):
        return visit.page(
            "search.html", 400, asked=asked, found=Listing((), more=False), at=1, unknown=False, wrong=wrong
        )
    unknown = bool(asked.get("adresse")) and not await run_in_threadpool(visit.office.searchable, asked["adresse"])
    found = await run_in_threadpool(visit.office.find, visit.person.view, asked, (at - 1) * PAGE, PAGE)
    if asked.get("adresse"):
        await visit.office.searched(visit.person, asked["adresse"], len(found.lines))
    return visit.page("search.html", asked=asked, found=found, at=at, unknown=unknown, wrong={})


def _number(text: str) -> int:
    """A small number as it is written, else 0: "²" is a digit, and no number."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 6 else 0


_CHECKED = {"ref": "ref", "adresse": "address", "domaine": "domain", "regle": "rule", "statut": "standing", "action": "action",
            "aurait": "would", "motif": "reason", "depuis": "since", "jusqu": "until"}  # fmt: skip


def faults(asked: Mapping[str, str]) -> dict[str, str]:
    """What is wrong with each filter that cannot be meant, by its name in the address."""
    found = questions.faults({theirs: asked.get(ours) for ours, theirs in _CHECKED.items()})
    return {ours: found[theirs] for ours, theirs in _CHECKED.items() if theirs in found}


async def decision(visit: Visit) -> Response:
    """One decision, whole, after `consult` is on disk; a reference of another structure is as unknown as one that never was."""
    ref = str(visit.request.path_params["ref"]).upper()
    found = await run_in_threadpool(visit.office.decision, visit.person.view, ref) if REF.fullmatch(ref) else None
    if found is None:
        return unknown(visit)
    await visit.office.consulted(visit.person, "decision", ref)
    return visit.page(
        "decision.html",
        found=found,
        r=record(found.record),
        after=record(found.after),
        ref=ref,
        four_eyes=visit.desk.four_eyes,
    )


def unknown(visit: Visit) -> Response:
    words = "Aucune décision sous cette référence, ou elle est d'une structure que vous ne voyez pas."
    return trouble(visit.desk, 404, "Référence inconnue", words, visit.person, visit.session.csrf)


async def state(visit: Visit) -> Response:
    return visit.page("state.html", state=await run_in_threadpool(visit.office.state, visit.person.view))


async def exceptions(visit: Visit) -> Response:
    named = visit.person.may(Right.DECIDE)
    found = await run_in_threadpool(lambda: visit.office.exceptions(visit.person.view, named=named))
    return visit.page("exceptions.html", found=found, four_eyes=visit.desk.four_eyes, said="")


async def signalled(visit: Visit) -> Response:
    found = await run_in_threadpool(visit.office.signalled, visit.person.view)
    return visit.page("signalled.html", found=found)


async def reports(visit: Visit) -> Response:
    return visit.page("reports.html", said="")


async def report(visit: Visit) -> Response:
    """A month's report as a file, or its register entry."""
    month, which = visit.request.query_params.get("mois", ""), visit.request.path_params["which"]
    make = {"rapport": visit.office.report, "registre": visit.office.register}.get(which)
    if make is None or not _MONTH.fullmatch(month):
        return visit.page("reports.html", 400, said="Un mois s'écrit 2026-10.")
    text = await run_in_threadpool(make, visit.person.view, month)
    if text is None:
        return visit.page("reports.html", said=f"Rien à inscrire au registre pour {month}.")
    await visit.office.consulted(visit.person, "report")
    kind = ("html", "text/html") if which == "rapport" else ("md", "text/markdown")
    return download(f"{which}-{month}.{kind[0]}", f"{kind[1]}; charset=utf-8", text.encode())


async def export(visit: Visit) -> Response:
    """The decisions of a search, as a spreadsheet or as JSON lines."""
    form = visit.request.path_params["form"]
    asked = asked_of(visit.request.query_params)
    if form not in ("csv", "json") or faults(asked):
        words = " ; ".join(faults(asked).values()) or "Les décisions s'emportent en CSV ou en JSON."
        return trouble(
            visit.desk,
            404 if form not in ("csv", "json") else 400,
            "Export impossible",
            words,
            visit.person,
            visit.session.csrf,
        )
    await visit.office.consulted(visit.person, "export")
    octets = await run_in_threadpool(visit.office.export, visit.person.view, asked, form)
    return download(f"decisions.{form}", "text/csv; charset=utf-8" if form == "csv" else "application/x-ndjson", octets)


def download(name: str, kind: str, octets: bytes) -> Response:
    """A file to be kept, never shown as a page of ours."""
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(octets, media_type=kind, headers=headers)


async def accounts(visit: Visit) -> Response:
    held = await run_in_threadpool(visit.desk.accounts.all)
    return visit.page("accounts.html", accounts=sorted(held.values(), key=lambda a: a.name))


async def own(visit: Visit) -> Response:
    """Who I am here, and what I may do."""
    return visit.page("own.html", by_oidc=visit.session.by_oidc)
