"""Fictitious letters for `bench.ocr`: made of parts that take turns, health letters first, then ordinary ones."""

from __future__ import annotations

_PEOPLE = (
    ("Madame Jeanne DURAND", "12/03/1954"), ("Monsieur Paul LEROY", "02/11/1947"),
    ("Madame Aïcha BENALI", "25/07/1981"), ("Monsieur Yann LE GOFF", "30/01/1969"),
    ("la petite Léa MOREAU", "14/09/2016"), ("Monsieur Émile ROUSSEL", "08/05/1938"),
    ("Madame Chloé GARNIER", "19/12/1992"),
)  # fmt: skip
_MATTERS = (
    ("cardiologie", "une insuffisance cardiaque avec dyspnée d'effort stade III", "bisoprolol 5 mg et furosémide 40 mg"),
    ("diabétologie", "un diabète de type 2 déséquilibré, hémoglobine glyquée à 9,1 %", "metformine 1 g matin et soir"),
    ("oncologie", "un adénocarcinome du sein gauche, récepteurs hormonaux positifs", "chimiothérapie, puis tamoxifène"),
    ("psychiatrie", "un épisode dépressif majeur avec idées suicidaires", "sertraline 50 mg et suivi hebdomadaire"),
    ("pneumologie", "une bronchopneumopathie obstructive sévère, VEMS à 38 %", "tiotropium et oxygénothérapie"),
    ("neurologie", "une maladie de Parkinson avec fluctuations motrices", "lévodopa et kinésithérapie"),
    ("rhumatologie", "une polyarthrite rhumatoïde active, facteur rhumatoïde positif", "méthotrexate 15 mg par semaine"),
    ("néphrologie", "une insuffisance rénale chronique, créatinine à 290 µmol/l", "une fistule avant dialyse"),
)  # fmt: skip
_OPENINGS = (
    "J'ai revu ce jour en consultation {who}, patient suivi pour {what}.",
    "Veuillez trouver ci-joint le compte rendu d'hospitalisation de {who}, pour {what}.",
    "Je vous adresse {who}, qui présente {what}.",
)
_ORDINARY = (
    ("Objet : commande de fournitures\nMadame, Monsieur,\nVeuillez nous livrer quarante ramettes de papier et douze "
    "cartouches avant la fin du mois. La facture est à adresser au service des achats."),
    ("Objet : réunion du comité\nBonjour à tous,\nLa réunion du comité des fêtes aura lieu jeudi à dix-huit heures dans "
    "la grande salle. L'ordre du jour comprend le budget et la kermesse."),
    ("Objet : entretien de la chaudière\nMonsieur,\nNotre technicien passera mardi matin pour l'entretien annuel. Merci "
    "de laisser libre l'accès au local technique."),
    ("Objet : contrat de location\nLe présent contrat est conclu pour une durée de trois ans. Le loyer est payable le "
    "premier jour de chaque mois par virement."),
)  # fmt: skip

_OTHERS = (
    ("Laboratoire du Marché\nRésultats d'analyses de Monsieur KONATÉ Ibrahim\nNé le 17/06/1958\n\nHématologie\n"
    "Hémoglobine   9,2 g/dl   (13,0 - 17,0)\nLeucocytes   14,6 G/l   (4,0 - 10,0)\nPlaquettes   98 G/l   (150 - 400)\n"
    "\nBiochimie\nCréatinine   187 µmol/l   (62 - 106)\nCRP   112 mg/l   (< 5)\nFerritine   12 µg/l   (30 - 400)"),
    ("Docteur Hélène FAURE\nMédecine générale\n\nMadame Yvette PRIGENT\n\nOrdonnance\n\nParacétamol 1 g : un comprimé "
    "matin, midi et soir pendant 5 jours\nAmoxicilline 1 g : un comprimé matin et soir pendant 7 jours\nSéances de "
    "kinésithérapie respiratoire : dix"),
    ("SYNTHÈSE DE L'ÉQUIPE\n\nRésidente : Mme Simone HAMEL, chambre 214\nGIR 2\n\nMme Hamel présente des troubles "
    "cognitifs évolués (MMS à 11) avec déambulation nocturne. Escarre sacrée de stade 2, pansement un jour sur deux. "
    "Incontinence urinaire. Risque de fausse route : eau gélifiée. Sa fille demande une visite du psychologue."),
    ("Maison départementale des personnes handicapées\nCertificat médical joint à la demande\n\nEnfant : Noé BERTIN, né le "
    "03/02/2017\nDiagnostic principal : trouble du spectre de l'autisme, retard de langage\nTraitement : mélatonine\n"
    "Retentissement : ne s'habille pas seul, a besoin d'un accompagnement en classe"),
    ("Transmissions infirmières du 14 mars\n\nM. Guérin (ch. 8) : chute à 4 h, plaie du cuir chevelu suturée, surveillance "
    "neurologique toutes les deux heures. TA 17/9. Refus du traitement du matin.\nMme Lopez (ch. 12) : hypoglycémie à "
    "0,52 g/l, resucrage, médecin prévenu."),
    ("Objet : information préoccupante\n\nMadame, Monsieur,\nNous vous signalons la situation de Jade MARCHAND, 9 ans, "
    "suivie par notre service d'aide éducative. Depuis l'hospitalisation de sa mère en psychiatrie, Jade ne dort plus, "
    "a perdu du poids et dit avoir été frappée par son beau-père."),
)  # fmt: skip
"""Other kinds of paper: tables, prescriptions, notes."""


def _health(n: int) -> str:
    who, born = _PEOPLE[n % len(_PEOPLE)]
    service, what, treatment = _MATTERS[n % len(_MATTERS)]
    opening = _OPENINGS[n % len(_OPENINGS)].format(who=f"{who}, né(e) le {born}", what=what)
    return (
        f"Centre hospitalier de Valmont\nService de {service}\nLe {n % 27 + 1} mars 2026\n\nCher confrère,\n{opening}\n"
        f"L'examen clinique est sans changement notable depuis la dernière visite. Traitement : {treatment}.\n"
        "Un contrôle est prévu dans trois mois avec un bilan biologique.\nBien confraternellement,\nDocteur Claire MARTIN"
    )


LETTERS = tuple(_health(n) for n in range(24)) + _OTHERS + _ORDINARY
