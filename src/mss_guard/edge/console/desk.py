"""What every page has at hand, and the one way to a page: signed in, allowed, token checked, never kept by a browser."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import structlog
from starlette.datastructures import FormData, UploadFile
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from mss_guard.core.rights import Right
from mss_guard.edge.console.accounts import Accounts
from mss_guard.edge.console.lockout import Lockout
from mss_guard.edge.console.ports import Office, Person, Unavailable, Unwritten
from mss_guard.edge.console.render import Renderer
from mss_guard.edge.console.sessions import Session, Sessions, same

LARGEST = 100_000
"""Octets of a form, the DPO's key file included."""
_log = structlog.get_logger("mss_guard.console")


@dataclass(frozen=True, slots=True)
class Desk:
    """`secure`: browsers come by https, so that cookies can be bound to it. `four_eyes`: acts that take two officers."""

    office: Office
    accounts: Accounts
    sessions: Sessions
    lockout: Lockout
    renderer: Renderer
    structure: str
    secure: bool = False
    four_eyes: frozenset[str] = frozenset()
    origin: str | None = None
    oidc: Any = None

    @property
    def cookie(self) -> str:
        return "__Host-mss-guard" if self.secure else "mss-guard"


@dataclass(frozen=True, slots=True)
class Visit:
    """One request of somebody who is signed in. `form`: of a POST, its token checked."""

    request: Request
    desk: Desk
    session: Session
    person: Person
    form: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, bytes] = field(default_factory=dict)

    @property
    def office(self) -> Office:
        return self.desk.office

    def page(self, template: str, status: int = 200, **values: Any) -> Response:
        return page(
            self.desk,
            template,
            status,
            person=self.person,
            csrf=self.session.csrf,
            here=self.request.url.path,
            **values,
        )


def page(desk: Desk, template: str, status: int = 200, **values: Any) -> Response:
    given = {"person": None, "csrf": "", "here": "", "structure": desk.structure, **values}
    return Response(desk.renderer.render(template, **given), status, media_type="text/html; charset=utf-8")


def trouble(desk: Desk, status: int, title: str, words: str, person: Person | None = None, csrf: str = "") -> Response:
    """A page that says what is wrong and what to do, and nothing else."""
    return page(desk, "trouble.html", status, heading=title, words=words, person=person, csrf=csrf)


Handler = Callable[[Visit], Awaitable[Response]]


def guarded(right: Right | None, handler: Handler) -> Callable[[Request], Awaitable[Response]]:
    """The handler for whoever is signed in and has the right (None: everybody signed in)."""

    async def endpoint(request: Request) -> Response:
        desk: Desk = request.app.state.desk
        session = desk.sessions.find(request.cookies.get(desk.cookie))
        person = _person(desk, session)
        if session is None or person is None:
            return _to_sign_in(request)
        if right is not None and not person.may(right):
            _log.warning("console.forbidden", account=person.name, right=right.name)
            words = f"Votre rôle ({person.role}) ne permet pas : {right.value}."
            return trouble(desk, 403, "Accès refusé", words, person, session.csrf)
        visit = Visit(request, desk, session, person)
        if request.method == "POST":
            form = await read_form(request)
            if form is None or not from_here(request, desk) or not same(form[0].get("csrf", ""), session.csrf):
                words = "Ce formulaire est périmé ou vient d'ailleurs : rien n'a été fait. Revenez à la page et recommencez."
                return trouble(desk, 403, "Formulaire refusé", words, person, session.csrf)
            visit = Visit(request, desk, session, person, *form)
        return await _answered(visit, handler)

    return endpoint


async def _answered(visit: Visit, handler: Handler) -> Response:
    desk, person, csrf = visit.desk, visit.person, visit.session.csrf
    try:
        return await handler(visit)
    except Unwritten:
        words = "Le journal ne peut pas être écrit : ce qui ne s'inscrit pas ne se montre pas. Prévenez l'exploitant (« mss-guard doctor »)."
        return trouble(desk, 503, "Journal indisponible", words, person, csrf)
    except Unavailable as problem:
        return trouble(
            desk, 503, "Index indisponible", f"{problem} Prévenez l'exploitant (« mss-guard doctor »).", person, csrf
        )


def _person(desk: Desk, session: Session | None) -> Person | None:
    """Who it is now: an account that was disabled, or another role, holds at once."""
    if session is None or session.person is None:
        return None
    return session.person if session.by_oidc else desk.accounts.current(session.person)


def _to_sign_in(request: Request) -> Response:
    if request.method != "GET":
        return RedirectResponse("/connexion", 303)
    there = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    return RedirectResponse(f"/connexion?suite={quote(there, safe='')}" if there != "/" else "/connexion", 303)


async def read_form(request: Request) -> tuple[dict[str, str], dict[str, bytes]] | None:
    """Fields and files of a form; None when it is too large, or none. Of a field given twice the last counts."""
    declared = request.headers.get("content-length", "")
    if not (declared.isascii() and declared.isdigit()) or int(declared) > LARGEST:
        return None
    given: FormData = await request.form(max_files=1, max_fields=40, max_part_size=LARGEST)
    fields = {name: value for name, value in given.multi_items() if isinstance(value, str)}
    files = {name: await value.read() for name, value in given.multi_items() if isinstance(value, UploadFile)}
    await given.close()
    return fields, files


def from_here(request: Request, desk: Desk) -> bool:
    """What a browser says of where a form came from, where it says it (Fetch Metadata, Origin)."""
    if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        return False
    origin = request.headers.get("origin")
    if origin is None:
        return True
    return origin == (desk.origin or f"{request.url.scheme}://{request.headers.get('host', '')}")


def local_path(text: str) -> str:
    """Where to go after the sign-in: a path of ours, else the beginning (no open redirect)."""
    fine = text.startswith("/") and not text.startswith(("//", "/\\")) and text.isprintable() and "\\" not in text
    return text if fine and not text.startswith(("/connexion", "/sortie")) else "/"
