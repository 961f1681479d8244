"""`python -m mss_guard` is `mss-guard`."""

from mss_guard.cli import main

main()
