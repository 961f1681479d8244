"""What people of a care structure send on an ordinary day, without a word of health: the letters that every client of
`clients.py` writes in its own manner."""

from __future__ import annotations

import functools
import io
from dataclasses import dataclass

from PIL import Image, ImageDraw

from tests.core.formats import build


@dataclass(frozen=True, slots=True)
class File:
    """A file of a letter; `cid` is not empty when the HTML shows it."""

    name: str
    type: str
    data: bytes
    cid: str = ""


@dataclass(frozen=True, slots=True)
class Letter:
    """`text`: paragraphs separated by empty lines, "\\n" line ends. `quoted`: the text that is answered."""

    title: str
    subject: str
    text: str
    pictures: tuple[File, ...] = ()
    files: tuple[File, ...] = ()
    quoted: str = ""


@functools.cache
def logo(number: int, format: str = "PNG", width: int = 160) -> bytes:  # noqa: A002
    """A flat drawing as signatures carry: two colours and a round."""
    picture = Image.new("RGB", (width, width // 3), (250, 250, 250 - number))
    pen = ImageDraw.Draw(picture)
    pen.ellipse((4, 4, 44, 44), fill=(40 * number % 255, 90, 160))
    pen.rectangle((60, 18, width - 6, 30), fill=(20, 20 * number % 255, 90))
    out = io.BytesIO()
    picture.save(out, format)
    return out.getvalue()


@functools.cache
def photo(width: int = 1600, height: int = 1200, sharp: int = 40) -> bytes:
    """A JPEG of soft shapes under fine grain, as a camera gives; `sharp` makes it heavier."""
    ground = Image.linear_gradient("L").resize((width, height))
    grain = Image.effect_noise((width, height), sharp)
    picture = Image.merge("RGB", (ground, grain, Image.blend(ground, grain, 0.3)))
    pen = ImageDraw.Draw(picture)
    for n in range(9):
        pen.ellipse((n * width // 9, height // 3, n * width // 9 + 150, height // 3 + 200), fill=(90, 140, 20 * n))
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=90)
    return out.getvalue()


def _shown(number: int, format: str = "PNG") -> File:  # noqa: A002
    return File(f"image{number:03}.{format.lower()}", f"image/{format.lower()}", logo(number, format), f"logo{number}")


_PDF = "application/pdf"
_DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_SIGNED = (
    "\n\n-- \nClaire Dubois\nSecrétariat de direction\nRésidence des Tilleuls – 3, rue de l’Église\nTél. 02 00 00 00 00"
)
_LINK = "https://suivi.transporteur.example/colis?jeton=" + "4fQz8LmB2yXc7RkT0vWn5HsJ1dGpAe9U" * 4
_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ0a7m1cR9zq2kLw5xv8Tt3Yb6Nf4Hh1Jd0PsGeUaVoQ secretariat@tilleuls"
_PASTED = (
    "Bonjour,\n\nVoici les lignes que vous demandiez :\n\nContent-Type: text/plain; charset=utf-8\n"
    "Content-Transfer-Encoding: 8bit\nReceived: from mail.tilleuls.example\n\nBien à vous"
)
_ICS = (
    b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nMETHOD:REQUEST\r\nBEGIN:VEVENT\r\nUID:7f3a@tilleuls.example\r\n"
    b"DTSTART:20261130T090000Z\r\nDTEND:20261130T100000Z\r\nSUMMARY:Visite de l'ascensoriste\r\n"
    b"LOCATION:Salle Mimosa\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
)


def _scan() -> bytes:
    return build.pdf("Bon de livraison numero 4512", "Quantite : douze cartons de papier")


LETTERS: tuple[Letter, ...] = (
    Letter("short", "Réunion de jeudi", "Bonjour Jean,\n\nLa réunion est déplacée à 14 h 30, salle Mimosa.\n\nClaire"),
    Letter("signed with a logo", "Devis ascenseur", "Bonjour,\n\nMerci de votre devis." + _SIGNED, (_shown(1),)),
    Letter("five logos", "Invitation : marché de Noël", "Chers partenaires,\n\nNous vous attendons le 12 décembre."
           + _SIGNED, (_shown(1), _shown(2, "GIF"), _shown(3), _shown(4, "JPEG"), _shown(5))),
    Letter("one PDF", "Facture 2026-118", "Bonjour,\n\nVeuillez trouver ci-joint la facture." + _SIGNED, (_shown(1),),
           (File("facture-2026-118.pdf", _PDF, build.pdf("Facture 2026-118", "Total : 1 250 EUR")),)),
    Letter("office files", "Planning et budget", "Bonjour,\n\nVoici les deux tableaux à jour.", (), (
        File("Compte rendu n°4.docx", _DOCX, build.docx("Compte rendu du comité des fêtes")),
        File("budget prévisionnel.xlsx", _XLSX, build.xlsx([["Poste", "Montant"], ["Papeterie", 120.0]])))),
    Letter("a long accented name", "Règlement intérieur", "Bonjour,\n\nPour relecture, merci d’avance.", (), (
        File("Règlement intérieur de la résidence – version relue par la direction générale (été 2026).pdf", _PDF,
             build.pdf("Reglement interieur")),)),
    Letter("a reply", "RE: Livraison", "Bonjour,\n\nC’est noté, merci." + _SIGNED, (_shown(1),), (),
           "Bonjour Claire,\n\nNous livrons mardi matin.\n\n> D’accord pour mardi ?\n\n-- \nJean Martin\n"
           "_______________________________________________\n-----Message d’origine-----"),
    Letter("a photograph", "Photo de la façade", "Bonjour,\n\nVoici la façade après les travaux.", (), (
        File("IMG_2041.jpeg", "image/jpeg", photo(1024, 768, 12)),)),
    Letter("an invitation", "Visite de l’ascensoriste", "Bonjour,\n\nJe vous envoie l’invitation.", (), (
        File("invite.ics", "text/calendar", _ICS),)),
    Letter("text files", "Export du logiciel", "Bonjour,\n\nCi-joint l’export.", (), (
        File("export.csv", "text/csv", "Réf;Libellé;Qté\r\n12;Rideaux ignifugés;40\r\n".encode("cp1252")),
        File("lisez-moi.txt", "text/plain", "Ouvrir l’export avec un tableur.\r\n".encode()))),
    Letter("links and keys", "Suivi du colis", f"Bonjour,\n\n{_LINK}\n\n.ligne qui commence par un point\n"
           f"From here on\n{_KEY}\n\n-----\nÀ bientôt" + _SIGNED, (_shown(2),)),
    Letter("pasted headers", "Diagnostic de messagerie", _PASTED),
    Letter("forwarded in the text", "TR: Contrat d’entretien", "Bonjour,\n\nPour information." + _SIGNED
           + "\n\n---------- Forwarded message ---------\nDe : Jean Martin <jean@ordinaire.example>\n"
           "Date: mar. 24 nov. 2026 à 18:02\nSubject: Contrat d’entretien\nTo: <secretariat@tilleuls.example>\n\n"
           "Bonjour,\n\nVoici le contrat pour signature.\n\nJean", (_shown(1),)),
    Letter("a long text", "Compte rendu de la réunion des fournisseurs", "\n\n".join(
        f"Point {n}. Le fournisseur de linge livre le mardi ; le prix du kilo reste à 1,20 €, révisé en janvier = +2 %."
        for n in range(1, 60))),
    Letter("only a scan", "Numérisation du copieur", "", (), (File("SKM_C25826112509120.pdf", _PDF, _scan()),)),
)  # fmt: skip
