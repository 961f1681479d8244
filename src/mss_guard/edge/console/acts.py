"""The three acts that write: an identity opened, an exception decided, a refusal that was called wrong classed. Each is a record first.

Where the configuration asks for four eyes, the first officer's word only waits; the second, who is somebody else, makes it an act.
"""

from __future__ import annotations

from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse, Response

from mss_guard.edge.console.desk import Visit, trouble
from mss_guard.edge.console.pages import REF, unknown
from mss_guard.edge.console.ports import Identity, Pending

_VERDICTS = ("confirmed", "justified")
_REASON = "Le motif : une ligne de 3 à 200 caractères, sans adresse et sans numéro ; il reste au journal."


def _said(visit: Visit, status: int, words: str) -> Response:
    return trouble(visit.desk, status, "Rien n'a été fait", words, visit.person, visit.session.csrf)


async def identity(visit: Visit) -> Response:
    """Open who wrote to whom, with the DPO's key file and passphrase, which are used once and kept nowhere."""
    ref, reason = _ref(visit), visit.form.get("motif", "").strip()
    found = await run_in_threadpool(visit.office.decision, visit.person.view, ref) if REF.fullmatch(ref) else None
    if found is None:
        return unknown(visit)
    if not _fit(reason):
        return _said(visit, 400, _REASON)
    names = visit.person.name
    if "identity" in visit.desk.four_eyes:
        if not visit.form.get("demande"):
            return _waiting(visit, "identity", ref, reason)
        asked = await _asked(visit)
        if asked is None or asked.what != "identity" or asked.ref != ref:
            return _said(
                visit, 409, "Cette demande n'existe plus, ou elle est de vous : une autre personne doit la confirmer."
            )
        names, reason = f"{asked.by}:{names}", asked.reason
    opened = await visit.office.open_identity(
        names, ref, reason, visit.files.get("cle", b""), visit.form.get("phrase", "")
    )
    if not isinstance(opened, Identity):
        return _said(visit, 400, opened)
    visit.office.settle(visit.form.get("demande", ""))
    return visit.page("identity.html", ref=ref, opened=opened, reason=reason)


async def approve(visit: Visit) -> Response:
    """Let a refused message through, once."""
    ref, reason = _ref(visit), visit.form.get("motif", "").strip()
    found = await run_in_threadpool(visit.office.decision, visit.person.view, ref) if REF.fullmatch(ref) else None
    if found is None:
        return unknown(visit)
    if found.liftable:
        return _said(visit, 409, f"{ref} : {found.liftable}.")
    return await _decided(visit, "approve", ref, reason)


async def revoke(visit: Visit) -> Response:
    """Take an exception back: a pass that was not used, or a dated row."""
    name, reason = visit.form.get("quoi", ""), visit.form.get("motif", "").strip()
    held = await run_in_threadpool(visit.office.exceptions, visit.person.view)
    if name not in {one.ref for one in (*held.passes, *held.rows)}:
        return _said(visit, 404, "Cette exception n'existe pas ou plus.")
    return await _decided(visit, "revoke", name, reason)


async def _decided(visit: Visit, what: str, ref: str, reason: str) -> Response:
    if not _fit(reason):
        return _said(visit, 400, _REASON)
    if "exceptions" in visit.desk.four_eyes:
        return _waiting(visit, what, ref, reason)
    return await _done(visit, what, ref, reason, visit.person.name)


def _waiting(visit: Visit, what: str, ref: str, reason: str) -> Response:
    why = visit.office.ask(visit.person, what, ref, reason)
    return _said(visit, 409, f"{ref} : {why}.") if why else RedirectResponse("/exceptions", 303)


async def _done(visit: Visit, what: str, ref: str, reason: str, names: str) -> Response:
    act = visit.office.approve if what == "approve" else visit.office.revoke
    why = await act(names, ref, reason)
    return _said(visit, 409, why) if why else RedirectResponse("/exceptions", 303)


async def confirm(visit: Visit) -> Response:
    """The second officer's word on an exception that waits; a request of any kind may be put aside, by who made it too."""
    if visit.form.get("non"):
        return await _put_aside(visit)
    asked = await _asked(visit)
    if asked is None or asked.what == "identity":
        return _said(
            visit, 409, "Cette demande n'existe plus, ou elle est de vous : une autre personne doit la confirmer."
        )
    visit.office.settle(asked.id)
    return await _done(visit, asked.what, asked.ref, asked.reason, f"{asked.by}, {visit.person.name}")


async def _put_aside(visit: Visit) -> Response:
    seen = await run_in_threadpool(visit.office.exceptions, visit.person.view)
    named = visit.form.get("demande", "")
    if not any(one.id == named for one in seen.pending):
        return _said(visit, 409, "Cette demande n'existe plus.")
    visit.office.settle(named)
    return RedirectResponse("/exceptions", 303)


async def _asked(visit: Visit) -> Pending | None:
    """The request that a form names: of somebody else, about a structure that this person sees."""
    named = visit.form.get("demande", "")
    seen = await run_in_threadpool(visit.office.exceptions, visit.person.view)
    return visit.office.confirmable(visit.person, named) if any(one.id == named for one in seen.pending) else None


async def classify(visit: Visit) -> Response:
    """A refusal was wrong, or it was not."""
    ref, verdict, reason = _ref(visit), visit.form.get("verdict", ""), visit.form.get("motif", "").strip()
    found = await run_in_threadpool(visit.office.decision, visit.person.view, ref) if REF.fullmatch(ref) else None
    if found is None:
        return unknown(visit)
    if verdict not in _VERDICTS or not _fit(reason):
        return _said(visit, 400, _REASON)
    why = await visit.office.classify(visit.person, ref, verdict, reason)
    return _said(visit, 409, why) if why else RedirectResponse("/a-tort", 303)


def _ref(visit: Visit) -> str:
    return visit.form.get("ref", "").strip().upper()


def _fit(reason: str) -> bool:
    """As the journal takes a reason (edge/journal/shapes): one line, no address, no long number."""
    return (
        3 <= len(reason) <= 200 and reason.isprintable() and "@" not in reason and sum(c.isdigit() for c in reason) <= 8
    )
