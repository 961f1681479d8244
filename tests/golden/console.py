"""`python -m tests.golden.console`: the pictures of docs/console.md, from an invented house with a week of decisions."""

from __future__ import annotations

import asyncio
import random
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

from mss_guard.edge.journal import Journal
from tests.edge import console_kit as kit
from tests.edge.test_journal_disk import ref
from tests.golden.browser import DOCS, program

WIDTHS = (1280, 320)
RULES = ("document.compte-rendu-hospitalisation", "personne.nom-et-soin", "identite.ins", "document.prescription")
DOMAINS = ("cabinet-martin.fr", "mdph-departement.fr", "gmail.com", "mutuelle-exemple.fr", "orange.fr")


class Clock:
    """A week ago, then on by some minutes at each look."""

    def __init__(self) -> None:
        self.now = datetime.now(UTC) - timedelta(days=6, hours=8)

    def __call__(self) -> datetime:
        self.now += timedelta(seconds=30)
        return min(self.now, datetime.now(UTC))


async def week(folder: Path) -> None:
    chance, clock = random.Random(4), Clock()
    pen = Journal.open(folder / "journal", "essai", "front-0", "tilleuls", folder / "state" / "keys", clock)
    for number in range(400):
        clock.now += timedelta(minutes=chance.choice((4, 9, 30)))
        refused = chance.random() < 0.12
        action, domain = (
            ("refuse", "outside") if refused else ("relay", chance.choice(("outside", "trusted", "trusted")))
        )
        reason = "health-data" if refused else None
        person = {
            "domain": chance.choice(DOMAINS),
            "standing": domain,
            "row": 11,
            "action": action,
            "measure": action,
            "reason": reason,
            "would": None,
        }
        found = [
            {"rule": rule, "part": "1", "place": "own", "count": 1, "category": "care", "level": "likely"}
            for rule in chance.sample(RULES, 2)
        ]
        fields = {
            "listener": "smtp-0", "front": "smtp", "mode": "enforce", "sender": {"kind": "own", "domain": "ehpad-les-tilleuls.fr"}, "size": 24_000,
            "inspected": True, "level": "likely" if refused else "none", "score": 900 if refused else 0, "health": refused, "recipients": [person],
            "findings": found if refused else [], "action": action, "measure": action, "reason": reason, "would": None,
        }  # fmt: skip
        await pen.append("decision", ref(number + 7000), fields, "0" * 16)
        await pen.append("outcome", ref(number + 7000), {"outcome": "refused" if refused else "relayed"}, "0" * 16)
    await pen.close()


def main() -> None:
    with tempfile.TemporaryDirectory() as place, kit.standing(Path(place)) as house:
        asyncio.run(week(house.folder))
        signalled = {"what": "false-positive", "by": "lea", "reason": "modèle de courrier vierge"}
        asyncio.run(house.office._write("exception", house.second, signalled))
        pages = {
            "tableau": "/",
            "recherche": "/decisions?action=refuse",
            "decision": f"/decisions/{house.refused}",
            "etat": "/etat",
        }
        with kit.serving(house) as address, program() as chromium:
            for width in WIDTHS:
                context = chromium.new_context(
                    base_url=address, viewport={"width": width, "height": 760 if width > 400 else 900}
                )
                page = context.new_page()
                page.goto("/connexion")
                page.get_by_label("Nom de compte").fill("marie")
                page.get_by_label("Mot de passe").fill(kit.PASSWORD)
                page.get_by_role("button", name="Se connecter").click()
                for name, path in pages.items():
                    page.goto(path)
                    page.screenshot(path=DOCS / f"console-{name}-{width}.png")
                context.close()


if __name__ == "__main__":
    main()
