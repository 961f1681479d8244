#!/bin/sh
# Installs the named Debian packages when root; otherwise names the one command that installs them. Never fails:
# what is missing is said here, and the tests that need it say so again as they are skipped.
# The word `venv` stands for whatever Debian package makes `python3 -m venv` work.
missing=
for name in "$@"; do
  if [ "$name" = venv ]; then
    python3 -c 'import ensurepip, venv' 2>/dev/null || missing="$missing python3-venv"
  else
    dpkg-query -W -f='${Status}' "$name" 2>/dev/null | grep -q 'ok installed' || missing="$missing $name"
  fi
done
[ -n "$missing" ] || exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  # RUNLEVEL=1 keeps the packages' own services from being started on this machine.
  export DEBIAN_FRONTEND=noninteractive RUNLEVEL=1
  { apt-get update -qq && apt-get install -y -qq --no-install-recommends $missing; } >/dev/null 2>&1 ||
    echo "could not install:$missing — try: apt-get update && apt-get install --no-install-recommends$missing" >&2
else
  echo "missing:$missing — as root: apt-get install --no-install-recommends$missing" >&2
fi
exit 0
