"""News for systemd go out in one datagram, and nobody listening is no fault."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from mss_guard.edge import service_manager


def test_ready_reaches_the_socket_that_systemd_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """READY and STATUS arrive together."""
    path = tmp_path / "notify"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(str(path))
        monkeypatch.setenv("NOTIFY_SOCKET", str(path))
        assert service_manager.notify("READY=1", "STATUS=prêt")
        assert listener.recv(200) == "READY=1\nSTATUS=prêt".encode()


def test_without_systemd_nothing_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    """Started by hand there is no socket; one that is gone is no fault either."""
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    assert not service_manager.notify("READY=1")
    monkeypatch.setenv("NOTIFY_SOCKET", "/nonexistent/notify")
    assert not service_manager.notify("READY=1")


@pytest.mark.parametrize(
    ("usec", "pid", "expected"),
    [("30000000", "", 15.0), ("30000000", "1", None), ("", "", None), ("soon", "", None)],
)
def test_the_watchdog_is_fed_at_half_its_time(
    usec: str, pid: str, expected: float | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """WATCHDOG_USEC for this process means half of it in seconds; for another process, nothing."""
    monkeypatch.setenv("WATCHDOG_USEC", usec)
    monkeypatch.setenv("WATCHDOG_PID", pid)
    assert service_manager.watchdog_seconds() == expected
    monkeypatch.setenv("WATCHDOG_PID", str(os.getpid()))
    assert service_manager.watchdog_seconds() == (15.0 if usec.isdigit() else None)
