"""The file of dated exceptions, `state/exceptions.json`: written by `mss-guard exceptions add|revoke`, read by the service when it changes."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import date
from pathlib import Path

from mss_guard import durable
from mss_guard.core.model import Category, Level, Measure
from mss_guard.core.policy.rows import Exemption, wrong
from mss_guard.core.strict_yaml import Mistake, Mistakes


def path(state: Path) -> Path:
    return state / "exceptions.json"


def read(state: Path) -> tuple[Exemption, ...]:
    """Every row; none without a file. Raises Mistakes for what is no such file, OSError for one out of reach: then the last
    good rows serve.
    """
    place = path(state)
    try:
        given = json.loads(place.read_bytes())
        rows = tuple(_row(one) for one in given)
    except FileNotFoundError:
        return ()
    except (ValueError, KeyError, TypeError) as error:
        raise Mistakes([Mistake(str(place), 1, 1, f"exceptions illisibles ({type(error).__name__})")]) from None
    bad = [Mistake(str(place), 1, 1, f"{row.id} : {why}") for row in rows if (why := wrong(row))]
    if bad:
        raise Mistakes(bad)
    return rows


def write(state: Path, rows: tuple[Exemption, ...]) -> None:
    """Raises OSError."""
    plain = [{**asdict(row), "made": row.made.isoformat(), "until": row.until.isoformat()} for row in rows]
    durable.publish(path(state), json.dumps(plain, ensure_ascii=False, indent=1).encode(), state)


def _row(given: dict[str, str]) -> Exemption:
    category = given["category"]
    return Exemption(
        id=str(given["id"]), sender=str(given["sender"]), to=str(given["to"]), category=Category(category) if category else None,
        rule=given["rule"] or None, level=Level(given["level"]), action=Measure(given["action"]), reason=str(given["reason"]),
        by=str(given["by"]), made=date.fromisoformat(given["made"]), until=date.fromisoformat(given["until"]),
    )  # fmt: skip
