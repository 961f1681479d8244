"""Messages whose verdict the house has decided in advance, and what becomes of one attachment of each common kind."""

from __future__ import annotations

import functools
import io
import tempfile
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from mss_guard.core.model import Action
from tests.oracles.clients import CLIENTS, write
from tests.oracles.letters import LETTERS, logo, photo
from tests.oracles.programs import signature
from tests.oracles.verdicts import Judged, judge_all

_CLAUSE = (
    "Article {n}. Le prestataire assure l'entretien des ascenseurs de la residence, deux visites par an, et remet un "
    "rapport au directeur dans les huit jours. Le prix est revu chaque annee selon l'indice du batiment. Les parties "
    "peuvent mettre fin au contrat avec un preavis de trois mois, par lettre recommandee."
)


@functools.cache
def scanned(pages: int, text: str = _CLAUSE) -> bytes:
    """A PDF of pages that are pictures of printed text, at 150 dpi, as a copier makes it."""
    font = ImageFont.load_default(28)
    drawn = []
    for n in range(1, pages + 1):
        page = Image.new("L", (1240, 1754), 252)
        words = text.format(n=n).split()
        pen = ImageDraw.Draw(page)
        for row in range(0, len(words), 9):
            pen.text((110, 140 + row * 6), " ".join(words[row : row + 9]), fill=20, font=font)
        drawn.append(page)
    out = io.BytesIO()
    drawn[0].save(out, "PDF", save_all=True, append_images=drawn[1:], resolution=150)
    return out.getvalue()


def movie(brand: bytes = b"qt  ") -> bytes:
    """The boxes of a QuickTime or MP4 file (ISO 14496-12 §4): type, media data, index."""
    boxes = ((b"ftyp", brand + b"\0\0\2\0" + brand), (b"mdat", bytes(range(256)) * 400), (b"moov", b"\0" * 200))
    return b"".join((len(body) + 8).to_bytes(4, "big") + kind + body for kind, body in boxes)


def drawing() -> bytes:
    """A DWG of 2018 (AC1032) by its first octets; what follows is compressed."""
    return b"AC1032" + b"\0" * 6 + bytes((n * 97 + n // 7) % 256 for n in range(60_000))


def mail(text: str, name: str, kind: str, data: bytes, subject: str = "Documents") -> bytes:
    message = EmailMessage()
    message["From"], message["To"] = "Claire <claire@tilleuls.example>", "jean@ordinaire.example"
    message["Subject"] = subject
    message.set_content(text)
    major, minor = kind.split("/")
    message.add_attachment(data, maintype=major, subtype=minor, filename=name)
    return message.as_bytes(policy=SMTP)


_HELLO = "Bonjour Jean,\n\nVoici le fichier convenu.\n\nClaire"
_PASS, _REFUSED = Action.RELAY, Action.REFUSE


def cases() -> dict[str, tuple[bytes, Action]]:
    """What is sent → the message and the action it must meet."""
    return {
        "a 40-page scanned contract": (mail(_HELLO, "contrat.pdf", "application/pdf", scanned(40)), _PASS),
        "a .mov with « vidéo de la kermesse »": (
            mail("Bonjour,\n\nVoici la vidéo de la kermesse.", "IMG_0412.mov", "video/quicktime", movie()), _PASS),
        "the same .mov with « crise de Léo, avis du pédopsychiatre »": (
            mail("Bonjour,\n\nCrise de Léo, avis du pédopsychiatre.", "IMG_0412.mov", "video/quicktime", movie()), _REFUSED),
        "a .dwg": (mail(_HELLO, "niveau-1.dwg", "application/acad", drawing()), _PASS),
        "a signed mail (.p7s)": (signed(), _PASS),
        "five logos": (write(CLIENTS[0], LETTERS[2], 1), _PASS),
    }  # fmt: skip


@functools.cache
def signed() -> bytes:
    """An Outlook letter under a detached S/MIME signature."""
    with tempfile.TemporaryDirectory() as where:
        return signature(write(CLIENTS[0], LETTERS[3], 2), Path(where))


ATTACHED: dict[str, tuple[str, str]] = {
    "a signature logo": ("logo.png", "image/png"),
    "a 3 MB photo": ("IMG_2041.jpeg", "image/jpeg"),
    "an .mp4": ("film.mp4", "video/mp4"),
    "an image-only PDF, printed text": ("numerisation.pdf", "application/pdf"),
    "an image-only PDF, nothing legible": ("croquis.pdf", "application/pdf"),
}


def attached() -> dict[str, bytes]:
    """One message for each row of the table of states; the .p7s has a letter of its own."""
    big = photo(2600, 1900, 60)
    data = {
        "a signature logo": logo(1),
        "a 3 MB photo": big,
        "an .mp4": movie(b"isom"),
        "an image-only PDF, printed text": scanned(1),
        "an image-only PDF, nothing legible": scanned(1, "~ ~~ ~ ~~~ ~ ~~ ~~~ ~"),
    }
    letters = {row: mail(_HELLO, *ATTACHED[row], data[row]) for row in ATTACHED}
    return letters | {"a .p7s": signed()}


def shape(judged: Judged) -> str:
    """The states of what is attached, the body left out."""
    places = [p for p in judged.assessment.places if p.type not in ("text/plain", "text/html")]
    return ", ".join(f"{p.type} {p.state.value}{f' ({p.why.value})' if p.why else ''}" for p in places)


def report() -> bool:
    """Prints both tables; True when every case met its action."""
    wanted = cases()
    judged = judge_all([*((name, raw) for name, (raw, _) in wanted.items()), *attached().items()])
    print("| sent | wanted | action | level | states |\n|---|---|---|---|---|")
    for name, value in judged.items():
        action = wanted[name][1].value if name in wanted else "—"
        print(f"| {name} | {action} | {value.action.value} | {value.assessment.level.value} | {shape(value)} |")
    return all(judged[name].action is action for name, (_, action) in wanted.items())
