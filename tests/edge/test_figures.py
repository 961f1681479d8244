"""A month in numbers: what the report, the register and the dashboard say is what a reader counts in the records."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import inspect, text

from mss_guard.core.report import Count, Figures, Gone, Period, entry, month
from mss_guard.edge.audit_index import Feeder, figures, opened, traffic
from tests.edge import month as october
from tests.edge import postgres

OCTOBER = month("2026-10")


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """An index that holds the month of two structures."""
    folder = tmp_path_factory.mktemp("month")
    if request.param == "sqlite":
        yield filled(f"sqlite:///{folder}/audit.db")
    else:
        with postgres.serving(folder) as server:
            yield filled(server)


def filled(url: str) -> str:
    with opened(url, create=True) as store:
        Feeder(store).feed([*october.records("tilleuls"), *october.records("acacias")])
    return url


def told(url: str, structures: tuple[str, ...] | None = ("tilleuls",), period: Period = OCTOBER) -> Figures:
    with opened(url) as store:
        return figures(store, period, structures)


def test_a_month_is_counted_as_a_reader_counts_it(url: str) -> None:
    """Volumes, reasons, causes, rules, domains, ways into the trust space, acts: all from the same records, each once."""
    found = told(url)
    assert (found.messages, found.relayed, found.refused, found.deferred, found.spared) == (12, 8, 3, 1, 3)
    first = found.days[0]
    assert (first.day, first.refused, len(found.days)) == (date(2026, 10, 1), 1, 31)
    assert found.reasons == (Count("health-data", 2), Count("unreadable", 1))
    assert found.unreadable == (Count("encrypted", 1),)
    assert found.rules == (Count("document.crh", 3), Count("identite.nir", 1), Count("social.ppa", 1))
    domains = {(d.week.day, d.domain): (d.refused, d.spared) for d in found.domains}
    assert domains == {
        (28, "cabinet-martin.fr"): (1, 0), (5, "cabinet-martin.fr"): (1, 1), (5, "gmail.com"): (1, 1), (5, "mdph44.fr"): (0, 1), (5, "x.fr"): (1, 0),
    }  # fmt: skip
    assert (found.refusals, found.followed) == (2, 1)
    assert sum(w.into for w in found.weeks) == 3
    assert [a.reason for a in found.false_positives] == ["modèle de courrier"]
    assert found.false_rules == (Count("document.crh", 1), Count("identite.nir", 1))
    assert [(a.what, a.by) for a in found.exceptions] == [("added", "rssi")]
    assert [a.what for a in found.bypasses] == ["on"]
    assert (len(found.openings), found.consultations) == (1, 1)
    assert found.uninspected == (Count("bypass", 1),)


def test_only_what_left_stands_in_the_register(url: str) -> None:
    """Neither what was stopped, nor what the next hop refused, nor what went into the trust space; what may have left does."""
    found = told(url)
    assert set(found.gone) == {
        Gone("observe", "social", "cabinet-martin.fr", 1),
        Gone("advise", "social", "mdph44.fr", 1),
        Gone("approved", "care", "x.fr", 1),
    }
    made = entry(found, "Les Tilleuls")
    assert made is not None
    assert (made.messages, made.unseen) == (3, (Count("bypass", 1),))
    assert entry(told(url, period=month("2026-09")), "Les Tilleuls") is None


def test_structures_are_kept_apart(url: str) -> None:
    """One structure's figures hold nothing of another's; both together are both sums; of an unknown one there is nothing."""
    both, one, none = told(url, None), told(url, ("acacias",)), told(url, ("ailleurs",))
    assert (both.messages, one.messages, none.messages) == (24, 12, 0)
    assert (len(both.exceptions), len(one.exceptions), len(none.exceptions), none.gone) == (2, 1, 0, ())


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_an_index_of_the_first_version_is_emptied_and_filled_again(tmp_path: Path, kind: str) -> None:
    """New columns come with the next start; what they hold comes from the journal, which is read from its beginning."""
    if kind == "sqlite":
        _brought_up(f"sqlite:///{tmp_path}/audit.db")
    else:
        with postgres.serving(tmp_path) as server:
            _brought_up(server)


def _brought_up(url: str) -> None:
    filled(url)
    with opened(url) as store, store.engine.begin() as connection:
        for column in ("uninspected", "approved", "declared", "exempted"):
            connection.execute(text(f"ALTER TABLE decisions DROP COLUMN {column}"))
        connection.execute(text("UPDATE alembic_version SET version_num = '0001'"))
    with opened(url, create=True) as store:
        assert "exempted" in {c["name"] for c in inspect(store.engine).get_columns("decisions")}
        assert Feeder(store).cursors() == {}
        Feeder(store).feed(october.records())
        assert figures(store, OCTOBER).messages == 12


def test_outside_domains_are_ordered_by_traffic(url: str) -> None:
    """Messages to and from each outside domain, those with health data among them, the busiest first; the trust space is not among them."""
    with opened(url) as store:
        both, found = traffic(store, "2026-10-01", None), traffic(store, "2026-10-01", ("tilleuls",))
    assert [2 * one.sent for one in found] == [one.sent for one in both]
    assert [(one.domain, one.sent, one.health) for one in found] == [
        ("cabinet-martin.fr", 4, 4), ("x.fr", 4, 1), ("gmail.com", 2, 2), ("mdph44.fr", 1, 1),
    ]  # fmt: skip
