"""What a sender, a client or an evader does to a text without a reader noticing: each loses at most one point."""

from __future__ import annotations

import random
import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from email.message import EmailMessage

from bench.detection.cases import RECIPIENT, SENDER, Case, message, wrapped

Change = Callable[[str, random.Random], str]

_CYRILLIC = str.maketrans("aceopxyABCEHKMOPTX", "асеорхуАВСЕНКМОРТХ")
_FOOTER = (
    "\n\nVous recevez cette lettre d'information car vous êtes abonné à nos actualités. Pour vous désabonner, cliquez "
    "ici. Suivez-nous sur LinkedIn et Facebook. Ce message et ses pièces jointes sont confidentiels et destinés "
    "exclusivement à leurs destinataires. Pensez à l'environnement avant d'imprimer ce courriel."
)


def _without_accents(text: str, _: random.Random) -> str:
    return "".join(c for c in unicodedata.normalize("NFD", text) if not unicodedata.combining(c))


def _between_letters(sign: str) -> Change:
    return lambda text, _: re.sub(r"(?<=[^\W\d_])(?=[^\W\d_])", sign, text)


def _homoglyphs(text: str, dice: random.Random) -> str:
    return "".join(c.translate(_CYRILLIC) if dice.random() < 0.5 else c for c in text)


def _typos(text: str, dice: random.Random) -> str:
    def slip(match: re.Match[str]) -> str:
        word = match.group()
        if len(word) < 5 or dice.random() > 1 / 15:
            return word
        i = dice.randrange(1, len(word) - 2)
        return word[:i] + word[i + 1] + word[i] + word[i + 2 :]

    return re.sub(r"[^\W\d_]+", slip, text)


def _hyphens(text: str, dice: random.Random) -> str:
    def cut(match: re.Match[str]) -> str:
        word = match.group()
        if dice.random() > 1 / 6:
            return word
        i = dice.randrange(3, len(word) - 2)
        return f"{word[:i]}-\n{word[i:]}"

    return re.sub(r"[a-zà-ÿ]{7,}", cut, text)


def _wrap(text: str, width: int, mark: str = "") -> str:
    lines = []
    for paragraph in text.split("\n"):
        line = ""
        for word in paragraph.split(" "):
            if line and len(line) + 1 + len(word) > width:
                lines.append(mark + line)
                line = word
            else:
                line = f"{line} {word}" if line else word
        lines.append(mark + line)
    return "\n".join(lines)


def _mojibake(text: str, _: random.Random) -> str:
    return text.encode().decode("cp1252", "replace") if text else text


def _spaced(text: str, dice: random.Random) -> str:
    """One long word in three, letter by letter."""
    return re.sub(r"[^\W\d_]{6,}", lambda m: " ".join(m.group()) if dice.random() < 1 / 3 else m.group(), text)


def _bold(text: str, _: random.Random) -> str:
    """Mathematical bold letters, as "styled text" sites make them."""
    plain = _without_accents(text, _)
    return "".join(
        chr(0x1D400 + ord(c) - 65) if "A" <= c <= "Z" else chr(0x1D41A + ord(c) - 97) if "a" <= c <= "z" else c
        for c in plain
    )


TEXTUAL: Mapping[str, Change] = {
    "accents dropped": _without_accents,
    "zero-width characters": _between_letters("\u200b"),
    "soft hyphens": _between_letters("\u00ad"),
    "Cyrillic letters, one in two": _homoglyphs,
    "mathematical bold": _bold,
    "no-break spaces": lambda text, _: text.replace(" ", "\u00a0"),
    "hyphens at line ends": _hyphens,
    "typos, one long word in 15": _typos,
    "hard wrap at 30": lambda text, _: _wrap(text, 30),
    "UTF-8 read as Windows-1252": _mojibake,
    "ALL CAPITALS": lambda text, _: text.upper(),
    "all lower case": lambda text, _: text.lower(),
    "letters spaced, one long word in three": _spaced,
}


def cases(positives: list[tuple[str, str]]) -> Iterator[Case]:
    """Each (id, text) plain and in every class; the text is the body between greeting and signature."""
    for name, text in positives:
        for kind, raw in _variants(text, name):
            yield Case(f"{name}:{kind}", kind, "evasion", "yes", raw)


def _variants(text: str, seed: str) -> Iterator[tuple[str, bytes]]:
    def mail(body: str) -> bytes:
        return message("Suite à notre échange", wrapped(body, random.Random(seed)))

    yield "plain", mail(text)
    for kind, change in TEXTUAL.items():
        yield kind, mail(change(text, random.Random(seed)))
    quoted = "Voir ci-dessous.\n\nLe 2 nov. 2026 à 09:12, Équipe <equipe@autre.example> a écrit :\n"
    yield "quoted with > ", message("Re: suite", quoted + _wrap(text, 72, "> ") + "\n")
    yield "newsletter footer", message("Suite à notre échange", wrapped(text, random.Random(seed)) + _FOOTER)
    tagged = re.sub(r"([^\W\d_]{3})([^\W\d_]{2,})", r"\1<b></b><span style='color:#000'>\2</span>", text)
    yield "tags inside words", _html(tagged.replace("\n", "<br>\n"))
    entities = "".join(c if c in "\n<>&" else f"&#{ord(c)};" for c in text).replace("\n", "<br>\n")
    yield "HTML entities", _html(entities)


def _html(body: str) -> bytes:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = SENDER, RECIPIENT, "Suite à notre échange"
    mail.set_content(f"<html><body><p>Bonjour,</p><p>{body}</p></body></html>", subtype="html", cte="base64")
    return mail.as_bytes()
