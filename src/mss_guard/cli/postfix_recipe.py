"""What to paste into Postfix for this configuration, in each of three topologies, and how to undo it.

The end-to-end tests run real Postfix with these very lines. They differ from Postfix's own FILTER_README on purpose:
`no_address_mappings` stands on the re-injection side of A and C, so that aliases are expanded *before* the guard judges; with the documented
place an alias that leads to an ordinary address would leave unseen. Before the queue (B) Postfix has expanded nothing yet: there the
re-injection does it, as otherwise nobody would, and turns down the aliases that lead out of the structure.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

REINJECTION_SPARE = 5
"""Re-injection processes beyond `next_hop.max_connections`, so that the guard never waits for Postfix (design: maxproc >= that + 5)."""

AFTER_QUEUE = "no_address_mappings,no_unknown_recipient_checks,no_header_body_checks,no_milters"
"""Postfix has done all of it before its queue."""

BEFORE_QUEUE = "no_unknown_recipient_checks"
"""Nothing but the recipient check was done: a proxied smtpd has no cleanup behind it, and its milters see no content (MILTER_README)."""

UNHURRIED = (
    "  -o smtpd_error_sleep_time=0",
    "  -o smtpd_soft_error_limit=1001",
    "  -o smtpd_hard_error_limit=1000",
)
"""A client whose messages are refused is no attacker."""

WHOLE = (
    '# user%autre@vous, autre!user@vous et "user@autre"@vous restent chez vous : le guet les a jugées internes',
    "allow_percent_hack = no",
    "swap_bangpath = no",
    "resolve_dequoted_address = no",
)
"""An address is judged by what follows its last @, and Postfix must read it so, too. trivial-rewrite(8) does, one for all services: these lines
mean nothing as `-o` of an smtpd."""
WHOLE_UNDO = "allow_percent_hack swap_bangpath resolve_dequoted_address"

PERMIT = "permit_mynetworks,reject"
CLEANUP = "mssguard-cleanup"
"""A cleanup of its own. Each RSET after a refusal takes one of qmgr's flow tokens (default_process_limit of them) which only delivery gives
back; without any, cleanup holds the next RCPT for in_flow_delay, 1 s."""

LOCAL_ALIASES = "mssguard_alias_locaux"
ALIASES = "mssguard_alias_sortants"
NO_ALIAS = "550 5.7.1 Cet alias mene hors de la structure : ecrivez a l'adresse de votre correspondant"
"""ASCII: it is an SMTP reply."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """One topology: lines for main.cf and master.cf, the commands around them, and what to know. All in French."""

    title: str
    when: str
    main_cf: tuple[str, ...]
    master_cf: tuple[str, ...]
    undo: str


def endpoint(host: str, port: int) -> str:
    """`host:port` as Postfix writes it; an IPv6 address in brackets."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def reinjection(
    host: str,
    port: int,
    max_connections: int,
    *,
    overrides: str = AFTER_QUEUE,
    beyond: str = "",
    recipients: str = PERMIT,
) -> tuple[str, ...]:
    """The smtpd to which the guard hands on: no way back to the guard, XFORWARD believed from the guard alone.

    `beyond`: a `content_filter` that leads past the guard, when the main road leads to it.
    """
    network = f"[{host}]" if ":" in host else host
    return (
        f"{endpoint(host, port)} inet n - n - {max_connections + REINJECTION_SPARE} smtpd",
        "  -o syslog_name=postfix/retour-mssguard",
        f"  -o content_filter={beyond}",
        "  -o smtpd_proxy_filter=",
        f"  -o receive_override_options={overrides}",
        f"  -o smtpd_authorized_xforward_hosts={network}",
        f"  -o mynetworks={network}",
        "  -o smtpd_tls_security_level=none",
        "  -o smtpd_sasl_auth_enable=no",
        "  -o smtpd_client_restrictions=",
        "  -o smtpd_helo_restrictions=",
        "  -o smtpd_sender_restrictions=",
        "  -o smtpd_relay_restrictions=",
        f"  -o smtpd_recipient_restrictions={recipients}",
        "  -o smtpd_data_restrictions=",
        "  -o smtpd_end_of_data_restrictions=",
        *UNHURRIED,
        "  -o smtpd_client_connection_count_limit=0",
        "  -o smtpd_client_connection_rate_limit=0",
        f"  -o cleanup_service_name={CLEANUP}",
        "# sans in_flow_delay=0, une pause de 1 s tous les default_process_limit refus : un refus prend un jeton que qmgr ne rend pas",
        f"{CLEANUP} unix n - n - 0 cleanup",
        "  -o syslog_name=postfix/retour-mssguard",
        "  -o in_flow_delay=0",
    )


