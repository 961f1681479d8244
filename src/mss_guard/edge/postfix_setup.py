"""What this machine's Postfix does around the guard, read with `postconf`, and where its recipients could slip past the judgement."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

_MAIN = (
    "content_filter",
    "default_transport",
    "relayhost",
    "virtual_alias_maps",
    "alias_maps",
    "forward_path",
    "receive_override_options",
    "allow_percent_hack",
    "swap_bangpath",
    "resolve_dequoted_address",
)
_INNER = {
    "allow_percent_hack": "user%autre@vous",
    "swap_bangpath": "autre!user@vous",
    "resolve_dequoted_address": '"user@autre"@vous',
}
"""The parameter that has trivial-rewrite read an address inside an address of ours, and how that one is written."""
_SECONDS = 10
_PATH = "/usr/sbin:/usr/local/sbin:/usr/bin"  # not the caller's PATH, which seldom holds sbin
MAPPINGS = "no_address_mappings"


@dataclass(frozen=True, slots=True)
class Setup:
    """`main`: main.cf by name; `services`: the `-o` lines of master.cf, by service and name (`127.0.0.1:10026/inet` → …)."""

    main: Mapping[str, str]
    services: Mapping[str, Mapping[str, str]]


def read() -> Setup | None:
    """None when there is no Postfix here, or it does not say."""
    program = shutil.which("postconf", path=_PATH)
    if program is None:
        return None
    try:
        main, services = _postconf(program, *_MAIN), _postconf(program, "-P")
    except (OSError, subprocess.SubprocessError):
        return None
    by_service: dict[str, dict[str, str]] = {}
    for path, value in services.items():
        service, _, name = path.rpartition("/")
        by_service.setdefault(service, {})[name] = value
    return Setup(main, by_service)


def _postconf(program: str, *arguments: str) -> dict[str, str]:
    done = subprocess.run(  # noqa: S603 - no shell, fixed arguments, a fixed path
        [program, *arguments], capture_output=True, text=True, check=True, timeout=_SECONDS
    )
    return {
        name.strip(): value.strip()
        for name, equals, value in (line.partition("=") for line in done.stdout.splitlines())
        if equals
    }


def gaps(setup: Setup, guards: frozenset[int], hop: int) -> Iterator[str]:
    """Sentences in French. `guards`: the ports on which the guard listens; `hop`: where it hands on to. Nothing: no gap seen, or no guard."""
    after = {
        name: value for name, value in setup.services.items() if name.partition("/")[0].rpartition(":")[2] == str(hop)
    }
    before = {name: value for name, value in setup.services.items() if name not in after}
    proxied = any(_leads(value.get("smtpd_proxy_filter", ""), guards) for value in before.values())
    filtered = any(
        _leads(value.get("content_filter", setup.main.get("content_filter", "")), guards)
        for value in [*before.values(), {}]
    )
    if filtered or proxied or _leads(setup.main.get("default_transport", ""), guards):
        yield from _inner_addresses(setup)
    if filtered:
        yield from _after_queue(setup, before, after)
    if proxied:
        yield from _before_queue(after)


def _inner_addresses(setup: Setup) -> Iterator[str]:
    """main.cf alone counts, or `-o` of trivial-rewrite's own service."""
    rewrite = setup.services.get("rewrite/unix", {})
    for name, written in _INNER.items():
        if rewrite.get(name, setup.main.get(name, "")) == "yes":
            yield f"{name} = yes : {written}, jugée interne, peut partir dehors : poser {name} = no dans main.cf"


def _after_queue(
    setup: Setup, before: Mapping[str, Mapping[str, str]], after: Mapping[str, Mapping[str, str]]
) -> Iterator[str]:
    everywhere = MAPPINGS in setup.main.get("receive_override_options", "")
    if everywhere or any(MAPPINGS in value.get("receive_override_options", "") for value in before.values()):
        yield "no_address_mappings est devant le guet : un alias qui mène à une adresse ordinaire part sans être jugé"
    if (
        after
        and not everywhere
        and not all(MAPPINGS in value.get("receive_override_options", "") for value in after.values())
    ):
        yield "no_address_mappings manque à la réinjection : les alias y sont résolus une seconde fois, après le jugement"
    maps = setup.main.get("alias_maps", "")
    if (
        maps
        and maps not in setup.main.get("virtual_alias_maps", "")
        and "$alias_maps" not in setup.main.get("virtual_alias_maps", "")
    ):
        yield "les alias de /etc/aliases sont résolus après le guet : ajouter $alias_maps à virtual_alias_maps"
    if setup.main.get("forward_path", ""):
        yield "les .forward sont lus après le guet : poser forward_path vide"


def _before_queue(after: Mapping[str, Mapping[str, str]]) -> Iterator[str]:
    if any(MAPPINGS in value.get("receive_override_options", "") for value in after.values()):
        yield "no_address_mappings à la réinjection d'un smtpd_proxy_filter : personne ne résout plus les alias"
    if after and not any(
        "mssguard_alias_sortants" in value.get("smtpd_recipient_restrictions", "") for value in after.values()
    ):
        yield "smtpd_proxy_filter voit l'alias et non l'adresse où il mène : ajouter mssguard_alias_sortants (mss-guard setup postfix)"


def _leads(destination: str, ports: frozenset[int]) -> bool:
    port = destination.rpartition(":")[2]
    return port.isdecimal() and int(port) in ports
