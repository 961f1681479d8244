"""TLS policy of a hop → ssl context."""

from __future__ import annotations

import ssl

from mss_guard.edge.next_hop.settings import Hop, Tls


def context(hop: Hop) -> ssl.SSLContext | None:
    """None for `none`. `may` guards against onlookers only (RFC 7435); `verify` checks chain and name.

    Raises OSError when `ca`, `cert` or `key` cannot be read or holds none: a start-up refusal, not a matter for a message.
    """
    if hop.tls is Tls.NONE:
        return None
    made = ssl.create_default_context(cafile=hop.ca)
    made.minimum_version = ssl.TLSVersion.TLSv1_2
    if hop.cert is not None:
        made.load_cert_chain(hop.cert, hop.key)
    if hop.tls is Tls.MAY:
        made.check_hostname = False
        made.verify_mode = ssl.CERT_NONE
    return made
