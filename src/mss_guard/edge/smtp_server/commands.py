"""The commands of SMTP (RFC 5321) and LMTP (RFC 2033), in lock-step with the next hop: what the hop says to MAIL and
RCPT is what the client hears. Nothing is decided before the end of the message.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import ClassVar

from mss_guard.core.model import Address, Envelope, HopReply, Reply
from mss_guard.edge.smtp_server import data, replies, syntax
from mss_guard.edge.smtp_server.conclude import Case, worst
from mss_guard.edge.smtp_server.courtesies import Courtesies
from mss_guard.edge.smtp_server.faults import report
from mss_guard.edge.smtp_server.ports import Submission, Transaction
from mss_guard.edge.smtp_server.room import Reservation


@dataclass(slots=True)
class _Open:
    """A transaction that the hop has accepted; recipients are those it answered with 2xx."""

    hop: Transaction
    mail_line: bytes
    mail: syntax.MailCommand
    recipients: list[Address] = field(default_factory=list)
    rcpt_lines: list[bytes] = field(default_factory=list)


class Commands(Courtesies):
    """What both protocols share. `per_recipient`: each accepted RCPT command has its own last word."""

    per_recipient: ClassVar[bool]
    _open: _Open | None = None
    _failed = False
    _xforward: tuple[bytes, ...] = ()

    def reset(self, *, failed: bool = False) -> None:
        opened, self._open = self._open, None
        self._failed = failed
        self._xforward = ()  # as Postfix does: one transaction, one client
        if opened is not None:
            self.front.spawn(opened.hop.abandon())

    # --- transaction ---

    async def smtp_XFORWARD(self, argument: bytes) -> None:
        if not self.trusted():
            await self.mistake(replies.NOT_TRUSTED)
        elif self._open is not None:
            await self.mistake(replies.IN_TRANSACTION)
        elif (refusal := syntax.xforward(argument)) is not None or len(self._xforward) >= len(
            syntax.XFORWARD_ATTRIBUTES
        ):
            await self.mistake(refusal or replies.BAD_ARGUMENT)
        else:
            self._xforward += (self.line,)
            await self.idle(replies.OK)

    async def smtp_MAIL(self, argument: bytes) -> None:
        if not self.helo:
            await self.mistake(replies.GREET_FIRST)
            return
        if self._open is not None:
            await self.mistake(replies.NESTED)
            return
        self._failed = False
        command = syntax.mail(argument)
        if isinstance(command, Reply):
            await self.idle(command)
        elif (refusal := self._unfit(command)) is not None:
            await self.write(refusal)
        else:
            await self._begin(command)

    def _unfit(self, command: syntax.MailCommand) -> Reply | None:
        """Why MAIL is answered without asking the hop: nobody to ask, or more than is offered."""
        if self.front.next_hop.offers() is None:
            self.front.spawn(self.front.next_hop.refresh())
            return replies.HOP_AWAY
        if command.size > self.limits.size:
            return replies.TOO_LARGE
        return self._missing(command.needs)

    def _missing(self, needs: frozenset[str]) -> Reply | None:
        """The client read an older EHLO than the hop's present one: it comes back, and everybody asks the hop again."""
        if needs <= (self.front.next_hop.offers() or {}).keys():
            return None
        self.front.spawn(self.front.next_hop.refresh())
        return replies.NOT_OFFERED

    async def _begin(self, command: syntax.MailCommand) -> None:
        self.forgive()  # what the hop refuses is no mistake of the client
        hop, answer = await self.front.next_hop.begin(self.line, self._xforward, per_recipient=self.per_recipient)
        if hop is not None and answer.ok and replies.possible(answer):
            self._open = _Open(hop, self.line, command)
        elif hop is not None:
            self.front.spawn(hop.abandon())
        await self._hand_back(answer, yes=self._open is not None)

    async def smtp_RCPT(self, argument: bytes) -> None:
        opened = self._open
        if opened is None:
            await self._out_of_order(replies.MAIL_FIRST)
            return
        if len(opened.recipients) >= self.limits.recipients:
            await self.write(replies.TOO_MANY_RECIPIENTS)
            return
        command = syntax.rcpt(argument, smtputf8=opened.mail.smtputf8)
        if isinstance(command, Reply):
            await self.write(command)
        elif (refusal := self._missing(command.needs)) is not None:
            await self.write(refusal)
        else:
            answer = await opened.hop.rcpt(self.line)
            accepted = answer.ok and replies.possible(answer)
            if accepted:
                opened.recipients.append(command.recipient)
                opened.rcpt_lines.append(self.line)
            await self._hand_back(answer, yes=accepted)

    async def _hand_back(self, answer: HopReply, *, yes: bool) -> None:
        """The hop's reply unchanged, or 451 when it is none that the hop can give, or says yes where nothing was
        opened.
        """
        impossible = not replies.possible(answer) or (answer.ok and not yes)
        await self.write(replies.FAULT if impossible else answer.wire)

    async def _out_of_order(self, reply: Reply) -> None:
        """503, but 451 after a fault of ours took the transaction away: the client did nothing wrong."""
        await (self.write(replies.FAULT) if self._failed else self.mistake(reply))

    # --- message ---

    async def smtp_DATA(self, argument: bytes) -> None:
        opened = self._open
        if opened is None or not opened.recipients:
            await self._out_of_order(replies.RCPT_FIRST)
        elif argument:
            await self.mistake(replies.BAD_ARGUMENT)
        elif self.unread() or self.gone():
            await self.end(replies.OUT_OF_STEP)
        elif (reservation := self.front.room.reserve(opened.mail.size)) is None:
            await self.write(replies.NO_ROOM)
        else:
            await self._message(opened, reservation)

    async def _message(self, opened: _Open, reservation: Reservation) -> None:
        received = None
        try:
            data.prime(self._reader)
            await self.write(replies.GO_AHEAD)
            received = await self._receive(reservation)
        finally:
            if not isinstance(received, data.Received):  # otherwise the case in hand releases it, and may outlive us
                reservation.release()
        if received is None:
            return
        if isinstance(received, Reply):
            self.reset()
            self.front.count(received)
            await self._answer((replies.spoken(received),) * len(opened.recipients))
            return
        case = self._case(opened, received, reservation)
        self._open = None
        self.reset()
        self.front.spawn(case.run())
        del received
        await self._answer(await asyncio.shield(case.words))

    async def _receive(self, reservation: Reservation) -> data.Received | Reply | None:
        """The message, the reply that refuses it, or None when the session is at its end."""
        now = self.loop.time()
        self._data_by = now + self.limits.data_timeout
        self.read_until(min(self._data_by, now + self.limits.data_idle_timeout))
        try:
            chunks = await data.read(self._reader, self.limits, reservation)
        except TimeoutError:
            await self.end(replies.TIMED_OUT)
            return None
        except data.EndlessError as endless:
            await self.end(endless.reply)
            return None
        except (ConnectionError, EOFError):
            raise
        except Exception as fault:  # noqa: BLE001 - what is left of the message must not be taken for commands
            report(fault, "data")
            await self.end(replies.BROKEN)
            return None
        finally:
            self._deadline = self._data_by = None
        return chunks if isinstance(chunks, Reply) else self._prepared(chunks)

    def _prepared(self, chunks: list[bytes]) -> data.Received | Reply:
        try:
            return data.prepare(chunks, self.limits)
        except Exception as fault:  # noqa: BLE001 - promise 4: whatever it is, 451
            report(fault, "data")
            return replies.FAULT

    def _case(self, opened: _Open, received: data.Received, reservation: Reservation) -> Case:
        submission = Submission(
            envelope=Envelope(opened.mail.sender, tuple(opened.recipients)),
            data=received.data,
            bare_line_ends=received.bare_line_ends,
            client=self.client,
            helo=self.helo,
            xforward=self._xforward,
            listener=self.front.settings.facts,
            mail_line=opened.mail_line,
            rcpt_lines=tuple(opened.rcpt_lines),
        )
        return Case(
            submission=submission,
            hop=opened.hop,
            judge=self.front.judge,
            spawn=self.front.spawn,
            count=self.front.count,
            gone=self.gone,
            reservation=reservation,
            patience=self.limits.inspection_timeout,
            dot_by=self.loop.time() + self.limits.dot_timeout,
            second=self.front.second,
        )

    async def _answer(self, words: tuple[HopReply, ...]) -> None:
        """The answer to the dot."""
        self.forgive()
        told = words if self.per_recipient else (worst(words),)
        await self.write(b"".join(word.wire for word in told))


_SHARED = frozenset({b"MAIL", b"RCPT", b"DATA", b"RSET", b"NOOP", b"VRFY", b"HELP", b"QUIT", b"XFORWARD"})


class SmtpSession(Commands):
    """SMTP: one answer for all recipients."""

    protocol: ClassVar[str] = "ESMTP"
    per_recipient: ClassVar[bool] = False
    verbs: ClassVar[frozenset[bytes]] = _SHARED | {b"EHLO", b"HELO"}

    async def smtp_EHLO(self, argument: bytes) -> None:
        await self.greet(argument, extended=True)

    async def smtp_HELO(self, argument: bytes) -> None:
        await self.greet(argument, extended=False)


class LmtpSession(Commands):
    """LMTP: one answer per accepted RCPT command, in order, duplicates included (RFC 2033 §4.2)."""

    protocol: ClassVar[str] = "LMTP"
    per_recipient: ClassVar[bool] = True
    verbs: ClassVar[frozenset[bytes]] = _SHARED | {b"LHLO"}

    async def smtp_LHLO(self, argument: bytes) -> None:
        await self.greet(argument, extended=True)
