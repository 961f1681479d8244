"""Mails about staff at work, every one different: the names of a house's list among the words of its trade."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator

from mss_guard.core.people import Person

STAFF = tuple(
    Person(name, first)
    for first, name in (
        ("Sophie", "Leroy"), ("Karim", "Benali"), ("Nathalie", "Le Goff"), ("Jean-Luc", "Perrin"), ("Fatima", "El Amrani"),
        ("Inès", "De Sousa"), ("Maud", "Lefèvre"), ("Thierry", "Roussel"), ("Rachida", "Haddad"), ("Bruno", "Colin"),
        ("Noémie", "Chevallier"), ("Gaëlle", "Kerviel"), ("Aurélie", "Masson-Vidal"), ("Patrick", "Boulanger"),
        ("Coralie", "Mercier"), ("Ludovic", "Barbier"),
    )
)  # fmt: skip
"""Sixteen members of staff; Barbier, Boulanger and Mercier are words too."""

_SUBJECTS = (
    "Planning",
    "Formation",
    "Organisation",
    "Réunion de jeudi",
    "Groupe de travail",
    "Pour information",
    "Qualité",
    "Re: semaine 47",
)
_SAID = (
    "{n} présentera le protocole escarres jeudi à 14 h en salle de réunion.",
    "{n} anime l'atelier de prévention des chutes ; merci de vous inscrire auprès du secrétariat.",
    "{n} remplace l'infirmière de nuit les 12 et 13, et reprend ses horaires lundi.",
    "Le planning de {n} change : matin mardi, après-midi mercredi, repos jeudi.",
    "{n} suit la formation « soins palliatifs et douleur » du 3 au 5, elle sera absente du service.",
    "Pour les pansements, {n} a passé la commande trimestrielle, livraison prévue vendredi.",
    "Merci à {n} pour la mise à jour de la procédure contention et du classeur de soins.",
    "{n} est référent du circuit du médicament : adressez-lui vos remarques sur les piluliers.",
    "Le groupe de travail bientraitance, avec {n}, se réunit le 18 ; l'ordre du jour est joint.",
    "{n} a terminé son tutorat de trois élèves aides-soignants, le bilan est très bon.",
    "L'audit hygiène des mains sera mené par {n} la semaine prochaine, dans toutes les unités.",
    "Chers collègues, {n} rejoint l'équipe de jour comme ergothérapeute à mi-temps.",
    "{n} tiendra le stand vaccination de la journée portes ouvertes, venez nombreux.",
    "Je vous confirme que {n} est d'astreinte ce week-end, numéro habituel.",
    "{n} a demandé deux jours de congé en décembre, merci de valider dans le logiciel.",
    "Le chariot de soins du premier étage est réparé, {n} l'a récupéré ce matin.",
    "Entretien annuel de {n} : mercredi à 10 h dans mon bureau.",
    "{n} fera le point sur le projet d'unité Alzheimer à la prochaine réunion de direction.",
    "Pour la commission des repas, {n} propose un menu textures modifiées à goûter ensemble.",
    "La fiche de poste de l'infirmière coordinatrice est à relire avec {n} avant lundi.",
    "{n} a rédigé le compte rendu de la réunion douleur ; il est dans le dossier partagé.",
    "Stage : {n} encadrera deux étudiants infirmiers à partir du 4, merci de les accueillir.",
    "{n} vérifie les extincteurs et le défibrillateur vendredi matin.",
    "Suite au départ de l'ancienne cadre de santé, {n} assure l'intérim jusqu'au 31.",
    "La diététicienne et {n} revoient ensemble le protocole dénutrition de l'établissement.",
    "{n} présente au congrès de gériatrie un poster sur les chutes en EHPAD.",
    "Bravo à {n}, qui obtient son diplôme universitaire plaies et cicatrisation !",
    "{n} a mis à jour le tableau des gardes et des relèves de nuit.",
    "Qui peut covoiturer avec {n} pour la formation gestes et soins d'urgence à Angers ?",
    "Le badge de {n} ne fonctionne plus à la porte de la pharmacie, merci de voir avec l'informatique.",
    "{n} coordonne la campagne contre la grippe : affiches et calendrier suivent.",
    "Les transmissions se feront désormais à 13 h 30, {n} vous montrera le nouveau logiciel de soins.",
)  # fmt: skip
_CLOSINGS = ("Cordialement,", "Bonne journée,", "Merci à tous,", "Bien à vous,")


def _called(one: Person) -> tuple[str, ...]:
    she = one.first_name in {
        "Sophie",
        "Nathalie",
        "Fatima",
        "Inès",
        "Maud",
        "Rachida",
        "Noémie",
        "Gaëlle",
        "Aurélie",
        "Coralie",
    }
    civil = "Mme" if she else "M."
    return (
        f"{civil} {one.name}",
        f"{one.first_name} {one.name}",
        f"{one.name.upper()} {one.first_name}",
        one.first_name,
        f"{civil} {one.first_name} {one.name}",
        f"{'Madame' if she else 'Monsieur'} {one.name.upper()}",
    )


def staff_mails(count: int = 400) -> Iterator[tuple[str, str]]:
    """(subject, body), the same at each call; at most 16 · 6 · 32."""
    every = [(one, called, said) for one in STAFF for called, said in itertools.product(_called(one), _SAID)]
    dice = random.Random("staff")
    for one, called, said in dice.sample(every, count):
        more = said
        while more is said:
            more = dice.choice(_SAID)
        colleague = dice.choice([other for other in STAFF if other is not one])
        body = f"Bonjour,\n\n{said.format(n=called)}\n{more.format(n=dice.choice(_called(colleague)))}\n\n{dice.choice(_CLOSINGS)}\nLa direction\n"
        yield dice.choice(_SUBJECTS), body