def outward_aliases(own: Sequence[str]) -> tuple[str, ...]:
    """main.cf: a table that says 550 to every alias, virtual or of /etc/aliases, of which one target lies outside `own` (one step deep)."""
    domains = "|".join(domain.replace(".", r"\.") for domain in own)
    inside = f"[^,@ ]+(@({domains}))?"
    # `$$` is Postfix's `$`; unionmap must not be empty, which $virtual_alias_maps is by default
    local = f"pipemap:{{regexp:{{{{/^([^@]+)@({domains})$$/ $$1}}}}, unionmap:{{inline:{{personne=personne}}, $alias_maps}}}}"
    known = f"unionmap:{{inline:{{personne=personne}}, $virtual_alias_maps, ${LOCAL_ALIASES}}}"
    outward = f"regexp:{{{{!/^{inside}([, ]+{inside})*$$/ {NO_ALIAS}}}}}"
    return f"{LOCAL_ALIASES} = {local}", f"{ALIASES} = pipemap:{{{known}, {outward}}}"


def lmtp(guard: str, hop: tuple[str, int], max_connections: int) -> Recipe:
    """After the queue, one answer per recipient: Postfix keeps queue and retries, and bounces for the refused recipient alone."""
    return Recipe(
        "A. Après la file, en LMTP (recommandé)",
        "Un message à plusieurs destinataires part vers ceux qui y ont droit ; Postfix prévient l'expéditeur pour les autres seulement.\n"
        "Les alias de virtual_alias_maps sont résolus avant le guet. Ceux de /etc/aliases et les .forward ne le sont qu'à la remise, après lui.\n"
        "Pour qu'ils le soient avant : virtual_alias_maps = <vos tables>, $alias_maps et forward_path vide (docs/postfix.md).",
        (
            f"content_filter = mssguard:{guard}",
            "bounce_template_file = /etc/postfix/bounce-mss-guard.cf",
            "# un avis de non-remise ne recopie pas le message refusé",
            "bounce_size_limit = 1",
            "delay_warning_time = 1h",
            *WHOLE,
        ),
        (
            f"mssguard unix - - n - {max_connections} lmtp",
            "  -o syslog_name=postfix/vers-mssguard",
            "  -o lmtp_send_xforward_command=yes",
            "  -o lmtp_data_done_timeout=600s",
            "  # une connexion gardée au chaud compterait dans limits.per_client du guet",
            "  -o lmtp_connection_cache_on_demand=no",
            "  -o disable_dns_lookups=yes",
            *reinjection(*hop, max_connections),
        ),
        f"postconf -X content_filter bounce_template_file bounce_size_limit delay_warning_time {WHOLE_UNDO}, retirer de master.cf"
        f" le transport mssguard, {CLEANUP} et le service {endpoint(*hop)}, puis postfix reload",
    )


def proxy_filter(
    guard: str, hop: tuple[str, int], max_connections: int, *, own: Sequence[str], service: str = "submission"
) -> Recipe:
    """Before the queue: the refusal shows at once in the sender's mail program; one answer for all recipients. `own`: the structure's domains."""
    return Recipe(
        "B. Avant la file (smtpd_proxy_filter)",
        "Le refus s'affiche aussitôt dans la messagerie de l'expéditeur ; une seule réponse pour tous les destinataires. C'est aussi la place"
        " d'un guet sur le courrier entrant : refuser avant la file évite d'écrire à des expéditeurs usurpés.\n"
        "À cette place le guet voit l'alias, non l'adresse où il mène : les alias qui mènent dehors sont refusés au RCPT par la table ci-dessous.",
        (*outward_aliases(own), *WHOLE),
        (
            f"# ajouter au service {service} existant :",
            f"{service} inet n - n - {max_connections} smtpd",
            f"  -o smtpd_proxy_filter={guard}",
            "  -o smtpd_proxy_timeout=100s",
            "  # jamais smtpd_proxy_options=speed_adjust avec ce filtre",
            "  # un refus compte pour Postfix comme une erreur : sans ces lignes, 1 s d'attente dès le 11e de la session, coupure au 20e",
            *UNHURRIED,
            *reinjection(
                *hop,
                max_connections,
                overrides=BEFORE_QUEUE,
                recipients=f"check_recipient_access,${ALIASES},{PERMIT}",
            ),
        ),
        f"retirer ces lignes du service {service}, {CLEANUP} et le service {endpoint(*hop)} de master.cf,"
        f" postconf -X {ALIASES} {LOCAL_ALIASES} {WHOLE_UNDO}, puis postfix reload",
    )


