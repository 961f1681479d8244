"""The journal's words in French, for those who read reports and the console."""

from __future__ import annotations

ACTION = {"relay": "transmis", "refuse": "refusé", "defer": "mis en attente"}
REASON = {
    "health-data": "données de santé vers l'extérieur",
    "unreadable": "contenu illisible",
    "secure-box": "boîte sécurisée et messagerie ordinaire",
    "use-secure-box": "à envoyer depuis la boîte sécurisée",
    "commercial-partner": "partenaire commercial",
    "malformed-address": "adresse mal écrite",
    "citizen-address": "adresse patient impossible",
    "quoted-only": "données de santé dans le seul texte cité",
    "policy": "politique de la structure",
}
WHY = {
    "encrypted": "chiffré",
    "damaged": "abîmé",
    "ambiguous": "se lit de plusieurs façons",
    "too-large": "trop volumineux",
    "too-deep": "trop emboîté",
    "too-many": "trop de fichiers",
    "timeout": "trop long à lire",
    "partial": "lu en partie",
    "no-text": "image sans texte lisible",
}
CATEGORY = {
    "care": "soins",
    "social": "accompagnement, protection",
    "appointment": "rendez-vous",
    "stay": "séjour",
    "employee": "santé d'un salarié",
    "employee-id": "numéro de sécurité sociale d'un salarié",
}
STANDING = {
    "trusted": "espace de confiance",
    "citizen": "usager (Mon espace santé)",
    "secure": "boîte sécurisée de la structure",
    "inside": "boîte ordinaire de la structure",
    "commercial": "partenaire commercial",
    "outside": "extérieur",
    "malformed": "adresse mal écrite",
}
LEVEL = {"certain": "certain", "likely": "probable", "possible": "possible", "none": "rien"}
MODE = {"observe": "observation", "enforce": "application"}
MEASURE = {
    "relay": "transmettre",
    "note": "noter",
    "advise": "avertir",
    "confirm": "faire confirmer",
    "refuse": "refuser",
}
UNINSPECTED = {
    "bypass": "passage sans examen",
    "fault": "panne, politique relay-traced",
    "not-needed": "examen inutile (le contenu ne change rien)",
    "inbound": "courrier entrant",
}
GROUND = {
    "observe": "politique en observation",
    "advise": "transmis avec avertissement",
    "note": "seulement noté",
    "relay": "règle ou catégorie sans effet",
    "exception": "exception datée",
    "approved": "levée unique, approuvée",
    "declared": "déclaration de l'expéditeur",
}
ACT = {
    "approved": "levée unique approuvée",
    "revoked": "levée unique retirée",
    "used": "levée unique utilisée",
    "given-back": "levée unique rendue (envoi non abouti)",
    "spoilt": "levée unique altérée, écartée",
    "not-matching": "renvoi différent de ce qui fut approuvé",
    "declared": "déclaré sans donnée par l'expéditeur",
    "declaration-refused": "déclaration refusée",
    "added": "exception datée ajoutée",
    "removed": "exception datée retirée",
    "false-positive": "refus signalé à tort",
    "on": "passage sans examen ouvert",
    "off": "passage sans examen fermé",
    "ended": "passage sans examen terminé",
    "open-identity": "identité ouverte",
}
OUTCOME = {
    "relayed": "transmis",
    "partly-relayed": "transmis en partie",
    "refused": "refusé",
    "bounced": "refusé, rapport remis à l'expéditeur",
    "deferred": "mis en attente",
    "hop-refused": "refusé par le serveur suivant",
    "hop-deferred": "mis en attente par le serveur suivant",
    "unknown": "inconnue (réponse perdue)",
    "unknown-after-crash": "inconnue (arrêt brutal)",
    "abandoned": "abandonnée par le client",
}
SENDER = {
    "own": "de la structure",
    "secure": "boîte sécurisée de la structure",
    "null": "expéditeur nul (rapport de non-remise)",
    "commercial": "partenaire commercial",
    "foreign": "extérieur",
}
PLACE = {
    "own": "texte du message",
    "quoted": "texte cité",
    "forwarded": "message transféré",
    "signature": "signature",
    "subject": "objet",
    "name": "nom de fichier",
}
KIND = {
    "professionnel": "professionnel ou structure de santé",
    "administration": "administration",
    "proche": "boîte grand public (proches)",
    "assurance": "assurance",
    "employeur": "employeur",
    "partenaire": "partenaire commercial",
    "interne": "interne",
    "inconnu": "inconnu",
}


def said(table: dict[str, str], word: str | None) -> str:
    """The French of a journal's word, the word itself where none is known; a dash for nothing."""
    return table.get(word, word) if word else "–"
