"""The console's process: uvicorn around the application, on one socket."""

from __future__ import annotations

import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import uvicorn
from starlette.applications import Starlette


@dataclass(frozen=True, slots=True)
class Listening:
    """`proxies`: networks whose X-Forwarded-For and -Proto are believed."""

    address: str
    port: int
    cert: Path | None = None
    key: Path | None = None
    proxies: Sequence[str] = ()


def server(app: Starlette, listening: Listening) -> uvicorn.Server:
    """Not started yet: `await server.serve()`. No access log: addresses of pages hold what officers search for."""
    config = uvicorn.Config(
        app,
        host=listening.address,
        port=listening.port,
        ssl_certfile=listening.cert,
        ssl_keyfile=listening.key,
        ssl_version=ssl.PROTOCOL_TLS_SERVER,
        proxy_headers=bool(listening.proxies),
        forwarded_allow_ips=list(listening.proxies) or None,
        access_log=False,
        log_config=None,
        server_header=False,
        date_header=True,
        lifespan="off",
        timeout_keep_alive=15,
        h11_max_incomplete_event_size=32_768,
        limit_concurrency=200,
        ws="none",
    )
    return uvicorn.Server(config)
