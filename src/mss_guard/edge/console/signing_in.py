"""Signing in and out: with a password here, or through the structure's own provider (oidc.py). A locked name is told to wait, whether
it exists or not.
"""

from __future__ import annotations

import structlog
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from mss_guard.edge.console.desk import Desk, Visit, from_here, local_path, page, read_form, trouble
from mss_guard.edge.console.ports import Person
from mss_guard.edge.console.sessions import same

_log = structlog.get_logger("mss_guard.console")
WRONG = "Nom ou mot de passe inconnu."
WAIT = "Trop d'essais : attendez quinze minutes, ou demandez à l'administrateur de la console."


async def form(request: Request) -> Response:
    """The form, under a session that nobody has signed in to: its token keeps others from signing us in."""
    desk: Desk = request.app.state.desk
    session = desk.sessions.find(request.cookies.get(desk.cookie))
    if session is not None and session.person is not None:
        return RedirectResponse("/", 303)
    name = None
    if session is None:
        name, session = desk.sessions.begin()
    there = local_path(request.query_params.get("suite", "/"))
    answer = page(desk, "sign_in.html", csrf=session.csrf, said="", there=there, name="", oidc=desk.oidc is not None)
    if name is not None:
        set_cookie(desk, answer, name)
    return answer


async def sign_in(request: Request) -> Response:
    desk: Desk = request.app.state.desk
    session = desk.sessions.find(request.cookies.get(desk.cookie))
    given = await read_form(request)
    if (
        session is None
        or given is None
        or not from_here(request, desk)
        or not same(given[0].get("csrf", ""), session.csrf)
    ):
        return trouble(
            desk,
            403,
            "Formulaire refusé",
            "La page est restée ouverte trop longtemps : rechargez la page de connexion.",
        )
    fields, client = given[0], request.client.host if request.client else ""
    name, there = fields.get("nom", "").strip().casefold()[:64], local_path(fields.get("suite", "/"))
    words, status, person = WAIT, 429, None
    if not desk.lockout.locked(name, client):
        person = await run_in_threadpool(desk.accounts.verify, name, fields.get("mot", "")[:1000])
        words, status = WRONG, 401
        if person is None and desk.lockout.miss(name, client):
            _log.warning("console.locked", client=client)
            words, status = WAIT, 429
    if person is None:
        _log.warning("console.sign-in-refused", client=client)
        return page(
            desk,
            "sign_in.html",
            status,
            csrf=session.csrf,
            said=words,
            there=there,
            name=name,
            oidc=desk.oidc is not None,
        )
    desk.lockout.hit(name)
    return enter(request, desk, person, there)


def enter(request: Request, desk: Desk, person: Person, there: str, *, by_oidc: bool = False) -> Response:
    """A session of this person, under a name that nobody knew before."""
    desk.sessions.end(request.cookies.get(desk.cookie))
    name, _ = desk.sessions.begin(person, by_oidc=by_oidc)
    _log.info("console.signed-in", account=person.name, role=str(person.role))
    answer = RedirectResponse(there, 303)
    set_cookie(desk, answer, name)
    return answer


def set_cookie(desk: Desk, answer: Response, name: str) -> None:
    """For this host alone, never for scripts, never with what another site sends; a session cookie, for the table has the times."""
    # Lax, where the provider's answer comes from another site and must find the attempt that it belongs to.
    same_site = "lax" if desk.oidc is not None else "strict"
    answer.set_cookie(desk.cookie, name, path="/", secure=desk.secure, httponly=True, samesite=same_site)  # type: ignore[arg-type]


async def sign_out(visit: Visit) -> Response:
    """This session, or all of this account."""
    if visit.form.get("partout"):
        visit.desk.sessions.end_all(visit.person.name)
    visit.desk.sessions.end(visit.request.cookies.get(visit.desk.cookie))
    answer = RedirectResponse("/connexion", 303)
    answer.delete_cookie(visit.desk.cookie, path="/", secure=visit.desk.secure, httponly=True)
    return answer
