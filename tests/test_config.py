"""The configuration: what is written in it is what holds, and what is wrong in it is said all at once, where it
stands.
"""

import re
from datetime import date, timedelta
from ipaddress import ip_network
from pathlib import Path

import pytest
import yaml
from pydantic import BaseModel

from mss_guard import config
from mss_guard.config import settings as models
from mss_guard.config import values
from mss_guard.core import policy
from mss_guard.core.model import Category

HERE = Path(__file__).parent
EXAMPLE = HERE.parent / "examples" / "mss-guard.yaml"
TODAY = date(2026, 11, 22)
STRUCTURE = "structure: {name: EHPAD Les Tilleuls, domains: [ehpad-les-tilleuls.fr]}\n"


def wrong(text):
    """All that `check-config` says of a file."""
    try:
        settings = config.load(Path("mss-guard.yaml"), text)
    except config.Mistakes as error:
        return [str(m) for m in error.mistakes]
    return [str(m) for m in config.check(settings, TODAY, for_run=True)]


@pytest.mark.parametrize("folder", sorted((HERE / "bad_configs").iterdir()), ids=lambda p: p.name)
def test_a_wrong_file_is_refused_for_the_right_reason(folder):
    """Each bad configuration gives exactly the expected lines: file:line:column and French words."""
    text = (folder / "mss-guard.yaml").read_text()
    assert wrong(text) == (folder / "expected-error").read_text().splitlines()


def test_without_a_file_the_packaged_defaults_serve():
    """No file is enough to scan; to run, the structure's domains and the mode are asked for."""
    settings = config.load(None)
    assert config.check(settings, TODAY, for_run=False) == ()
    assert [m.message.split(" ")[0] for m in config.check(settings, TODAY, for_run=True)] == [
        "policy.mode",
        "structure.domains",
    ]


def test_a_minimal_file_runs():
    """A name, a domain and the mode are enough; the structure's id comes from its name."""
    settings = config.load(None, STRUCTURE + "policy: {mode: enforce}\n")
    assert config.check(settings, TODAY, for_run=True) == ()
    assert (settings.structure.id, settings.hops[0].port, settings.limits.size) == (
        "ehpad-les-tilleuls",
        10026,
        50_000_000,
    )
    assert settings.trust.max_age == timedelta(days=15)
    assert settings.listeners[0].allow == (ip_network("127.0.0.0/8"), ip_network("::1/128"))


def test_the_defaults_of_policy_are_those_of_the_table():
    """The file's defaults and the decision table's own are the same, key by key."""
    told, own = config.load(None).policy, policy.PolicySettings()
    assert dict(told.levels) == {str(k): str(v) for k, v in own.levels.items()}
    assert {str(k): v for k, v in told.categories.items()} == {str(k): str(v) for k, v in own.categories.items()}
    assert told.unreadable.model_dump(by_alias=True) == {str(k): str(v) for k, v in own.unreadable.items()}
    for key in ("inside", "to_mssante", "opaque", "quoted_reply", "confirm", "mixed", "refusal", "fault"):
        assert getattr(told, key) == getattr(own, key), key


def test_one_category_leaves_the_others_at_their_default():
    """`categories: {care: advise}` changes care alone."""
    text = STRUCTURE + "policy: {mode: enforce, categories: {care: advise, stay: relay}}\n"
    assert config.load(None, text).policy.categories == {
        Category.STAY: "relay",
        Category.EMPLOYEE_ID: "note",
        Category.CARE: "advise",
    }


def test_settings_cannot_be_changed():
    """A configuration is one frozen value."""
    with pytest.raises(Exception, match="frozen"):
        config.load(None).workers = 2


def test_a_rule_that_is_off_comes_back_after_its_date():
    """`disable` takes ids, and ids with reason and end date."""
    text = STRUCTURE + "rules: {disable: [a.b, {id: c.d, reason: fausses alertes, until: 2026-11-22}]}\n"
    rules = config.load(None, text).rules
    assert rules.disabled(TODAY) == ("a.b", "c.d")
    assert rules.disabled(TODAY + timedelta(days=1)) == ("a.b",)


# --- values -----------------------------------------------------------------------------------------------------------

