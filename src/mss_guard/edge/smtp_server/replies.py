"""Every reply the front gives of its own accord. ASCII French, one line; codes by RFC 5321 §4.2.2, enhanced codes by
RFC 3463.
"""

from __future__ import annotations

from mss_guard.core.model import HopReply, Reply

OK = Reply(250, "2.0.0", "OK")
BYE = Reply(221, "2.0.0", "Au revoir")
GO_AHEAD = Reply(354, "", "Envoyez le message, terminez par <CRLF>.<CRLF>")
CANNOT_VERIFY = Reply(252, "2.5.0", "Adresse non verifiee ; le message sera examine")
HELP = Reply(214, "2.0.0", "Relais mss-guard, RFC 5321 et RFC 2033")

# The client's turn to mend something.
BAD_LINE = Reply(500, "5.5.2", "Ligne de commande incorrecte : fin CRLF et caracteres imprimables attendus")
LONG_COMMAND = Reply(500, "5.5.2", "Ligne de commande trop longue")
UNKNOWN = Reply(500, "5.5.1", "Commande inconnue")
NOT_HERE = Reply(502, "5.5.1", "Commande non disponible")
BAD_ARGUMENT = Reply(501, "5.5.4", "Argument incorrect")
BAD_PARAMETER = Reply(501, "5.5.4", "Parametre incorrect")
UNKNOWN_PARAMETER = Reply(555, "5.5.4", "Parametre inconnu")
BAD_SENDER = Reply(501, "5.1.7", "Adresse d'expediteur mal formee")
BAD_RECIPIENT = Reply(501, "5.1.3", "Adresse de destinataire mal formee")
GREET_FIRST = Reply(503, "5.5.1", "Presentez-vous d'abord (EHLO ou LHLO)")
MAIL_FIRST = Reply(503, "5.5.1", "MAIL attendu d'abord")
RCPT_FIRST = Reply(503, "5.5.1", "Aucun destinataire accepte")
NESTED = Reply(503, "5.5.1", "Une transaction est deja ouverte")
IN_TRANSACTION = Reply(503, "5.5.1", "Commande impossible pendant une transaction")
NOT_TRUSTED = Reply(550, "5.7.0", "XFORWARD refuse a ce client")
NOT_ALLOWED = Reply(554, "5.7.1", "Acces refuse a ce client")
OUT_OF_STEP = Reply(554, "5.5.0", "Le client n'a pas attendu la reponse")

# The message itself.
TOO_LARGE = Reply(552, "5.3.4", "Message trop volumineux")
LONG_LINE = Reply(500, "5.6.0", "Ligne du message trop longue (RFC 5321 4.5.3.1.9)")
BARE_LINE_END = Reply(550, "5.5.2", "Fin de ligne incorrecte dans le message : CR ou LF isole")
NUL_OCTET = Reply(554, "5.6.0", "Octet nul dans le message")
LOOP = Reply(554, "5.4.6", "Trop de relais : boucle de messagerie")

# Our turn, or the hop's: the client is asked to come back.
FAULT = Reply(451, "4.3.0", "Service momentanement indisponible, reessayez plus tard")
HOP_AWAY = Reply(451, "4.4.1", "Serveur suivant injoignable, reessayez plus tard")
NOT_OFFERED = Reply(451, "4.3.3", "Parametre non offert en ce moment par le serveur suivant")
TOO_SLOW = Reply(451, "4.4.5", "Examen trop long, reessayez plus tard")
GONE = Reply(451, "4.4.2", "Connexion fermee avant la reponse, rien n'a ete transmis")
TOO_MANY_RECIPIENTS = Reply(452, "4.5.3", "Trop de destinataires")
NO_ROOM = Reply(452, "4.3.1", "Memoire insuffisante, reessayez plus tard")
BROKEN = Reply(421, "4.3.0", "Service momentanement indisponible, connexion fermee")
TIMED_OUT = Reply(421, "4.4.2", "Delai depasse, connexion fermee")
SHUTTING_DOWN = Reply(421, "4.3.2", "Arret du service, reessayez plus tard")
TOO_MANY_CONNECTIONS = Reply(421, "4.7.0", "Trop de connexions, reessayez plus tard")
TOO_MANY_ERRORS = Reply(421, "4.7.0", "Trop d'erreurs, connexion fermee")


def spoken(reply: Reply) -> HopReply:
    """A reply of ours in the place of the hop's."""
    return HopReply(code=reply.code, wire=reply.wire())


def possible(answer: HopReply) -> bool:
    """Whether a hop can answer so to MAIL, RCPT or the dot: 2xx, 4xx or 5xx, whole (RFC 5321 §4.2.1)."""
    return answer.code // 100 in {2, 4, 5} and answer.wire[:3] == b"%d" % answer.code and answer.wire.endswith(b"\r\n")
