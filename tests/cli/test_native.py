"""A library that Debian ships and that is not there."""

import os
import subprocess
import sys


def test_a_missing_library_is_named_with_the_command_that_installs_it() -> None:
    """No traceback: one line, status 2."""
    code = "import sys; sys.argv[1:] = ['doctor']; from mss_guard.cli import main; main()"
    told = os.environ | {"LIBARCHIVE": "/nonexistent/libarchive.so"}
    ran = subprocess.run([sys.executable, "-c", code], env=told, capture_output=True, text=True, timeout=60)
    assert ran.returncode == 2
    assert "apt-get install --no-install-recommends libarchive13" in ran.stderr
    assert "Traceback" not in ran.stderr
