"""Recipients who are reached by another road than the next hop: one transaction of its own there, with the same words.

Over smtp one answer stands for both roads. Where the second took the message and the first did not, the client comes again with all of it;
what was taken is remembered, so that nobody on the second road receives it twice.
"""

from __future__ import annotations

import hashlib
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence

from mss_guard.core.model import HopReply
from mss_guard.edge.smtp_server.ports import NextHop, Submission

REMEMBERED = 10_000
FOR = 6 * 86_400.0  # seconds: longer than a client's queue tries (RFC 5321 §4.5.4.1: four to five days)


class SecondRoad:
    """`hop`: where it leads. The memory is this process's: after a restart a retry may bring one duplicate."""

    def __init__(self, hop: NextHop, clock: Callable[[], float] = time.monotonic) -> None:
        self._hop, self._clock, self._key = hop, clock, secrets.token_bytes(32)
        self._taken: OrderedDict[bytes, float] = OrderedDict()

    async def deliver(
        self, submission: Submission, indexes: Sequence[int], body: bytes, dot_by: float
    ) -> list[HopReply]:
        """One answer for each of `indexes` among the submission's recipients. Over smtp all or none: one refusal, and nothing goes."""
        one_each = submission.listener.mode == "lmtp"
        hop, said = await self._hop.begin(
            submission.mail_line, (), per_recipient=one_each
        )  # the client's name is not the operator's business
        if hop is None:
            return [said] * len(indexes)
        answers: list[HopReply] = []
        try:
            for index in indexes:
                answers.append(await hop.rcpt(submission.rcpt_lines[index]))
                if not answers[-1].ok and not one_each:
                    return [answers[-1]] * len(indexes)
            taken = [n for n, answer in enumerate(answers) if answer.ok]
            if taken:  # the transaction counts the RCPT commands that were answered 2xx
                for n, last in zip(taken, await hop.deliver(tuple(range(len(taken))), body, dot_by), strict=True):
                    answers[n] = last
            return answers
        finally:
            await hop.abandon()

    def mark(self, submission: Submission, indexes: Sequence[int]) -> bytes:
        """What a second copy of this message to these recipients has in common with it."""
        made = hashlib.blake2b(key=self._key, digest_size=16)
        for line in (submission.mail_line, *(submission.rcpt_lines[i] for i in indexes)):
            made.update(line + b"\n")
        made.update(submission.data)
        return made.digest()

    def took(self, mark: bytes) -> bool:
        at = self._taken.get(mark)
        return at is not None and self._clock() - at < FOR

    def keep(self, mark: bytes) -> None:
        """The second road took it, and the first is not heard yet."""
        self._taken[mark] = self._clock()
        self._taken.move_to_end(mark)
        if len(self._taken) > REMEMBERED:
            self._taken.popitem(last=False)

    def forget(self, mark: bytes) -> None:
        """Both took it: the same message again is a new one."""
        self._taken.pop(mark, None)
