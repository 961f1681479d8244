"""Signing in through the structure's own provider: OpenID Connect, authorisation code with PKCE (OpenID Connect Core 1.0 §3.1, RFC 7636).

The provider says who somebody is and which groups they are in; which role a group has is the configuration's word. No group of the
table: no entry. The ID token's signature, issuer, audience, nonce and times are checked by joserfc.
"""

from __future__ import annotations

import base64
import hashlib
import http.client
import json
import re
import secrets
import ssl
import time
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import structlog
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from mss_guard.core.rights import Role
from mss_guard.edge.console.desk import Desk, local_path, trouble
from mss_guard.edge.console.ports import ALL, Person
from mss_guard.edge.console.signing_in import enter

STEP = 10.0  # seconds for each answer of the provider
LARGEST = 1_000_000  # octets of one
LEEWAY = 60  # seconds between two clocks
_ALGORITHMS = ["RS256", "PS256", "ES256", "EdDSA"]
_log = structlog.get_logger("mss_guard.console")


class Refused(Exception):  # noqa: N818
    """The provider, or what it says, is not accepted. English, for the log."""


@dataclass(frozen=True, slots=True)
class Provider:
    """`roles`: a word of `claim` → a role; `structures`: whom everybody who comes so may see. `ca`: who may vouch for it; None: the system's."""

    issuer: str
    client_id: str
    secret: Path
    back: str
    claim: str
    roles: Mapping[str, Role]
    structures: tuple[str, ...] = (ALL,)
    ca: Path | None = None
    found: dict[str, Any] = field(default_factory=dict)

    def metadata(self) -> dict[str, Any]:
        """As discovery says (OpenID Connect Discovery 1.0 §4), once. Raises Refused."""
        if not self.found:
            told = self._fetch(f"{self.issuer.rstrip('/')}/.well-known/openid-configuration")
            if told.get("issuer") != self.issuer:
                raise Refused("the issuer names itself otherwise")
            self.found.update(told)
        return self.found

    def way(self, state: str, nonce: str, verifier: str) -> str:
        """Where the browser goes. Raises Refused."""
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
        asked = {
            "response_type": "code", "client_id": self.client_id, "redirect_uri": self.back, "scope": "openid profile", "state": state,
            "nonce": nonce, "code_challenge": challenge, "code_challenge_method": "S256",
        }  # fmt: skip
        return f"{self.metadata()['authorization_endpoint']}?{urlencode(asked)}"

    def claims(self, code: str, nonce: str, verifier: str) -> Mapping[str, Any]:
        """The ID token's claims for a code, all checked. Raises Refused."""
        secret = self.secret.read_text(encoding="utf-8").strip()
        asked = {"grant_type": "authorization_code", "code": code, "redirect_uri": self.back, "code_verifier": verifier}
        basic = base64.b64encode(f"{self.client_id}:{secret}".encode()).decode()
        answer = self._fetch(
            str(self.metadata()["token_endpoint"]), urlencode(asked), {"Authorization": f"Basic {basic}"}
        )
        keys = KeySet.import_key_set(self._fetch(str(self.metadata()["jwks_uri"])))  # type: ignore[arg-type]
        try:
            token = jwt.decode(str(answer.get("id_token", "")), keys, algorithms=_ALGORITHMS)
            jwt.JWTClaimsRegistry(
                now=int(time.time()), leeway=LEEWAY, iss={"essential": True, "value": self.issuer}, aud={"essential": True, "value": self.client_id},
                exp={"essential": True}, iat={"essential": True}, sub={"essential": True}, nonce={"essential": True, "value": nonce},
            ).validate(token.claims)  # fmt: skip
        except (JoseError, ValueError) as problem:
            raise Refused(f"token: {type(problem).__name__}") from None
        return token.claims

    def person(self, claims: Mapping[str, Any]) -> Person:
        """Whom these claims make. Raises Refused for somebody without a role here, or with two."""
        said = claims.get(self.claim)
        words = said if isinstance(said, list) else [said]
        roles = {self.roles[word] for word in words if isinstance(word, str) and word in self.roles}
        if len(roles) != 1:
            raise Refused("no role" if not roles else "more than one role")
        name = str(claims.get("preferred_username") or claims["sub"]).casefold().partition("@")[0]
        return Person(f"oidc.{re.sub(r'[^a-z0-9._-]', '_', name)[:24]}", roles.pop(), self.structures)

    def _fetch(self, url: str, body: str | None = None, headers: Mapping[str, str] | None = None) -> dict[str, Any]:
        """A JSON object by https, bounded. Raises Refused."""
        where = urlsplit(url)
        if where.scheme != "https" or not where.hostname:
            raise Refused("an endpoint without https")
        given = {"Accept": "application/json", "Connection": "close", **(headers or {})}
        if body is not None:
            given["Content-Type"] = "application/x-www-form-urlencoded"
        context = ssl.create_default_context(cafile=self.ca)
        path = (where.path or "/") + (f"?{where.query}" if where.query else "")
        try:
            with closing(
                http.client.HTTPSConnection(where.hostname, where.port, timeout=STEP, context=context)
            ) as line:
                line.request("GET" if body is None else "POST", path, body, given)
                answer = line.getresponse()
                told = json.loads(answer.read(LARGEST))
        except (OSError, http.client.HTTPException, ValueError) as problem:
            raise Refused(f"{where.hostname}: {type(problem).__name__}") from None
        if answer.status != 200 or not isinstance(told, dict):
            raise Refused(f"{where.hostname} answers {answer.status}")
        return told


async def leave(request: Request) -> Response:
    """To the provider, with a state, a nonce and a verifier that only this session has."""
    desk: Desk = request.app.state.desk
    session = desk.sessions.find(request.cookies.get(desk.cookie))
    if session is None:
        return RedirectResponse("/connexion", 303)
    notes = {name: secrets.token_urlsafe(32) for name in ("state", "nonce", "verifier")}
    session.notes = {**notes, "suite": local_path(request.query_params.get("suite", "/"))}
    try:
        way = await run_in_threadpool(desk.oidc.way, **notes)
    except Refused as problem:
        return _refused(desk, problem)
    return RedirectResponse(way, 303)


async def come_back(request: Request) -> Response:
    """From the provider: once, with our state."""
    desk: Desk = request.app.state.desk
    session = desk.sessions.find(request.cookies.get(desk.cookie))
    notes = session.notes if session else {}
    given = request.query_params
    if (
        session is None
        or not notes
        or not secrets.compare_digest(given.get("state", "").encode(), notes["state"].encode())
    ):
        return _refused(desk, Refused("no such attempt"))
    session.notes = {}
    try:
        claims = await run_in_threadpool(desk.oidc.claims, given.get("code", ""), notes["nonce"], notes["verifier"])
        person = desk.oidc.person(claims)
    except (Refused, OSError) as problem:
        return _refused(desk, problem)
    return enter(request, desk, person, notes["suite"], by_oidc=True)


def _refused(desk: Desk, problem: Exception) -> Response:
    _log.warning(
        "console.oidc-refused", problem=str(problem) if isinstance(problem, Refused) else type(problem).__name__
    )
    words = "Le fournisseur d'identité n'a pas permis la connexion, ou ne vous donne aucun rôle ici. Recommencez, ou prévenez l'exploitant."
    return trouble(desk, 403, "Connexion refusée", words)
