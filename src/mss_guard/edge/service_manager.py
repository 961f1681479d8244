"""Talks to systemd over its notification socket (sd_notify(3)); silent when there is none."""

from __future__ import annotations

import os
import socket


def notify(*lines: str) -> bool:
    """Sends `READY=1`, `STATUS=…`, `STOPPING=1`, … in one datagram; False when nobody listens. Never raises: it is only news."""
    path = os.environ.get("NOTIFY_SOCKET", "")
    if not path:
        return False
    address = "\0" + path[1:] if path.startswith("@") else path
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as channel:
            channel.sendto("\n".join(lines).encode(), address)
    except OSError:
        return False
    return True


def watchdog_seconds() -> float | None:
    """Half of WatchdogSec, the pace at which systemd wants to hear from us; None when it does not watch this process."""
    microseconds, pid = os.environ.get("WATCHDOG_USEC", ""), os.environ.get("WATCHDOG_PID", "")
    if not microseconds.isdigit() or pid not in ("", str(os.getpid())):
        return None
    return int(microseconds) / 2_000_000
