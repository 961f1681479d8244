"""The month's report by mail: once for a month, again until it is taken, never for a month before the guard."""

import contextlib
import email
import email.policy
import errno
from datetime import UTC, datetime, timedelta

import pytest

from mss_guard import config, durable, monthly
from mss_guard.edge.journal import Journal
from tests.edge.journal_kit import message
from tests.edge.test_journal_disk import Clock
from tests.test_app_witnessing import REFUSED, TAKEN, TEXT, Post


class House:
    """A journal that begins in November, a clock that the test turns, a post office that remembers."""

    def __init__(self, folder, extra=""):
        self.post, self.now, self.made = Post(), datetime(2026, 12, 1, 6, tzinfo=UTC), []
        self.settings = config.load(None, TEXT.format(folder=folder, witness="none") + extra)
        self.journal = Journal.open(folder / "journal", "n", "front-0", "tilleuls", folder / "state" / "keys", Clock())
        self.page: bytes | None = "<!doctype html><title>é</title>".encode()
        self.monthly = monthly.Monthly(lambda: self.settings, self.journal, self.post, self.make, lambda: self.now)

    async def make(self, month):
        self.made.append(month)
        return self.page


@pytest.fixture
async def house(tmp_path):
    house = House(tmp_path)
    for entry in message(1):
        await house.journal.append(entry.kind, entry.ref, entry.fields, None)
    yield house
    await house.journal.close()


async def test_the_dpo_has_the_month_past_once(house):
    """The page is attached under a name that says what it is; the next one goes a month later."""
    assert await house.monthly.once()
    assert not await house.monthly.once()
    ((line, to, body),) = house.post.mails
    assert (line, to) == (b"MAIL FROM:<>", b"RCPT TO:<dpo@ehpad-les-tilleuls.fr>")
    mail = email.message_from_bytes(body, policy=email.policy.default)
    (page,) = mail.iter_attachments()
    assert (page.get_filename(), page.get_content().strip()) == ("rapport-tilleuls-2026-11.html", house.page.decode())
    assert (mail["Auto-Submitted"], "novembre 2026" in mail["Subject"]) == ("auto-generated", True)
    house.now = datetime(2027, 1, 1, tzinfo=UTC)
    assert await house.monthly.once()
    assert house.made == ["2026-11", "2026-12"]


@pytest.mark.parametrize("fault", ["page", "hop"])
async def test_what_did_not_go_is_tried_again(house, fault):
    """No page, or a server that says no: an hour's rest, then again, and never twice once it was taken."""
    page, house.page = house.page, None if fault == "page" else house.page
    house.post.answer = REFUSED if fault == "hop" else TAKEN
    assert not await house.monthly.once()
    assert monthly.status(house.settings).why
    house.page, house.post.answer = page, TAKEN
    assert not await house.monthly.once(), "resting"
    house.now += timedelta(hours=2)
    assert await house.monthly.once()
    house.now += timedelta(hours=2)
    assert not await house.monthly.once()


async def test_without_room_to_note_it_nothing_is_sent(house, monkeypatch):
    """A disk that is full, or becomes so while the mail goes: no mail at all, or one, never one every ten minutes."""
    publish, left = durable.publish, 0

    def filling(*given):
        nonlocal left
        left -= 1
        if left < 0:
            raise OSError(errno.ENOSPC, "full")
        publish(*given)

    monkeypatch.setattr(monthly.durable, "publish", filling)
    for room, mails in ((0, 0), (1, 1), (0, 1)):
        left = room
        for _ in range(20):
            with contextlib.suppress(OSError):
                await house.monthly.once()
            house.now += timedelta(minutes=10)
        assert len(house.post.mails) == mails
    left = 1
    assert not await house.monthly.once()
    assert monthly.status(house.settings) == monthly.Status("2026-11", sent="2026-11")


async def test_a_service_that_stood_still_sends_what_it_owes(house):
    """The months that were missed go too, oldest first, three at the most."""
    assert await house.monthly.once()
    house.now = datetime(2027, 2, 3, tzinfo=UTC)
    assert [await house.monthly.once() for _ in range(3)] == [True, True, False]
    house.now = datetime(2027, 9, 3, tzinfo=UTC)
    assert [await house.monthly.once() for _ in range(4)] == [True, True, True, False]
    assert house.made == ["2026-11", "2026-12", "2027-01", "2027-06", "2027-07", "2027-08"]


async def test_a_month_before_the_guard_has_no_report(house):
    """The journal begins in November: on its first day nothing is sent for October, and November's goes in December."""
    house.now = datetime(2026, 11, 25, tzinfo=UTC)
    assert not await house.monthly.once()
    assert (house.made, house.post.mails) == ([], [])
    assert monthly.status(house.settings) == monthly.Status("2026-10"), "done with, and handed to nobody"
    house.now = datetime(2026, 12, 1, tzinfo=UTC)
    assert await house.monthly.once()


async def test_nobody_is_written_to_who_is_not_named(tmp_path):
    """`audit.report: none`, or no DPO: nothing is made and nothing is sent."""
    house = House(tmp_path)
    house.settings = house.settings.model_copy(
        update={"audit": house.settings.audit.model_copy(update={"report": "none"})}
    )
    assert not await house.monthly.once()
    assert house.made == []
    await house.journal.close()


async def test_the_page_is_made_by_the_command(tmp_path):
    """In a process of its own; a command that fails gives no page."""
    assert await monthly.maker(tmp_path / "nothing.yaml")("2026-11") is None
