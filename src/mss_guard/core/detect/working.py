"""Who in a text is only at work: a colleague beside a profession, in the list of those present, behind thanks, doing a job.

Whoever is told to be at work, or is written to, is nobody whose health the text tells.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from mss_guard.core.normalise import Folded
from mss_guard.core.rules.patterns import Pattern

_MOST = 500
PROFESSIONS = (
    "infirmier|infirmiere|ide|idec|idel|aide-soignant|aide-soignante|aide soignant|aide soignante|medecin|docteur"
    "|directeur|directrice|cadre|responsable|chef|cheffe|comptable|psychologue|neuropsychologue|secretaire"
    "|charge|chargee|educateur|educatrice|assistant|assistante|coordinateur|coordinatrice|coordonnateur|coordonnatrice"
    "|referent|referente|president|presidente|maire|adjoint|adjointe|avocat|avocate|notaire|juge|procureur"
    "|gestionnaire|conseiller|conseillere|formateur|formatrice|ergotherapeute|kinesitherapeute|kine|orthophoniste"
    "|psychomotricien|psychomotricienne|dieteticien|dieteticienne|pharmacien|pharmacienne|sage-femme|professeur"
    "|enseignant|enseignante|animateur|animatrice|agent|technicien|technicienne|commercial|commerciale|mandataire"
    "|tuteur|tutrice|curateur|curatrice|delegue|deleguee|directeurs|veterinaire|dentiste|ingenieur|consultant"
    "|consultante|salarie|salariee|auditeur|auditrice|intervenant|intervenante|inspecteur|inspectrice"
    "|rh|daf|drh|dsi|rssi|dpo|qualiticien|qualiticienne|gouvernante|cuisinier|lingere|ash|aes|ambulancier"
    "|chirurgien|chirurgienne|cardiologue|geriatre|psychiatre|radiologue|interne|externe|prestataire|fournisseur"
    "|oncologue|pneumologue|neurologue|urologue|gynecologue|dermatologue|ophtalmologue|ophtalmologiste|anesthesiste|pediatre"
    "|pedopsychiatre|addictologue|nephrologue|rhumatologue|gastroenterologue|endocrinologue|urgentiste|biologiste|generaliste"
    "|praticien|praticienne|podologue|pedicure|osteopathe|opticien|audioprothesiste|moniteur|monitrice|accompagnant"
    "|accompagnante|amp|aesh|juriste|veilleur|veilleuse|surveillant|surveillante|attache|attachee|logisticien|manipulateur"
    "|manipulatrice|chercheur|chercheuse|redacteur|redactrice|journaliste|deputee?|senateur|senatrice|conseillere|prefet"
    "|benevole|aumonier|gerant|gerante|electricien|plombier|livreur|chauffeur|boulanger|coiffeur|coiffeuse|notaires"
)
PROFESSION_WORDS = frozenset(PROFESSIONS.split("|"))
# On RE2, which reads hundreds of alternatives at once; Python's own engine tries one after the other.
_PROFESSION = PROFESSIONS.encode()
_AFTER = (
    rb"[\s,(:-]{1,4}(?:(?:notre|votre|la|le|l'|une|un|en qualite de|est|son|sa) ?)?"
    rb"(?:nouvelle? |future? |stagiaire |eleve |etudiante? |apprentie? )?(?:" + _PROFESSION + rb")\b"
)
PROFESSION_AFTER = Pattern(_AFTER)
_WORKING_BEFORE = Pattern(
    rb"(?:\b(?:" + _PROFESSION + rb")s?[\s,:-]{1,3}|\b(?:dr|docteur|pr|professeur|me|maitre)\.? ?"
    rb"|\b(?:a l'attention|a l'intention|de la part) d(?:e|u|es)\s"
    rb"|\b(?:merci|remercie|contact ?:)[ ,]{0,2}"
    rb"|\b(?:anime|redige|valide|signe|organise|presente|prepare|pilote|relu|coordonne|propose|corrige|encadre)(?:e|es|s)? par\s"
    rb"|\b(?:voir|point|contact|lien|relais|binome|echange|visio|rendez-vous telephonique|en copie|reunion) avec\s"
    rb"|\b(?:contacte[rz]|joindre|solliciter|sollicitez|relance[rz]?|en remplacement de|a l'attention de|d'apres|selon"
    rb"|mail de|message de|reponse de|accord de|conges de|planning de|poste de|bureau de|equipe de|candidature de|cv de|badge de"
    rb"|horaires de|tutorat de|fonctions de|entretien (?:annuel|professionnel) de|covoiturer avec|avec l'aide de|tournee de"
    rb"|formation de|intervention de|presentation de|remplacement de|depart en retraite de|pot de depart de|validation de"
    rb"|signature de|entretien de|collegue|collegues|arrivee de notre collegue|bienvenue a|felicitations a|bravo a)\s)\n?\z"
)
"""A profession, thanks, or what one says of a colleague."""
_SALUTATION = re.compile(r"(?:\b(?:bonjour|bonsoir|chere?|salut|hello|coucou|dear|hi)[ ,]{0,2})$")
_SALUTED = re.compile(r" *(?:[,!.:;]|\n|$)")
"""What ends a salutation: "Bonjour Mme Durand," greets her, "Bonjour, Mme Durand a chuté" speaks of her."""
_ADDRESSED = re.compile(
    r" ?[,!]\s*(?:\n|$)| ?, (?:vous|voici|je|merci|suite|nous|votre|comme|veuillez|ci-joint|pour faire suite|j'ai)\b"
)

_WORKING_AFTER = Pattern(
    rb",? (?:(?:a|ont|aura|avait) (?:bien |deja |aussi )?(?:redige|anime|presente|organise|prepare|valide|signe|envoye|transmis|cree|mis"
    rb" (?:a jour|en place|en ligne)|relu|corrige|relance|repondu|commande|passe (?:la |une |les )?commande|termine (?:son|sa|le|la)"
    rb" (?:tutorat|formation|stage|rapport|inventaire|dossier)|reserve"
    rb"|programme|planifie|obtenu son diplome|rejoint l'equipe|pris (?:ses fonctions|son poste|le relais|la suite|contact|note)"
    rb"|demande (?:des|deux|trois|un|une|ses|son|sa) (?:jours?|conges?|formation|mutation|devis|disponibilite))"
    rb"|present(?:e|era) (?:le|la|les|un|une|l'|son|sa|au|a)\b|organise(?:ra)?\b|pilote(?:ra)?\b|coordonne(?:ra)?\b|gere(?:ra)?\b"
    rb"|anime(?:ra)?\b|redige(?:ra)?\b|encadre(?:ra)?\b|interv(?:ient|iendra)\b|form(?:e|era) (?:les|l')|signera|tiendra "
    rb"|obtient son diplome|integre (?:l'equipe|notre)|rejoin(?:t|dra) (?:l'|le|la|notre|les)|quitte(?:ra)? (?:ses fonctions|l'equipe|le service|son poste)"
    rb"|(?:verifie|valide|validera|relance|relancera) (?:le|la|les|l')|propose(?:ra)?\b|montrera|expliquera|detaillera|recensera|centralise"
    rb"|vous (?:contacter|rappeler|recevr|transmettr|enverr|appeler|invite|propose|montrer|expliquer|guider|former|tiendr|repondr|accueill)"
    rb"|rev(?:ient|iendra) (?:vers vous|de conges|de formation)|fera (?:le point|la formation|une presentation|passer|suivre|le lien)"
    rb"|fait (?:le point|suivre|passer|remonter|le lien|partie|fonction)|pren(?:d|dra) (?:le relais|la suite|ses fonctions|son poste|la tournee|contact)"
    rb"|passe(?:ra)? (?:la |une |les )?commande|suit (?:la|une|le|sa) (?:formation|dossier|cursus)"
    rb"|participe(?:ra)? (?:au|a la|aux) (?:formations?|reunions?|groupe|congres|comite|jury|colloque)|represente(?:ra)?\b"
    rb"|part (?:en (?:retraite|formation|conges)|a la retraite)"
    rb"|(?:est|sera|etait) (?:en charge|chargee?|joignable|votre|notre|absente?\b|en conges?|en formation|d'astreinte|de garde|de service|de repos"
    rb"|en repos|referente?|nommee?|recrutee?|promue?|affectee?|inscrite? (?:a la formation|au congres)|disponible pour|a contacter)"
    rb"|n'est pas (?:joignable|disponible)|assure(?:ra)? (?:le|la|les|l'|son)|remplace(?:ra)?\b|s'occupe(?:ra)? (?:du|des|de la|de l')"
    rb"|s'en (?:charge|occupe)|se charge(?:ra)?\b|se tient a (?:votre|ta)|et (?:moi|toute l'equipe)\b)"
    rb"|" + _AFTER
)
"""What somebody does who is at work, or a profession."""


def tidy(text: str) -> str:
    return " ".join(re.findall("[a-z0-9]+", text))


def at_work(folded: Folded, start: int, end: int) -> bool:
    """Is this name a professional's, or the person who is written to?"""
    if _works(folded, start, end):
        return True
    low = max(0, start - 40)
    before = folded.lower[low:start]
    if _SALUTATION.search(before) and _SALUTED.match(folded.lower[end : end + 10]):
        return True
    if tidy(folded.lower[start:end]).split(" ")[-1] in _colleagues(folded):
        return True
    alone = not before.strip(" >\n") or before.rstrip(" >").endswith("\n")
    return alone and bool(_ADDRESSED.match(folded.lower[end : end + 60]))


