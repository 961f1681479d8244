"""Verdict → words: replies for the mail servers, a letter in plain French for the people."""

from mss_guard.core.notice.letter import compose_notice
from mss_guard.core.notice.occasion import Occasion, Suggested, may_notify, says_automatic, wanted
from mss_guard.core.notice.replies import replies, reply
from mss_guard.core.notice.stationery import Letterhead, Stationery, prepare, rule_words

__all__ = [
    "Letterhead",
    "Occasion",
    "Stationery",
    "Suggested",
    "compose_notice",
    "may_notify",
    "prepare",
    "replies",
    "reply",
    "rule_words",
    "says_automatic",
    "wanted",
]
