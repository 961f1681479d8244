"""What people of care houses, practices and offices say to each other; no sentence stands twice in a thread."""

from __future__ import annotations

import random

from tests.mail.threads.clients import Person

_OURS = (
    Person(
        "Sophie Martel",
        "sophie.martel@ehpad-les-tilleuls.example",
        "Infirmière coordinatrice\nEHPAD Les Tilleuls\n02 40 00 11 22",
    ),
    Person("Secrétariat IME", "secretariat@ime-glycines.example", "IME Les Glycines\n12 rue des Écoles, 49000 Angers"),
    Person("MOREL Claire", "claire.morel@ssiad-val.example", "SSIAD du Val\nTél. 02 41 00 33 44"),
    Person("Karim Haddad", "k.haddad@tilleuls.example", "Éducateur spécialisé\nFoyer de vie"),
)
_THEIRS = (
    Person("Jean Petit", "jean.petit@ville.example", "Médecin généraliste\n4 place de l'Église"),
    Person("Cabinet Renaudin", "cabinet.renaudin@orange.example", "Dr Paul Renaudin\nCardiologie"),
    Person("LEBRUN Anne", "anne.lebrun@mairie.example", "CCAS, service des aînés"),
    Person("Marc Aubert", "m.aubert@pharmacie-port.example", "Pharmacie du Port\n02 51 00 55 66"),
    Person("Hélène Caron", "helene.caron@free.example", ""),
)
_CLEAN = (
    "Merci pour votre retour, je transmets à l'équipe et je reviens vers vous dans la matinée.",
    "C'est bien noté, nous en parlerons à la réunion de jeudi avec la direction.",
    "Pouvez-vous me rappeler au standard entre quatorze et seize heures ?",
    "Je vous confirme que le document signé partira par courrier demain matin.",
    "Nous avons bien reçu la convention, il manque seulement le cachet de l'établissement.",
    "Le portail sera fermé pour travaux, prenez plutôt l'entrée du parking arrière.",
    "Parfait pour moi, je bloque le créneau dans l'agenda partagé.",
    "Est-ce que le formulaire doit être rempli en deux exemplaires ou un seul suffit ?",
    "Je vous remercie de votre patience, le secrétariat reste joignable toute la journée.",
    "La réunion est déplacée au mercredi suivant, même salle et même horaire.",
    "Entendu, nous attendons votre proposition de calendrier avant la fin du mois.",
    "Je suis en congé à partir de vendredi, mon collègue prend le relais.",
    "Nous avons commandé les fournitures, la livraison est annoncée lundi prochain.",
    "Merci de bien vouloir confirmer la bonne réception de ce courriel.",
    "Bonne idée, je propose que nous fassions le point par téléphone.",
    "Le devis est validé par la comptabilité, vous pouvez lancer les travaux.",
    "Je n'ai pas retrouvé la pièce jointe, pourriez-vous la renvoyer ?",
    "Votre interlocuteur pour le transport reste le même que l'année dernière.",
    "Les clés ont été déposées à l'accueil, demandez le gardien.",
    "Je vous souhaite une excellente rentrée à toute votre équipe.",
)
_CLEAN_EN = (
    "Thank you for your answer, I will pass it on to the team this morning.",
    "Could you please call the front desk between two and four o'clock?",
    "The signed agreement will be posted tomorrow with the other documents.",
    "That works for me, I have blocked the slot in our shared calendar.",
    "The meeting has been moved to next Wednesday, same room and same time.",
    "I could not find the attachment, would you kindly send it again?",
    "Our accountant approved the quote, so the works may begin on Monday.",
    "Please use the rear entrance while the main gate is being repaired.",
    "I am away from Friday on and my colleague will take over.",
    "We are waiting for your proposed schedule before the end of the month.",
    "The keys were left at reception, just ask the caretaker.",
    "Let me know whether one copy of the form will be enough.",
)
_CLINICAL = (
    "Mme Odile Vasseur, 84 ans, a fait une chute cette nuit : hématome du front, TA 16/9, douleur à la hanche droite, Doliprane 1 g donné à 6 h.",
    "La patiente née le 12/03/1938 présente une escarre talonnière stade 3, pansement à l'alginate refait ce matin, fièvre à 38,7.",
    "M. Gérard Humbert est toujours confus, il refuse ses repas et ses médicaments ; Risperdal arrêté mardi, MMSE à 14.",
    "Enzo Marchal, 9 ans, a fait une crise d'épilepsie de six minutes dans le car, Buccolam administré, appel du SAMU.",
    "Le scanner de Mme Yvette Coulon montre une métastase hépatique, la chimiothérapie reprend jeudi, sous oxygène à 2 litres.",
    "Notre résidente Mme Prigent (ch. 12) vomit depuis hier, diarrhée, perte de poids de 3 kg, bilan sanguin demandé.",
    "Pour M. Lucien Tessier : insuffisance cardiaque décompensée, Lasix passé à 80 mg, œdèmes des membres inférieurs, poids 74 kg.",
    "La petite Jade, 4 ans, ne parle toujours pas, bilan orthophonique en retard sévère, suspicion de trouble du spectre autistique.",
    "Mme Simone Ferrand a une plaie de jambe infectée, prélèvement positif à staphylocoque, Augmentin débuté ce jour pour sept jours.",
    "M. André Poulain, diabétique, glycémie à 3,2 g ce matin, Lantus augmentée à 22 unités, pied droit nécrosé.",
)
_CLINICAL_EN = (
    "Mrs Odile Vasseur, 84 ans, chute cette nuit, hématome du front, TA 16/9, Doliprane 1 g donné, douleur à la hanche droite.",
    "M. Gérard Humbert, 79 ans, est confus et refuse ses médicaments, Risperdal arrêté mardi, MMSE à 14, fièvre à 38,7.",
    "Mme Simone Ferrand, 81 ans : plaie de jambe infectée, Augmentin débuté, pansement quotidien, douleur importante.",
    "M. André Poulain, 66 ans, diabétique, glycémie à 3,2 g, Lantus augmentée à 22 unités, pied droit nécrosé.",
)
_GREETINGS = ("Bonjour,", "Bonjour Madame,", "Chère collègue,", "Docteur,", "Bonsoir,", "Bonjour à tous,")
_GREETINGS_EN = ("Hello,", "Dear colleague,", "Good morning,", "Hi,")
_CLOSINGS = ("Cordialement,", "Bien cordialement,", "Bonne journée,", "Bien à vous,", "Respectueusement,")
_CLOSINGS_EN = ("Kind regards,", "Best regards,", "Regards,", "Sincerely,")
_SUBJECTS = ("Suite à notre échange", "Point de la semaine", "Votre demande", "Information", "Dossier en cours")
_SUBJECTS_EN = ("Our conversation", "Follow-up", "Your request", "Schedule")


