"""Signing in through the structure's own provider: a real one over TLS, played here, that can lie at each step."""

from __future__ import annotations

import base64
import hashlib
import http.server
import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from joserfc import jwt
from joserfc.jwk import RSAKey

from mss_guard.core.rights import Role
from mss_guard.edge.console import Provider
from tests.edge import console_kit as kit
from tests.edge.console_kit import Browser, House
from tests.edge.list_server import Chain, make_chain

KEY, OTHER = RSAKey.generate_key(2048, {"kid": "1"}), RSAKey.generate_key(2048, {"kid": "1"})


class Issuer(http.server.BaseHTTPRequestHandler):
    """Discovery, keys, and a token for the one code that it knows."""

    def do_GET(self) -> None:
        server: Any = self.server
        told = {
            "/.well-known/openid-configuration": {
                "issuer": server.says.get("issuer", server.url), "authorization_endpoint": f"{server.url}/autoriser",
                "token_endpoint": f"{server.url}/jeton", "jwks_uri": f"{server.url}/cles",
            },
            "/cles": {"keys": [KEY.as_dict(private=False)]},
        }[self.path]  # fmt: skip
        self._answer(200, told)

    def do_POST(self) -> None:
        server: Any = self.server
        form = {k: v[0] for k, v in parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode()).items()}
        challenge = (
            base64.urlsafe_b64encode(hashlib.sha256(form["code_verifier"].encode()).digest()).rstrip(b"=").decode()
        )
        basic = base64.b64decode(self.headers["Authorization"].removeprefix("Basic ")).decode()
        if form["code"] != "bon" or challenge != server.challenge or basic != "guet:secret":
            return self._answer(400, {"error": "invalid_grant"})
        now = int(time.time())
        claims = {
            "iss": server.url, "aud": "guet", "sub": "42", "iat": now, "exp": now + 60, "nonce": server.nonce, "preferred_username": "Marie.Curie@x.fr",
            "groups": ["dpo", "autre"], **{k: v for k, v in server.says.items() if k not in ("key", "issuer", "alg")},
        }  # fmt: skip
        token = jwt.encode({"alg": "RS256", "kid": "1"}, claims, OTHER if server.says.get("key") else KEY)
        if server.says.get("alg") == "none":
            head = base64.urlsafe_b64encode(b'{"alg":"none"}').rstrip(b"=").decode()
            token = f"{head}.{token.split('.')[1]}."
        self._answer(200, {"id_token": token, "token_type": "Bearer"})
        return None

    def _answer(self, status: int, value: dict[str, Any]) -> None:
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with kit.standing(tmp_path_factory.mktemp("oidc")) as one:
        yield one


@pytest.fixture(scope="module")
def chain(tmp_path_factory: pytest.TempPathFactory) -> Chain:
    return make_chain(tmp_path_factory.mktemp("chain"))


@pytest.fixture
def issuer(chain: Chain) -> Iterator[Any]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Issuer)
    server.socket = chain.server.wrap_socket(server.socket, server_side=True)
    made: Any = server
    made.url, made.says, made.chain = f"https://127.0.0.1:{server.server_port}", {}, chain
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield made
    server.shutdown()
    server.server_close()


def provider(issuer: Any, tmp_path: Path, **changes: Any) -> Provider:
    (tmp_path / "secret").write_text("secret\n")
    given = {"ca": issuer.chain.ca, "structures": ("tilleuls",), **changes}
    roles = {"dpo": Role.OFFICER, "aides": Role.READER}
    return Provider(issuer.url, "guet", tmp_path / "secret", "https://testserver/oidc/retour", "groups", roles, **given)


def attempt(house: House, issuer: Any, tmp_path: Path, code: str = "bon", **changes: Any) -> tuple[Browser, Any]:
    """To the provider and back with what it gives."""
    browser = Browser(house.app(oidc=provider(issuer, tmp_path, **changes), secure=True), "https://testserver")
    assert "/oidc/aller" in browser.get("/connexion").text
    gone = browser.get("/oidc/aller?suite=/decisions")
    if gone.status_code != 303:
        return browser, gone
    asked = {k: v[0] for k, v in parse_qs(urlsplit(gone.headers["location"]).query).items()}
    assert (asked["response_type"], asked["code_challenge_method"], asked["scope"]) == (
        "code",
        "S256",
        "openid profile",
    )
    issuer.challenge, issuer.nonce = asked["code_challenge"], issuer.says.pop("asked_nonce", asked["nonce"])
    return browser, browser.get(f"/oidc/retour?code={code}&state={asked['state']}")


def test_who_has_a_role_comes_in_where_they_wanted_to_go(house: House, issuer: Any, tmp_path: Path) -> None:
    """The role is the table's, the structures are the configuration's, the name says where it is from; the code serves once."""
    browser, back = attempt(house, issuer, tmp_path)
    assert (back.status_code, back.headers["location"]) == (303, "/decisions")
    own = browser.get("/moi").text
    assert "oidc.marie.curie" in own
    assert "dpo-rssi" in own
    assert browser.get(f"/decisions/{house.refused}").status_code == 200
    assert browser.get(f"/decisions/{house.certain}").status_code == 404
    assert house.records("consult")[-1]["by"] == "oidc.marie.curie"
    assert browser.get(f"{back.request.url.path}?{back.request.url.query.decode()}").status_code == 403


@pytest.mark.parametrize(
    "lie",
    [
        {"groups": ["autre"]}, {"groups": ["dpo", "aides"]}, {"groups": None}, {"key": "other"}, {"alg": "none"}, {"iss": "https://autre.example"},
        {"aud": "autre"}, {"exp": 1000}, {"asked_nonce": "autre"}, {"issuer": "https://autre.example"},
    ],
    ids=str,
)  # fmt: skip
def test_a_token_that_is_not_quite_right_opens_nothing(
    house: House, issuer: Any, tmp_path: Path, lie: dict[str, Any]
) -> None:
    """No role, two roles, another key, no signature, another issuer or audience, too old, another attempt's: 403, nobody signed in."""
    issuer.says.update(lie)
    browser, back = attempt(house, issuer, tmp_path)
    assert back.status_code == 403
    assert browser.get("/").status_code == 303


def test_another_code_another_state_or_an_unknown_provider_opens_nothing(
    house: House, issuer: Any, tmp_path: Path
) -> None:
    """A guessed code, a state of somebody else's attempt, a certificate that nobody vouches for, a provider that is gone."""
    assert attempt(house, issuer, tmp_path, code="autre")[1].status_code == 403
    browser, _ = attempt(house, issuer, tmp_path, code="autre")
    assert browser.get("/oidc/retour?code=bon&state=autre").status_code == 403
    assert (
        Browser(house.app(oidc=provider(issuer, tmp_path)), "http://testserver")
        .get("/oidc/retour?code=bon&state=x")
        .status_code
        == 403
    )
    assert attempt(house, issuer, tmp_path, ca=issuer.chain.stranger)[1].status_code == 403
    (tmp_path / "secret").unlink()
