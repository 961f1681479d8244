"""Writes examples/mail/*.eml and index.yaml: fictitious messages, one for each row of the decision table and each document family.

Run it again after changing it; the files it writes are committed, so that a reader can open them without running anything.
"""

from __future__ import annotations

import io
import json
import zipfile
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path

OUT = Path(__file__).resolve().parents[1] / "examples" / "mail"
OWN = "ide@ehpad-les-tilleuls.fr"
SECURE = "secretariat@ehpad-les-tilleuls.mssante.fr"
TRUSTED = "accueil@ch-valombreuse.mssante.fr"
OUTSIDE = "docteur.martin@messagerie-ordinaire.example"
INSIDE = "direction@ehpad-les-tilleuls.fr"
PARTNER = "commercial@materiel-medical.example"
CITIZEN = "279035121518989@patient.mssante.fr"

LETTER = """Compte rendu d'hospitalisation

Madame Jeanne DURAND, née le 12/03/1938, a été hospitalisée du 2 au 9 mars dans le service de cardiologie
pour une décompensation cardiaque globale. À l'entrée : dyspnée au repos, oedèmes des membres inférieurs,
TA 158/92, SpO2 90 % en air ambiant. Traitement de sortie : furosémide 40 mg 1-0-0, bisoprolol 2,5 mg,
apixaban 2,5 mg matin et soir. Surveillance du poids et de l'ionogramme à domicile."""

NURSE = """Bonjour Docteur,

Mme Durand, chambre 12, a chuté cette nuit. Pansement refait ce matin au coude, EVA à 4, TA 15/8.
Elle refuse le Doliprane et reste fatiguée. Pouvez-vous passer la voir ?

Bonne journée,
L'équipe de soins"""


def pdf(text: str) -> bytes:
    """A one-page PDF with a text layer."""
    escapes = {ord(c): "\\" + c for c in "\\()"}
    shown = [line.translate(escapes).encode("cp1252", "replace") for line in text.splitlines()]
    stream = b"BT /F1 11 Tf 50 780 Td 15 TL " + b" ".join(b"(" + line + b") Tj T*" for line in shown) + b" ET"
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 5 0 R /Resources << /Font << /F1 4 0 R >> >> >>",
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream),
    ]
    out, offsets = bytearray(b"%PDF-1.4\n"), []
    for number, body in enumerate(objects, 1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    out += b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, start)
    return bytes(out)


