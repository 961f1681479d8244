"""Verdict → words: replies for the mail servers, a French letter for the people."""

from mss_guard.core.notice.letter import Letterhead, Occasion, compose_notice, may_notify, says_automatic, wanted
from mss_guard.core.notice.replies import replies, reply

__all__ = ["Letterhead", "Occasion", "compose_notice", "may_notify", "replies", "reply", "says_automatic", "wanted"]