def _works(folded: Folded, start: int, end: int) -> bool:
    """Does what stands beside this name say that somebody is at work?"""
    low = max(0, start - 40)
    if _WORKING_BEFORE.found(folded.lower_bytes[low:start]):
        return True
    return _WORKING_AFTER.begins(folded.lower_bytes[end : end + 60])


_ROLL = Pattern(
    rb"(?m)^[ >*-]*(?:etaient |sont |membres |personnes )?(?:presente?s?|excusee?s?|absente?s? excusee?s?|participante?s?"
    rb"|intervenante?s?|destinataires?|copies?|diffusion|redact(?:eur|rice)|animat(?:eur|rice)|secretaire de seance|referente?s?"
    rb"|organisat(?:eur|rice)|contacts?|invitee?s?|jury|equipe|auteurs?|orateurs?) ?(?:\([^)\n]*\) ?)?:([^\n]+)",
    captures=True,
)
"""A line that lists who took part or who is responsible."""


def _colleagues(folded: Folded) -> frozenset[str]:
    """The names in lists of those present: who is told once to be at work is so in the whole text."""
    return folded.once("colleagues", lambda: frozenset(_listed(folded)))


def _listed(folded: Folded) -> Iterator[str]:
    for _, line in _ROLL.groups(folded.lower_bytes, _MOST):
        yield from re.findall("[a-z]{3,}", folded.lower[slice(*line)])
