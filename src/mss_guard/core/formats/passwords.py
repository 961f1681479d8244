"""The words of a message that may be a password, the likeliest first.

What people write: "mot de passe : Tilleuls2026", "le code est 1234", "mdp = date de naissance (JJMMAAAA)", a second
line or a text file with the bare word, the subject."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from mss_guard.core.model import Text

MAX_CANDIDATES = 400  # a letter of two pages has 60; the work of trying them has its own bound (`unlocking`)
MAX_LOOKED = 500_000  # characters of all texts looked at; a cue stands in the letter, not in the 300th page
_LEAST, _MOST = 3, 64  # characters of a password; Word takes 15 and more, WinZip 80
_MAX_CUES = 40  # of one text: a contract speaks of its codes on every page
_NEAR = 8  # words behind a cue

_CUE = re.compile(
    r"mots?\s+de\s+passe|mot\s+(?:secret|clef?)|mdp|m\.d\.p\.?|passwords?|passwd|passphrase|pwd|\bpass\b|\bcodes?\b|\bcl(?:é|e|ef)s?\b"
    r"|\bpin\b|\bsecret\b|d[ée]verrouill\w+|d[ée]crypt\w+|d[ée]chiffr\w+|kennwort",
    re.IGNORECASE,
)
_TAIL = re.compile(r"[^\r\n]{0,160}(?:\r?\n[^\r\n]{0,80}){0,2}")
_SAID = re.compile(r"(?:[:=]|\best\b|\bis\b|->|→)\s*([^\r\n]{1,64})")
_QUOTED = re.compile(r"[\"“«'‘`<(\[]\s*([^\"”»'’`>)\]\r\n]{3,64}?)\s*[\"”»'’`>)\]]")
_DATE = re.compile(r"(?<!\d)([0-3]?\d)[/. -]([01]?\d)[/. -]((?:19|20)\d\d)(?!\d)")
_NIR = re.compile(r"(?<!\d)([1-478](?:[ .]?\d){4}(?:[ .]?[0-9ABab]){2}(?:[ .]?\d){6})((?:[ .]?\d){2})?(?!\d)")
_EDGES = " \t.,;:!?\"'“”«»‘’`<>()[]{}|…\xa0"
_CLASSES = (re.compile(r"\d"), re.compile(r"[a-zà-ÿ]"), re.compile(r"[A-ZÀ-Þ]"), re.compile(r"[^\w\s]|_"))


def candidates(texts: Iterable[Text]) -> tuple[str, ...]:
    """At most MAX_CANDIDATES distinct words: those near a cue, dates and numbers as a password is made of them, then
    every word that looks like one."""
    looked = _within(texts)
    found: dict[str, None] = {}
    for source in (_near_cues, _alone, _dates, _numbers, _odd_words):
        for text in looked:
            for word in source(text):
                if _LEAST <= len(word) <= _MOST:
                    found.setdefault(word)
            if len(found) >= MAX_CANDIDATES:
                return tuple(found)[:MAX_CANDIDATES]
    return tuple(found)


def _within(texts: Iterable[Text]) -> list[str]:
    kept: list[str] = []
    room = MAX_LOOKED
    for text in texts:
        if room <= 0:
            break
        kept.append(text.text[:room])
        room -= len(text.text)
    return list(dict.fromkeys(kept))


def _near_cues(text: str) -> Iterator[str]:
    for n, cue in enumerate(_CUE.finditer(text)):
        if n >= _MAX_CUES:
            return
        tail = _TAIL.match(text, cue.end())
        near = tail[0] if tail else ""
        for said in _SAID.finditer(near):
            first = said[1].split()[:1]
            yield from _forms(first[0] if first else "")
            yield said[1].strip()
            yield said[1].strip(_EDGES)
        for quoted in _QUOTED.finditer(near):
            yield quoted[1]
        for word in near.split()[:_NEAR]:
            yield from _forms(word)


def _forms(word: str) -> Iterator[str]:
    """As it stands, and without what a sentence puts around it: "Sesame!" may or may not end in a mark."""
    yield word.rstrip(".,;:")
    yield word.strip(_EDGES)
    yield word


def _alone(text: str) -> Iterator[str]:
    """Words that have a line for themselves."""
    for line in text.splitlines()[:400]:
        word = line.strip()
        if word and " " not in word and len(word) <= _MOST and sum(bool(c.search(word)) for c in _CLASSES) >= 1:
            yield word


def _dates(text: str) -> Iterator[str]:
    for n, (day, month, year) in enumerate(_DATE.findall(text)):
        if n >= 10:
            return
        d, m = day.zfill(2), month.zfill(2)
        yield from (f"{d}{m}{year}", f"{d}{m}{year[2:]}", f"{d}/{m}/{year}", f"{year}{m}{d}", f"{d}-{m}-{year}")
        yield from (f"{d}.{m}.{year}", f"{year}-{m}-{d}")


def _numbers(text: str) -> Iterator[str]:
    """A social security number without its blanks, with and without its key."""
    for number, key in _NIR.findall(text)[:10]:
        bare = re.sub(r"[ .]", "", number)
        yield bare
        yield bare + re.sub(r"[ .]", "", key)


def _odd_words(text: str) -> Iterator[str]:
    """Words of two sorts of characters at least (letters and figures, capitals within, signs), or of six figures."""
    for word in text.split():
        bare = word.strip(_EDGES)
        if len(bare) < 4 or len(bare) > _MOST or "@" in bare[1:-1] or "://" in bare:
            continue
        sorts = [bool(c.search(bare)) for c in _CLASSES]
        if (sorts[0] and sum(sorts) >= 2) or bare.isdecimal() or (sum(sorts) >= 2 and not bare.istitle()):
            yield from dict.fromkeys((bare, word.rstrip(".,;:"), word))
