"""Figures of the journal → documents for those who answer for it: the monthly report (HTML), the entry of the violation register."""

from mss_guard.core.report.figures import (
    FOLLOWED_WITHIN,
    INTO,
    OUTSIDE,
    UNREAD,
    Act,
    Count,
    Day,
    Domain,
    Figures,
    Gone,
    Period,
    Standing,
    Week,
    following,
    french,
    last_month,
    monday,
    month,
)
from mss_guard.core.report.page import page
from mss_guard.core.report.register import Entry, as_json, as_text, entry
from mss_guard.core.report.takeaway import csv_lines, json_lines, safe

__all__ = [
    "FOLLOWED_WITHIN",
    "INTO",
    "OUTSIDE",
    "UNREAD",
    "Act",
    "Count",
    "Day",
    "Domain",
    "Entry",
    "Figures",
    "Gone",
    "Period",
    "Standing",
    "Week",
    "as_json",
    "as_text",
    "csv_lines",
    "entry",
    "following",
    "french",
    "json_lines",
    "last_month",
    "monday",
    "month",
    "page",
    "safe",
]
