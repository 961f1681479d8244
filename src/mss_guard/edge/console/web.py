"""The application: which address leads to which page under which right, and the headers on everything that goes out."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from starlette.applications import Starlette
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mss_guard.core.rights import Right
from mss_guard.edge.console import acts, oidc, pages, signing_in
from mss_guard.edge.console.desk import Desk, Handler, guarded, trouble

_STYLE = (Path(__file__).parent / "console.css").read_bytes()

PAGES: tuple[tuple[str, str, Right | None, Handler], ...] = (
    ("GET", "/", Right.DASHBOARD, pages.dashboard),
    ("GET", "/decisions", Right.SEARCH, pages.search),
    ("GET", "/decisions/{ref}", Right.SEARCH, pages.decision),
    ("GET", "/exporter/{form}", Right.EXPORT, pages.export),
    ("GET", "/etat", Right.STATE, pages.state),
    ("GET", "/exceptions", Right.EXCEPTIONS, pages.exceptions),
    ("GET", "/a-tort", Right.EXCEPTIONS, pages.signalled),
    ("GET", "/rapports", Right.REPORT, pages.reports),
    ("GET", "/rapports/{which}", Right.REPORT, pages.report),
    ("GET", "/comptes", Right.ACCOUNTS, pages.accounts),
    ("GET", "/moi", None, pages.own),
    ("POST", "/identite", Right.IDENTITY, acts.identity),
    ("POST", "/exceptions/approuver", Right.DECIDE, acts.approve),
    ("POST", "/exceptions/retirer", Right.DECIDE, acts.revoke),
    ("POST", "/exceptions/confirmer", Right.DECIDE, acts.confirm),
    ("POST", "/a-tort", Right.DECIDE, acts.classify),
    ("POST", "/sortie", None, signing_in.sign_out),
)
"""Method, address, right (None: everybody signed in), handler. Nothing else needs a session; nothing here does without one."""

POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",  # no-referrer makes browsers send "Origin: null" with our own forms
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
    "X-Robots-Tag": "noindex, nofollow",
}


class Headers:
    """Every answer carries HEADERS; over https also HSTS. An answer's own Cache-Control stays."""

    def __init__(self, app: ASGIApp, secure: bool) -> None:
        self._app = app
        self._given = {**HEADERS, **({"Strict-Transport-Security": "max-age=31536000"} if secure else {})}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def marked(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self._given.items():
                    headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, marked)


async def style(_: Request) -> Response:
    return Response(_STYLE, media_type="text/css", headers={"Cache-Control": "max-age=3600"})


async def _missing(request: Request, problem: Exception) -> Response:
    status = problem.status_code if isinstance(problem, HTTPException) else 404
    words = {404: "Cette page n'existe pas.", 405: "Cette page ne se demande pas ainsi."}.get(
        status, "Demande refusée."
    )
    return trouble(request.app.state.desk, status, "Page introuvable" if status == 404 else "Demande refusée", words)


async def _fault(request: Request, _: Exception) -> Response:
    """Nothing of the cause on the page: it is in the log."""
    words = "La console a rencontré une panne ; rien n'a été fait de plus. Prévenez l'exploitant."
    return trouble(request.app.state.desk, 500, "Panne", words)


def build(desk: Desk, hosts: tuple[str, ...] = ("*",)) -> Starlette:
    """The application. `hosts`: names it answers to."""
    routes = [Route(path, guarded(right, handler), methods=[method]) for method, path, right, handler in PAGES]
    routes += [
        Route("/connexion", signing_in.form, methods=["GET"]),
        Route("/connexion", signing_in.sign_in, methods=["POST"]),
        Route("/console.css", style, methods=["GET"]),
    ]
    if desk.oidc is not None:
        routes += [Route("/oidc/aller", oidc.leave), Route("/oidc/retour", oidc.come_back)]
    app = Starlette(
        routes=routes,
        middleware=[
            Middleware(Headers, secure=desk.secure),
            Middleware(TrustedHostMiddleware, allowed_hosts=list(hosts)),
        ],
        exception_handlers={HTTPException: _missing, 404: _missing, 405: _missing, 500: _fault},
    )
    app.state.desk = desk
    return app