def people(dice: random.Random) -> tuple[Person, Person]:
    """Who writes last, and to whom."""
    return dice.choice(_OURS), dice.choice(_THEIRS)


class Telling:
    """What is said in one thread."""

    def __init__(self, dice: random.Random, language: str) -> None:
        english = language == "en"
        self._dice = dice
        self._clean = dice.sample(_CLEAN_EN if english else _CLEAN, 12)
        self._clinical = dice.sample(_CLINICAL_EN if english else _CLINICAL, 4)
        self._greetings, self._closings = (_GREETINGS_EN, _CLOSINGS_EN) if english else (_GREETINGS, _CLOSINGS)
        self.subject = dice.choice(_SUBJECTS_EN if english else _SUBJECTS)
        self.last_closing: tuple[str, ...] = ()

    def paragraphs(self, *, clinical: bool, few: bool) -> tuple[str, ...]:
        """A greeting and one or two paragraphs."""
        said = [self._clean.pop() for _ in range(1 if few or clinical else self._dice.randint(1, 2))]
        if clinical:
            said.insert(self._dice.randint(0, 1), self._clinical.pop())
        return (self._dice.choice(self._greetings), *said)

    def closing(self, author: Person) -> tuple[str, ...]:
        """The formula and the lines under it; some people sign with nothing."""
        if self._dice.random() < 0.15:
            self.last_closing = ()
        else:
            self.last_closing = (self._dice.choice(self._closings), author.name, *author.signature.split("\n"))
        return self.last_closing