def smart_host(guard: str, hop: tuple[str, int], max_connections: int, *, beyond: str = "smtp:") -> Recipe:
    """After the queue and after delivery's own forwards, over SMTP. One answer per transaction, and one recipient in each.

    `beyond`: how mail leaves past the guard, `smtp:` (to the recipient's domain) or `smtp:[relay]:port`.
    """
    return Recipe(
        "C. Relais (smart host)",
        "Tout ce qui quitte le serveur passe par le guet, alias de /etc/aliases et .forward compris ; le courrier interne n'y passe pas. C'est"
        " la pose d'Exchange, Zimbra ou BlueMind.\nUn transport_maps prime sur default_transport : ses lignes contournent le guet.",
        (
            f"default_transport = mssguard:{guard}",
            "# un destinataire par transaction : une réponse pour chacun",
            "mssguard_destination_recipient_limit = 1",
            "bounce_template_file = /etc/postfix/bounce-mss-guard.cf",
            "bounce_size_limit = 1",
            "delay_warning_time = 1h",
            *WHOLE,
        ),
        (
            f"mssguard unix - - n - {max_connections} smtp",
            "  -o syslog_name=postfix/vers-mssguard",
            "  -o smtp_send_xforward_command=yes",
            "  -o smtp_connection_cache_on_demand=no",
            "  -o disable_dns_lookups=yes",
            "# si le serveur suivant est un autre relais, le service ci-dessous est sans objet ;",
            "# si ce Postfix a un relayhost, écrire content_filter=smtp:[relayhost]",
            *reinjection(*hop, max_connections, beyond=beyond),
        ),
        "postconf -X default_transport mssguard_destination_recipient_limit bounce_template_file bounce_size_limit delay_warning_time"
        f" {WHOLE_UNDO}, retirer de master.cf le transport mssguard, {CLEANUP} et le service {endpoint(*hop)}, puis postfix reload",
    )


BOUNCE_TEMPLATE = """\
# /etc/postfix/bounce-mss-guard.cf : les avis de Postfix, en français. Vérifier par : postconf -b /etc/postfix/bounce-mss-guard.cf
failure_template = <<EOF
Charset: utf-8
From: MAILER-DAEMON (Messagerie)
Subject: =?utf-8?Q?Votre_message_n=27a_pas_=C3=A9t=C3=A9_remis?=
Postmaster-Subject: Copie pour l'administrateur : message non remis

Bonjour,

Votre message n'a pas été remis à un ou plusieurs de ses destinataires.
La raison figure ci-dessous. Si elle porte une référence MSSG-XXXX-XXXX,
le message semble contenir des données de santé, ou couvertes par le secret
professionnel, et son destinataire n'est pas sur MSSanté : écrivez-lui depuis
votre boîte MSSanté. Gardez la référence : elle suffit au support.

Urgence : n'attendez pas une réponse par mail, téléphonez.

                   La messagerie de $myhostname
EOF

delay_template = <<EOF
Charset: utf-8
From: MAILER-DAEMON (Messagerie)
Subject: =?utf-8?Q?Votre_message_est_en_attente?=
Postmaster-Subject: Copie pour l'administrateur : message en attente

Bonjour,

Votre message attend depuis $delay_warning_time_hours heure(s). Il n'est pas perdu : ne le renvoyez pas,
de nouveaux essais auront lieu pendant $maximal_queue_lifetime_days jour(s).

Urgence : n'attendez pas une réponse par mail, téléphonez.

                   La messagerie de $myhostname
EOF
"""


def text(recipes: tuple[Recipe, ...]) -> str:
    """The whole page that `setup postfix` prints."""
    blocks = [
        "Choisissez une des trois poses. Commencez en `policy.mode: observe` : rien n'est refusé, tout est noté.\n"
    ]
    for recipe in recipes:
        blocks.append(f"== {recipe.title}\n{recipe.when}\n")
        if recipe.main_cf:
            blocks.append("-- à ajouter à /etc/postfix/main.cf\n" + "\n".join(recipe.main_cf) + "\n")
        if recipe.master_cf:
            blocks.append("-- à ajouter à /etc/postfix/master.cf\n" + "\n".join(recipe.master_cf) + "\n")
        blocks.append(f"-- puis : postfix check && postfix reload\n-- pour revenir en arrière : {recipe.undo}\n")
    blocks.append("== Les avis en français (poses A et C)\n" + BOUNCE_TEMPLATE)
    return "\n".join(blocks)
