"""What to write into Exim, Exchange and Microsoft 365 so that outgoing mail passes the guard as a smart host, and their French texts.

Sources: the Exim specification (manualroute, bounce_message_file), Microsoft's pages on outbound smart host routing, on NDR procedures
(`New-SystemMessage`) and on mail-flow rule actions (custom codes 5.7.1 and 5.7.900 to 5.7.999). Only the Postfix recipes are run by our tests.
"""

from __future__ import annotations

UNTRIED = "Ces lignes suivent la documentation de l'éditeur ; seules celles de Postfix sont essayées par nos tests. À poser d'abord sur un serveur d'essai."
OBSERVE = "Commencez en `policy.mode: observe` : rien n'est refusé, tout est noté."
NDR = (
    "Votre message n'a pas été remis : il semble contenir des données de santé, ou couvertes par le secret professionnel, et son destinataire n'est"
    " pas sur MSSanté. Écrivez-lui depuis votre boîte MSSanté. La référence MSSG ci-dessous suffit au support. Urgence : n'attendez pas une"
    " réponse par mail, téléphonez."
)
"""No angle bracket, no quote: it stands in a PowerShell string and in HTML."""


def exim(guard: tuple[str, int], hop: tuple[str, int]) -> str:
    """Everything that is not local goes to the guard; what comes back on the return port leaves by the ordinary routers."""
    return f"""\
{OBSERVE}
{UNTRIED}

== Exim : relais (après la file)
Un destinataire par transaction : une réponse pour chacun ; Exim garde file et essais, et écrit l'avis de non-remise.
Le serveur suivant du guet est cet Exim même, sur un port de retour qui n'écoute qu'ici.

-- configuration principale
daemon_smtp_ports = 25 : 587 : {hop[1]}
bounce_return_body = false
bounce_message_file = /etc/exim4/bounce-mss-guard.txt

-- begin routers, le premier de tous
mssguard:
  driver = manualroute
  domains = ! +local_domains
  condition = ${{if !eq{{$received_port}}{{{hop[1]}}}}}
  transport = mssguard_smtp
  route_list = * {guard[0]} byname
  self = send
  no_more

-- begin transports
mssguard_smtp:
  driver = smtp
  port = {guard[1]}
  max_rcpt = 1
  connection_max_messages = 1
  final_timeout = 660s
  hosts_avoid_tls = *

-- dans acl_check_rcpt, en tête : le port de retour n'accepte que le guet
  deny    condition = ${{if eq{{$received_port}}{{{hop[1]}}}}}
          ! hosts   = {guard[0]}
  accept  condition = ${{if eq{{$received_port}}{{{hop[1]}}}}}
          hosts     = {guard[0]}
          control   = submission/sender_retain

-- /etc/exim4/bounce-mss-guard.txt
Subject: Message non remis
****
{NDR}
****
****

-- puis : exim4 -bV (aucune erreur) ; exim4 -bt {"quelquun@messagerie-ordinaire.example"} (router = mssguard)
-- pour revenir en arrière : retirer le routeur mssguard et le port {hop[1]}, puis recharger
"""


def exchange(guard: tuple[str, int], enhanced: str) -> str:
    """Exchange Server: a send connector, and our French text under the enhanced code that the guard answers with."""
    host, port = guard
    return f"""\
{OBSERVE}
{UNTRIED}

== Exchange Server : connecteur d'envoi vers le guet (après la file)
New-SendConnector -Name "mss-guard" -AddressSpaces * -Custom -DNSRoutingEnabled $false -SmartHosts {host} -Port {port} `
  -SmartHostAuthMechanism None -ConnectionInactivityTimeOut 00:11:00
-- puis désactiver l'ancien connecteur vers l'extérieur : Set-SendConnector "<ancien>" -Enabled $false
-- le guet remet ensuite à `next_hop` : votre relais sortant.

== Le texte français de l'avis de non-remise
Outlook montre un texte choisi par le code étendu, et range le nôtre sous les détails. Pour ne pas changer le texte de tous les refus 5.7.1,
donnez au guet un code à lui : `smtp: {{enhanced_code: 5.7.988}}` dans mss-guard.yaml (de 5.7.900 à 5.7.999).
Celui de cette configuration : {enhanced}{_advice(enhanced)}

New-SystemMessage -Internal $true -Language fr -DSNCode {enhanced} -Text "{NDR}"
New-SystemMessage -Internal $false -Language fr -DSNCode {enhanced} -Text "{NDR}"
-- vérifier : Get-SystemMessage | Where-Object {{$_.DsnCode -eq "{enhanced}"}}
-- pour revenir en arrière : Get-SystemMessage | Where-Object {{$_.DsnCode -eq "{enhanced}"}} | Remove-SystemMessage ;
   Set-SendConnector "<ancien>" -Enabled $true ; Remove-SendConnector "mss-guard"
"""


def m365(host: str, domain: str, enhanced: str) -> str:
    """Microsoft 365: an outbound connector to the guard. There is no tenant text for a code; the reply itself must speak."""
    return f"""\
{OBSERVE}
{UNTRIED}

== Microsoft 365 : connecteur sortant vers le guet
Le guet doit être joignable par Microsoft à un nom public, derrière un relais qui parle TLS avec un certificat public à ce nom : il ne
fait pas lui-même TLS en écoute. Il remet à `next_hop` : votre relais sortant, jamais le locataire lui-même (le courrier tournerait en rond).

New-OutboundConnector -Name "mss-guard" -ConnectorType Partner -IsTransportRuleScoped $true -UseMXRecord $false `
  -SmartHosts {host} -TlsSettings DomainValidation -TlsDomain {host}
New-TransportRule -Name "mss-guard" -FromScope InOrganization -SentToScope NotInOrganization `
  -RouteMessageOutboundConnector "mss-guard" -StopRuleProcessing $true

Le texte d'un avis de non-remise ne se remplace pas par code dans Microsoft 365 : l'avis montre la réponse du guet ({enhanced}), qui dit
en une ligne la raison, la référence et quoi faire. `policy.refusal: bounce` le remplace par un avis en français de {domain}.
-- pour revenir en arrière : Remove-TransportRule "mss-guard" ; Remove-OutboundConnector "mss-guard"
"""


def _advice(enhanced: str) -> str:
    return " (celui de tous les refus de règle : en choisir un autre)" if enhanced == "5.7.1" else ""
