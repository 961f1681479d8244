"""What doctor says of the Postfix around the guard."""

from __future__ import annotations

import pytest

from mss_guard.cli import postfix_recipe
from mss_guard.edge.postfix_setup import Setup, gaps

HOP = ("127.0.0.1", 10026)
GUARDS = frozenset({10025})
ALIASED = {
    "virtual_alias_maps": "hash:/etc/postfix/virtual, $alias_maps",
    "alias_maps": "hash:/etc/aliases",
    "forward_path": "",
}


def setup(recipe: postfix_recipe.Recipe, main: dict[str, str], **first: str) -> Setup:
    """The recipe as `postconf` would tell it, with `first` on the users' smtpd."""
    told = dict(line.split(" = ", 1) for line in recipe.main_cf if " = " in line) | main
    services: dict[str, dict[str, str]] = {"submission/inet": dict(first)}
    name = ""
    for line in recipe.master_cf:
        if line.startswith("  -o "):
            key, _, value = line.removeprefix("  -o ").partition("=")
            services.setdefault(name, {})[key] = value
        elif not line.lstrip().startswith("#"):
            name = "/".join(line.split()[:2])
    return Setup(told, services)


LMTP = postfix_recipe.lmtp("[127.0.0.1]:10025", HOP, 20)
PROXY = postfix_recipe.proxy_filter("127.0.0.1:10025", HOP, 20, own=("ehpad.fr",))
RELAY = postfix_recipe.smart_host("[127.0.0.1]:10025", HOP, 20)
DOCUMENTED = {"receive_override_options": "no_address_mappings"}


@pytest.mark.parametrize(
    ("there", "words"),
    [
        (setup(LMTP, ALIASED), []),
        (setup(PROXY, ALIASED), []),
        (setup(RELAY, {}), []),
        (setup(LMTP, ALIASED, **DOCUMENTED), ["devant le guet"]),
        (setup(LMTP, ALIASED | DOCUMENTED), ["devant le guet"]),
        (setup(LMTP, ALIASED | {"virtual_alias_maps": ""}), ["/etc/aliases"]),
        (setup(LMTP, ALIASED | {"forward_path": "$home/.forward"}), [".forward"]),
        (
            Setup({"content_filter": "mssguard:[127.0.0.1]:10025"}, {"127.0.0.1:10026/inet": {}}),
            ["manque à la réinjection"],
        ),
        (
            Setup(
                {}, {"submission/inet": {"smtpd_proxy_filter": "127.0.0.1:10025"}, "127.0.0.1:10026/inet": DOCUMENTED}
            ),
            ["personne ne résout", "mssguard_alias_sortants"],
        ),
        (setup(LMTP, ALIASED | {"allow_percent_hack": "yes"}), ["user%autre@vous"]),
        (setup(PROXY, {"swap_bangpath": "yes"}), ["autre!user@vous"]),
        (setup(RELAY, {"resolve_dequoted_address": "yes"}), ['"user@autre"@vous']),
        (
            Setup(
                {
                    "content_filter": "smtp-amavis:[127.0.0.1]:10024",
                    "alias_maps": "hash:/etc/aliases",
                    "swap_bangpath": "yes",
                },
                {},
            ),
            [],
        ),
    ],
)
def test_each_way_past_the_judgement_is_named(there: Setup, words: list[str]) -> None:
    """The printed lines leave no gap; Postfix's documented place of no_address_mappings, /etc/aliases, .forward and an address read inside an address do."""
    said = list(gaps(there, GUARDS, HOP[1]))
    assert len(said) == len(words), said
    assert all(word in sentence for word, sentence in zip(words, said, strict=True))