def pack(entries: dict[str, bytes]) -> bytes:
    """A zip whose bytes are the same at every run."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in entries.items():
            archive.writestr(zipfile.ZipInfo(name, (2026, 3, 2, 9, 0, 0)), data, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def docx(text: str) -> bytes:
    paragraphs = "".join(f"<w:p><w:r><w:t>{line}</w:t></w:r></w:p>" for line in text.splitlines())
    word = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
    return pack({
        "[Content_Types].xml": b'<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
        b'<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        b'<Override PartName="/word/document.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/></Types>',
        "_rels/.rels": b'<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
        b'<Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument"'
        b' Target="word/document.xml"/></Relationships>',
        "word/document.xml": f'<?xml version="1.0" encoding="UTF-8"?><w:document xmlns:w="{word}"><w:body>{paragraphs}</w:body></w:document>'.encode(),
    })  # fmt: skip


def encrypted_zip() -> bytes:
    """A zip whose only entry carries the encryption flag (APPNOTE 4.4.4, bit 0)."""
    data = bytearray(pack({"document.pdf": pdf("x")}))
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(signature) + offset] |= 1
    return bytes(data)


CDA = """<?xml version="1.0" encoding="UTF-8"?>
<ClinicalDocument xmlns="urn:hl7-org:v3"><typeId root="2.16.840.1.113883.1.3" extension="POCD_HD000040"/>
<code code="34112-3" codeSystem="2.16.840.1.113883.6.1"/><title>Document fictif</title>
<recordTarget><patientRole><patient><name><family>DURAND</family><given>Jeanne</given></name></patient></patientRole></recordTarget>
<component><structuredBody><component><section><text>Hypertension artérielle.</text></section></component></structuredBody></component>
</ClinicalDocument>""".encode()
HL7 = (
    "MSH|^~\\&|LABO|EXEMPLE|DPI|EHPAD|20260302090000||ORU^R01|1|P|2.5\rPID|1||42^^^LABO||DURAND^JEANNE||19380312|F\r"
    "OBR|1||7|NFS\rOBX|1|NM|HB^Hémoglobine||9.8|g/dL|12-16|L|||F\r"
).encode()
HPRIM = (
    "7\r\nDURAND\r\nJEANNE\r\n1 rue des Tilleuls\r\n\r\n44000 NANTES\r\n12/03/1938\r\n\r\n7\r\n02/03/2026\r\nLABO EXEMPLE\r\nDR MARTIN\r\n"
    "****LAB****\r\nRES|Hémoglobine|HB|N|9,8|g/dL|12|16|B|F\r\n****FIN****\r\n****FINFICHIER****\r\n"
).encode("latin-1")
FHIR = json.dumps(
    {"resourceType": "Observation", "status": "final", "code": {"text": "Hémoglobine"}, "valueQuantity": {"value": 9.8}}
).encode()
DICOM = bytes(128) + b"DICM" + b"\x02\x00\x00\x00UL\x04\x00\x00\x00\x00\x00"
XDM = pack({
    "README.TXT": b"IHE XDM",
    "INDEX.HTM": b"<html><body>Index</body></html>",
    "IHE_XDM/SUBSET01/METADATA.XML": b'<?xml version="1.0"?><SubmitObjectsRequest xmlns="urn:oasis:names:tc:ebxml-regrep:xsd:lcm:3.0"/>',
    "IHE_XDM/SUBSET01/DOC00001.XML": CDA,
})  # fmt: skip

# file, row of the decision table, listener's senders, from, to, subject, text, attachments, headers
MAILS: list[tuple[str, int, str, str, list[str], str, str, list[tuple[str, str, bytes]], dict[str, str]]] = [
    ("01-adresse-citoyenne-impossible", 1, "own", OWN, ["123456789012345@patient.mssante.fr"], "Votre rendez-vous", NURSE, [], {}),
    ("02-avis-de-remise", 2, "own", "", [INSIDE], "Avis de remise", "Votre message a été remis.", [], {}),
    ("03-boite-securisee-vers-partenaire", 3, "own", SECURE, [PARTNER], "Devis", "Merci de nous adresser un devis.", [], {}),
    ("04-partenaire-vers-boite-securisee", 4, "any", PARTNER, [SECURE], "Nos offres", "Découvrez nos offres de printemps.", [], {}),
    ("05-boite-securisee-vers-ordinaire", 5, "own", SECURE, [OUTSIDE], "Réunion", "La réunion est déplacée à jeudi.", [], {}),
    ("06-ordinaire-vers-boite-securisee", 6, "own", OWN, [SECURE], "Clés du local", "Les clés sont à l'accueil.", [], {}),
    ("07-vers-mssante", 7, "own", OWN, [TRUSTED], "Mme D.", NURSE, [("application/pdf", "document.pdf", pdf(LETTER))], {}),
    ("08-courrier-entrant", 8, "any", "contact@fournisseur.example", [INSIDE], "Livraison", "Livraison prévue mardi matin.", [], {}),
    ("09-interne-avec-donnees-de-sante", 9, "own", OWN, [INSIDE], "Transmissions", NURSE, [], {}),
    ("10-interne-ordinaire", 10, "own", OWN, [INSIDE], "Planning de juin", "Bonjour, le planning de juin est affiché.", [], {}),
    ("11a-infirmiere-trois-lignes", 11, "own", OWN, [OUTSIDE], "Ch. 12", NURSE, [], {}),
    ("11b-compte-rendu-pdf", 11, "own", OWN, [OUTSIDE], "Document", "Ci-joint.", [("application/pdf", "doc.pdf", pdf(LETTER))], {}),
    ("11c-compte-rendu-docx", 11, "own", OWN, [OUTSIDE], "Document", "Ci-joint.",
     [("application/vnd.openxmlformats-officedocument.wordprocessingml.document", "doc.docx", docx(LETTER))], {}),
    ("11d-zip-dans-zip", 11, "own", OWN, [OUTSIDE], "Archive", "Ci-joint.",
     [("application/zip", "archive.zip", pack({"interne.zip": pack({"doc.docx": docx(LETTER)})}))], {}),
    ("11e-cda", 11, "own", OWN, [OUTSIDE], "Fichier", "Ci-joint.", [("application/octet-stream", "fichier.bin", CDA)], {}),
    ("11f-ihe-xdm", 11, "own", OWN, [OUTSIDE], "Fichier", "Ci-joint.", [("application/zip", "IHE_XDM.zip", XDM)], {}),
    ("11g-hl7", 11, "own", OWN, [OUTSIDE], "Fichier", "Ci-joint.", [("text/plain", "fichier.txt", HL7)], {}),
    ("11h-hprim", 11, "own", OWN, [OUTSIDE], "Fichier", "Ci-joint.", [("application/octet-stream", "fichier.hpr", HPRIM)], {}),
    ("11i-fhir", 11, "own", OWN, [OUTSIDE], "Fichier", "Ci-joint.", [("application/json", "fichier.json", FHIR)], {}),
    ("11j-dicom", 11, "own", OWN, [OUTSIDE], "Image", "Ci-joint.", [("application/octet-stream", "image.jpg", DICOM)], {}),
    ("11k-en-tetes-mssante", 11, "own", OWN, [OUTSIDE], "Fichier", "Ci-joint.", [], {"X-MSS-INS": "O"}),
    ("11l-projet-personnalise", 11, "own", OWN, [OUTSIDE], "Tom", """Bonjour,

