"""Raw bytes to a Message: an own, lean MIME walk. CPython's `email` has quadratic traps and is some fifty times
slower."""

from mss_guard.core.mime.charsets import decode as decode_text
from mss_guard.core.mime.charsets import lookup as codec
from mss_guard.core.mime.charsets import warm
from mss_guard.core.mime.headers import Header
from mss_guard.core.mime.parameters import clean_name
from mss_guard.core.mime.parameters import words as decode_words
from mss_guard.core.mime.parts import Head, Message, Part
from mss_guard.core.mime.second import announced
from mss_guard.core.mime.transfer import uu_blocks
from mss_guard.core.mime.walk import parse

__all__ = [
    "Head",
    "Header",
    "Message",
    "Part",
    "announced",
    "clean_name",
    "codec",
    "decode_text",
    "decode_words",
    "parse",
    "uu_blocks",
    "warm",
]