GOOD = [
    (values.duration, "45s", timedelta(seconds=45)),
    (values.duration, "30min", timedelta(minutes=30)),
    (values.duration, "2h", timedelta(hours=2)),
    (values.duration, "15d", timedelta(days=15)),
    (values.size, "50MB", 50_000_000),
    (values.size, "256MiB", 268_435_456),
    (values.size, 1024, 1024),
    (values.size, "1kB", 1000),
    (values.network, "192.0.2.0/24", ip_network("192.0.2.0/24")),
    (values.network, "::1", ip_network("::1/128")),
    (values.domain, "Hôpital.FR", "xn--hpital-ixa.fr"),
    (values.domain, "A.fr", "a.fr"),
    (values.mailbox, "dpo@a.fr", "dpo@a.fr"),
    (values.host, "mx1.exemple.fr", "mx1.exemple.fr"),
    (values.host, "::1", "::1"),
    (values.slug, "EHPAD Les Tilleuls (Évry)", "ehpad-les-tilleuls-evry"),
    (values.slug, "—", "structure"),
]
BAD = [
    (values.duration, ["15", "d", "15 d", "1y", 15, None, True]),
    (values.size, ["MB", "50 MB", "-1", "1.5MB", True, None]),
    (values.network, ["10.0.0.1/8", "any", 5]),
    (values.domain, ["a.fr.", "a b.fr", "", "é..fr", 5]),
    (values.mailbox, ["a", "a@", "a b@c.fr", "postmaster"]),
    (values.host, ["", "a b", "-a.fr", 5]),
    (values.ip, ["localhost", "", 1]),
]


@pytest.mark.parametrize(("read", "text", "value"), GOOD)
def test_values_are_read_as_written(read, text, value):
    """Durations, sizes, networks, domains, addresses in the ways people write them."""
    assert read(text) == value


@pytest.mark.parametrize(("read", "text"), [(read, text) for read, texts in BAD for text in texts])
def test_other_values_are_refused_in_french(read, text):
    """What has another form is refused with the form it should have."""
    with pytest.raises(ValueError, match=r"^il faut "):
        read(text)


# --- warnings ---------------------------------------------------------------------------------------------------------


def test_warnings_are_no_mistakes():
    """enforce without a road into the trust space, no list, a partner that is trusted too: said, and the service
    starts.
    """
    text = STRUCTURE + "policy: {mode: enforce}\npartners: {domains: [.labo.fr]}\n"
    text += "trust: {extra: [{domain: mss.labo.fr, reason: essai}]}\n"
    settings = config.load(None, text)
    assert config.check(settings, TODAY, for_run=True) == ()
    said = [m.message for m in config.warnings(settings)]
    assert [
        bool(re.search(word, m))
        for word, m in zip(["témoin", "route", "liste", "partenaire"], sorted(said, reverse=True), strict=True)
    ]
    assert len(said) == 4


def test_the_example_is_right():
    """The example file loads, may run, and leads to no warning."""
    settings = config.load(EXAMPLE)
    assert config.check(settings, TODAY, for_run=True) == ()
    assert config.warnings(settings) == ()


# --- example = keys = defaults ----------------------------------------------------------------------------------------


def keys_of(model, prefix=""):
    """Every key the models know, lists and unions looked through: `listeners.port`."""
    for name, info in model.model_fields.items():
        key = prefix + (info.alias or name)
        inner = list(sections(info.annotation))
        yield key
        for section in inner:
            yield from keys_of(section, key + ".")


def sections(annotation):
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in getattr(annotation, "__args__", ()):
        yield from sections(argument)


def keys_in(value, prefix=""):
    if isinstance(value, list):
        for item in value:
            yield from keys_in(item, prefix)
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield prefix + key
            yield from keys_in(inner, f"{prefix}{key}.")


def test_the_example_names_every_key_and_no_other():
    """Reading the example is enough to know every key (but those shown in a comment, or of a road not built yet)."""
    known = set(keys_of(models.Settings))
    shown = set(keys_in(yaml.safe_load(EXAMPLE.read_text())))
    unbuilt = {
        k
        for k in known
        if k.startswith(("routes.mssante.", "rules.thresholds.", "rules.disable.", "console.tls.", "console.oidc."))
    }
    free = {k for k in shown if re.match(r"policy\.(categories|families)\.", k)}
    assert known - unbuilt == shown - free


def test_the_example_shows_the_defaults():
    """What the example writes is what holds without it, but where it must give a value of its own."""
    example = config.load(EXAMPLE).model_dump(by_alias=True)
    default = config.load(None).model_dump(by_alias=True)
    own = {"structure", "trust", "partners", "rules", "policy"}
    assert {k: v for k, v in example.items() if k not in own} == {k: v for k, v in default.items() if k not in own}
    for section, given in (
        ("policy", {"mode", "observe_until"}),
        ("trust", {"list", "ca", "proxy", "extra", "deny"}),
        ("rules", {"disable"}),
    ):
        rest = example[section].keys() - given
        assert {k: example[section][k] for k in rest} == {k: default[section][k] for k in rest}