Voici le projet personnalisé d'accompagnement de Tom Lefèvre, né le 4 mai 2016, accueilli à l'IME depuis septembre.
Objectifs : travailler l'autonomie au repas, diminuer les crises d'angoisse, poursuivre l'orthophonie deux fois par semaine.
Ses troubles du spectre de l'autisme nécessitent un accompagnement éducatif renforcé.""", [], {}),
    ("11m-inquietude-pour-un-enfant", 11, "own", OWN, [OUTSIDE], "Situation", """Bonjour,

Nous souhaitons vous transmettre une information préoccupante au sujet de Lina Moreau, 8 ans.
Elle présente des ecchymoses aux bras et dit que son beau-père la frappe. Sa mère minimise. Nous craignons pour sa sécurité.""", [], {}),
    ("12-archive-chiffree", 12, "own", OWN, [OUTSIDE], "Document", "Le mot de passe suit.", [("application/zip", "d.zip", encrypted_zip())], {}),
    ("13-doute", 13, "own", OWN, [OUTSIDE], "Arrivée", "Bonjour, arrivée de M. Petit lundi à 14 h, chambre 8.", [], {}),
    ("14-ordinaire", 14, "own", OWN, [OUTSIDE], "Menu de la semaine", "Bonjour, voici le menu : lundi, poisson et riz. Bon appétit.", [], {}),
    ("15-destinataires-meles", 11, "own", OWN, [TRUSTED, OUTSIDE], "Ch. 12", NURSE, [], {}),
    ("16-espace-patient", 7, "own", OWN, [CITIZEN], "Votre compte rendu", "Votre compte rendu est joint.", [("application/pdf", "cr.pdf", pdf(LETTER))], {}),
]  # fmt: skip


def build(
    sender: str,
    to: list[str],
    subject: str,
    text: str,
    attachments: list[tuple[str, str, bytes]],
    headers: dict[str, str],
    number: int,
) -> bytes:
    message = EmailMessage(policy=SMTP)
    message["From"] = sender or "MAILER-DAEMON@ehpad-les-tilleuls.fr"
    message["To"] = ", ".join(to)
    message["Subject"] = subject
    message["Date"] = "Mon, 02 Mar 2026 14:32:00 +0100"
    message["Message-ID"] = f"<exemple-{number:02d}@ehpad-les-tilleuls.fr>"
    for name, value in headers.items():
        message[name] = value
    message.set_content(text, cte="quoted-printable")
    for kind, name, data in attachments:
        main, _, sub = kind.partition("/")
        if main == "text":
            message.add_attachment(data.decode(), subtype=sub, filename=name, cte="base64")
        else:
            message.add_attachment(data, maintype=main, subtype=sub, filename=name)
    if message.is_multipart():
        message.set_boundary(f"exemple-{number:02d}")
    return message.as_bytes()


def main() -> None:
    OUT.mkdir(parents=True, exist_ok=True)
    index = ["# file, row of the decision table (docs/flow.md), senders of the listener, envelope"]
    for number, (name, row, senders, sender, to, subject, text, attachments, headers) in enumerate(MAILS, 1):
        (OUT / f"{name}.eml").write_bytes(build(sender, to, subject, text, attachments, headers, number))
        index.append(f"- {{file: {name}.eml, row: {row}, senders: {senders}, from: '{sender}', to: {json.dumps(to)}}}")
    (OUT / "index.yaml").write_text("\n".join(index) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
