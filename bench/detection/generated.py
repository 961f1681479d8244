"""Cases that are made up by the thousand: signatures, national numbers in every writing, order numbers of goods."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator

from bench.detection.cases import Case, message

_FIRST = "Hélène Karim Sandrine Jean-Luc Fatima Paul Inès Olivier Maud Thierry Léa Rachid Claire Bruno Noémie".split()
_LAST = "Marchand Benali LEROUX Perrin DA SILVA Petit MOREAU Garnier Lefèvre DUBOIS Roux ANDRÉ Vidal Colin".split()
_CALLED = (
    "Docteur {}",
    "Dr {}",
    "Pr {}",
    "{}",
    "Mme {}",
    "M. {}",
    "Madame {}",
    "{}, IDE",
)
_ROLES = (
    "Médecin coordonnateur",
    "Gériatre, praticien hospitalier",
    "Infirmière coordinatrice (IDEC)",
    "Psychologue clinicienne",
    "Cheffe de service éducatif",
    "Secrétaire médicale",
    "Kinésithérapeute D.E.",
    "Assistante sociale",
    "Cadre de santé, pôle gériatrie",
    "Pharmacien gérant",
    "Ergothérapeute",
    "Oncologue médical",
    "Directrice adjointe",
    "Chirurgien orthopédiste",
    "Sage-femme coordinatrice",
    "Éducateur spécialisé",
)
_HOUSES = (
    "EHPAD Résidence du Parc",
    "SSIAD du Val de Loire",
    "IME Les Glycines",
    "Centre hospitalier de Brive, service de cardiologie",
    "Unité de soins palliatifs, CHU de Nantes",
    "MDPH de la Mayenne",
    "CAMSP de Cholet",
    "Centre de lutte contre le cancer Les Ormes",
    "Clinique psychiatrique du Lac",
    "HAD Saint-Jean, soins à domicile",
    "Centre d'addictologie Horizon",
    "Unité Alzheimer Les Mimosas",
    "Laboratoire d'analyses Bioval",
    "Institut du rein et de la dialyse",
    "Maison de santé pluriprofessionnelle du Bourg",
    "Foyer d'accueil médicalisé Le Chêne",
)
_CODES = ("RPPS 10003456786", "N° ADELI 441234567", "FINESS 750712184", "Tél. 02 40 12 34 56", "AM 441234567", "")
_ASIDES = (
    "",
    "Consultations le mardi et le jeudi sur rendez-vous : 02 40 12 34 56",
    (
        "Ce message peut contenir des données de santé couvertes par le secret médical. Si vous l'avez reçu par erreur, "
        "merci de le détruire et d'en avertir l'expéditeur."
    ),
    "Ensemble, prenons soin de nos aînés - Certifié HAS 2025",
    "Ne pas envoyer de données de santé à cette adresse : notre messagerie sécurisée est secretariat@parc.mssante.fr",
)
_NOTHING = (
    "Bonjour,\n\nBien reçu, merci.",
    "Bonjour,\n\nC'est noté, à demain.",
    "Bonjour,\n\nVeuillez trouver ci-joint le document demandé.",
    "Bonjour,\n\nMerci de me rappeler dans la journée.",
    "",
    "Bonsoir,\n\nJe vous confirme ma présence à la réunion de jeudi.",
    "Bonjour,\n\nPouvez-vous me renvoyer le fichier ? Je n'arrive pas à l'ouvrir.",
)


def signatures(count: int = 600) -> Iterator[Case]:
    """Distinct mails that say nothing, with all that signatures of care units hold."""
    dice = random.Random("signatures")
    for i in range(count):
        name = dice.choice(_CALLED).format(f"{dice.choice(_FIRST)} {dice.choice(_LAST)}")
        block = [name, *dice.sample(_ROLES, dice.choice((1, 1, 2))), dice.choice(_HOUSES)]
        block += [line for line in dice.sample(_CODES, 3) if line]
        closing = dice.choice(("Cordialement,\n", "Bien cordialement\n\n", "-- \n", "Bonne journée,\n\n", ""))
        aside = dice.choice(_ASIDES)
        body = f"{dice.choice(_NOTHING)}\n\n{closing}" + "\n".join(block) + (f"\n\n{aside}" if aside else "")
        subject = dice.choice(("Réunion", "Re: document", "Bonjour", f"{dice.choice(_HOUSES)}", "Rappel", ""))
        yield Case(f"signature-{i}", "signatures", "signatures", "no", message(subject, body))


# --- national numbers -------------------------------------------------------------------------------------------------

_NUMBERS = "2790351215189 2770763220829 1850578006084 155102A004012 272072B300012 1990197411123 2841299126111".split()
_NUMBERS += ["1703098765432", "7850578006084"]
_GAPS = {
    "plain": "",
    "spaces": " ",
    "dots": ".",
    "dashes": "-",
    "no-break spaces": "\u00a0",
    "narrow no-break spaces": "\u202f",
    "slashes": "/",
}
_CARE = (
    "Bonjour,\n\nPansement refait ce matin, plaie propre. Matricule INS {}. Prochain passage jeudi.",
    "Bonjour,\n\nRésultat de la prise de sang joint pour le n° de sécurité sociale {}.",
    "Bonjour,\n\n{} : hospitalisation demandée, merci de rappeler le service.",
)


def key_of(number: str) -> str:
    """The key by the book: 97 minus the number modulo 97, Corsica's departments as 19 and 18."""
    return f"{97 - int(number.replace('2A', '19').replace('2B', '18')) % 97:02d}"


def national_numbers() -> Iterator[Case]:
    """Nine numbers in eight writings, Corsica among them, each in three mails of care."""
    for number in _NUMBERS:
        groups = [number[0], number[1:3], number[3:5], number[5:7], number[7:10], number[10:13]]
        writings = {way: gap.join([*groups, key_of(number)]) for way, gap in _GAPS.items()}
        writings["key named"] = f"{' '.join(groups)} clé {key_of(number)}"
        for (way, written), (i, text) in itertools.product(writings.items(), enumerate(_CARE)):
            raw = message("Suivi", text.format(written))
            yield Case(f"nir-{number[:5]}-{way}-{i}", "national numbers", "national numbers", "yes", raw)


_ORDERS = (
    "Bonjour,\n\nVotre commande n° {} a été expédiée ce matin. Livraison prévue jeudi entre 8 h et 12 h.\n\nLe service client",
    "Bonjour,\n\nMerci de régler la facture {} de 412,60 € TTC sous 30 jours (gants, compresses, protections).\n\nCordialement,\nLa comptabilité",
    "Bonjour,\n\nColis {} : deux cartons de pansements hydrocolloïdes et un lit médicalisé, merci de contrôler à réception.",
    "Bonjour,\n\nSuite à votre appel, le numéro de suivi est {}. Le transporteur passera au bureau de Mme Garnier, comptable.",
    "Bonjour,\n\nRéférence {} : le fauteuil roulant de prêt est à rendre, bon de retour joint.\n\nMerci,\nLe magasin",
)


def order_numbers(count: int = 10_000) -> Iterator[Case]:
    """Commercial mails around random numbers of 15 digits, one in some hundreds with a right key by chance."""
    dice = random.Random("orders")
    for i in range(count):
        number = str(dice.randrange(10**14, 10**15))
        raw = message("Votre commande", _ORDERS[i % len(_ORDERS)].format(number))
        yield Case(f"order-{number}", "order numbers", "order numbers", "no", raw)
