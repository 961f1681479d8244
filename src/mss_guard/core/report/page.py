"""The monthly report: one HTML file that needs nothing else, reads aloud, prints, and asks for something to be done.

Pure: figures in, page out. Every value is escaped by markupsafe; no script, no address of elsewhere, so that a policy of
`default-src 'none'` holds.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date

from markupsafe import Markup

from mss_guard.core.report import words
from mss_guard.core.report.charts import Series, bars, number, percent, table
from mss_guard.core.report.figures import Act, Figures, Standing, french, monday
from mss_guard.core.report.words import said

TOP = 15
Kind = Callable[[str], str]

_STYLE = """
:root{color-scheme:light dark;--ink:#1b1f24;--paper:#fff;--line:#8a94a0;--a:#3d6fb4;--b:#b3261e;--c:#8a6100;--d:#5b4b8a;--good:#1d6b35;--bad:#a3211a}
@media(prefers-color-scheme:dark){:root{--ink:#e8eaed;--paper:#15181c;--line:#8d97a3;--a:#86b0ee;--b:#ff9d94;--c:#e0b354;--d:#c3b3f5;--good:#86d39c;--bad:#ff9d94}}
body{font:1rem/1.5 system-ui,sans-serif;color:var(--ink);background:var(--paper);margin:0 auto;padding:1rem;max-width:60rem}
h1{font-size:1.6rem;line-height:1.2}h2{font-size:1.25rem;margin-top:2.2rem;border-bottom:2px solid var(--line)}
.wide{overflow-x:auto}table{border-collapse:collapse;margin:.8rem 0;width:100%}caption{text-align:left;font-weight:600;padding:.3rem 0}
th,td{text-align:left;padding:.3rem .6rem;border-bottom:1px solid var(--line);vertical-align:top;font-weight:400;overflow-wrap:anywhere}
thead th{font-weight:600}.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
figure{margin:1rem 0}svg{width:100%;height:auto}svg text{fill:var(--ink);font-size:11px}svg line{stroke:var(--line);stroke-width:.5}
.a{fill:var(--a)}.b{fill:var(--b)}.c{fill:var(--c)}.d{fill:var(--d)}
.key{width:.8rem;height:.8rem}.legend{display:flex;flex-wrap:wrap;gap:.3rem 1.2rem;list-style:none;padding:0;margin:.3rem 0}
.good{color:var(--good)}.bad{color:var(--bad);font-weight:600}summary{cursor:pointer;min-height:1.5rem}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.2rem 1.2rem}dt{grid-column:1}dd{margin:0;grid-column:2}
@media(max-width:30rem){dl{display:block}dd{margin:0 0 .5rem}}
@media print{body{max-width:none}details:not([open])>*{display:block}h2{break-after:avoid}figure,tr{break-inside:avoid}}
"""


def page(found: Figures, standing: Standing, titles: Mapping[str, str], kind: Kind) -> str:
    """The report. `titles`: rule id → its French title; `kind`: an outside domain → who stands behind it (a word of roads.Kind)."""
    label = found.period.label
    title = f"Rapport mss-guard, {label}, {standing.structure}"
    sections = (
        _todo(found, standing, kind),
        _volumes(found),
        *((_spared(found, kind),) if found.spared else ()),
        _rules(found, titles),
        _unreadable(found),
        _domains(found, kind),
        _trust_space(found),
        _false_positives(found, titles),
        _acts(found),
        _state(standing),
    )
    head = Markup(
        '<!doctype html><html lang=fr><head><meta charset=utf-8><meta name=viewport content="width=device-width,initial-scale=1"><title>{}</title>'
        "<style>{}</style></head>"
    ).format(title, Markup(_STYLE))  # noqa: S704 - our own style sheet, above
    intro = Markup(
        "<body><header><h1>{}</h1><p>{}, du {} au {} (jours UTC). Fait le {}. Politique : {}.</p>"
        "<p>Ce rapport ne contient aucun contenu de message, ni objet, ni nom de fichier, ni adresse, et ne classe personne.</p></header><main>"
    ).format(
        f"Rapport : {label}",
        standing.structure,
        french(found.period.days[0]),
        french(found.period.days[-1]),
        french(standing.made),
        said(words.MODE, standing.mode),
    )
    return str(head + intro + Markup("\n").join(sections) + Markup("</main></body></html>\n"))


def _section(identifier: str, title: str, *body: Markup) -> Markup:
    return Markup('<section aria-labelledby="{}"><h2 id="{}">{}</h2>{}</section>').format(
        identifier, identifier, title, Markup("\n").join(body)
    )


def _p(text: str, **values: object) -> Markup:
    return Markup("<p>{}</p>").format(Markup(text).format(**values))  # noqa: S704 - sentences of this module


def _todo(found: Figures, standing: Standing, kind: Kind) -> Markup:
    """What the officer does next, first."""
    items = list(_asks(found, standing, kind)) or ["Rien ne demande votre action ce mois-ci."]
    return _section(
        "a-faire",
        "À faire",
        Markup("<ul>{}</ul>").format(Markup("").join(Markup("<li>{}").format(item) for item in items)),
    )


def _asks(found: Figures, standing: Standing, kind: Kind) -> Iterator[str]:
    if not standing.chain_good:
        yield "Le journal ne se vérifie pas : prévenez le RSSI et lancez « mss-guard audit verify »."
    if not standing.witness_good:
        yield f"Le témoin du journal manque : {standing.witness}."
    if not standing.list_good:
        yield f"Liste blanche : {standing.list_age}. Demandez à l'exploitant « mss-guard doctor »."
    left = sum(one.messages for one in found.gone_read)
    unread = sum(one.messages for one in found.gone) - left
    if left:
        yield f"{number(left)} envoi(s) de données de santé hors de l'espace de confiance : qualifiez-les (« mss-guard audit register »)."
    if unread:
        yield f"{number(unread)} envoi(s) illisibles transmis hors de l'espace de confiance, contenu inconnu : qualifiez-les (« mss-guard audit register »)."
    if found.unclassed:
        yield f"{number(found.unclassed)} refus signalé(s) à tort attendent d'être classés (console, « À tort »)."
    if found.false_rules:
        yield f"Règles en cause dans les refus à tort, à revoir : {', '.join(one.name for one in found.false_rules[:3])}."
    equip = [name for name, _, _ in _by_domain(found) if kind(name) in ("professionnel", "administration", "inconnu")]
    if equip:
        yield f"Correspondants à équiper de MSSanté d'abord : {', '.join(equip[:3])}."
    if any(one.name in ("bypass", "fault") for one in found.uninspected):
        yield "Du courrier est parti sans examen : voyez « Exceptions et actes »."


def _volumes(found: Figures) -> Markup:
    days = found.days
    facts = [
        ("Décisions", number(found.messages)),
        ("Transmises", f"{number(found.relayed)} ({percent(found.relayed, found.messages)})"),
        ("Refusées", f"{number(found.refused)} ({percent(found.refused, found.messages)})"),
        ("Mises en attente", number(found.deferred)),
    ]
    listed = Markup("").join(Markup("<dt>{}</dt><dd>{}</dd>").format(*pair) for pair in facts)
    chart = bars(
        "jours",
        "Décisions par jour",
        [f"{one.day.day}/{one.day.month}" for one in days],
        (
            Series("transmises", "a", tuple(one.relayed for one in days)),
            Series("refusées", "b", tuple(one.refused for one in days)),
            Series("mises en attente", "c", tuple(one.deferred for one in days)),
        ),
        "Jour",
    )
    reasons = [(said(words.REASON, one.name), one.number) for one in found.reasons]
    why = table("Motifs des refus", ("Motif", "Messages"), reasons) if reasons else _p("Aucun refus.")
    return _section("volumes", "Volumes", Markup("<dl>{}</dl>").format(listed), chart, why)


def _spared(found: Figures, kind: Kind) -> Markup:
    """In observation and with warnings: what would have been refused, by week and by whom it was for."""
    weeks = sorted({monday(one.day) for one in found.days})
    counted: Counter[tuple[date, str]] = Counter()
    for one in found.domains:
        counted[one.week, kind(one.domain)] += one.spared
    kinds = sorted({k for (_, k), n in counted.items() if n}, key=lambda k: -sum(counted[w, k] for w in weeks))
    rows = [
        (f"semaine du {french(week)}", *(counted[week, k] for k in kinds), sum(counted[week, k] for k in kinds))
        for week in weeks
    ]
    lead = _p(
        "{n} message(s) transmis en observation ou avec un avertissement auraient été refusés. Destinataires, par semaine et par sorte de correspondant :",
        n=number(found.spared),
    )
    headings = ("Semaine", *(said(words.KIND, k) for k in kinds), "Tous")
    return _section("observation", "Ce qui aurait été refusé", lead, table("Par semaine et par chemin", headings, rows))


def _rules(found: Figures, titles: Mapping[str, str]) -> Markup:
    rows = [(one.name, titles.get(one.name, "–"), one.number) for one in found.rules[:TOP]]
    lead = _p("Règles les plus présentes dans les messages refusés, ou qui l'auraient été.")
    shown = table("Règles", ("Règle", "Titre", "Messages"), rows) if rows else _p("Aucune.")
    return _section("regles", "Règles", lead, shown)


def _unreadable(found: Figures) -> Markup:
    rows = [(said(words.WHY, one.name), one.number) for one in found.unreadable]
    shown = (
        table("Contenus qui n'ont pas pu être lus", ("Cause", "Messages"), rows)
        if rows
        else _p("Tout ce qui a été examiné a été lu.")
    )
    return _section("illisible", "Illisible", shown)


def _by_domain(found: Figures) -> list[tuple[str, int, int]]:
    refused, spared = Counter[str](), Counter[str]()
    for one in found.domains:
        refused[one.domain] += one.refused
        spared[one.domain] += one.spared
    ordered = sorted(refused.keys() | spared.keys(), key=lambda d: (-refused[d] - spared[d], d))
    return [(d, refused[d], spared[d]) for d in ordered]


def _domains(found: Figures, kind: Kind) -> Markup:
    rows = [(d, said(words.KIND, kind(d)), r, s) for d, r, s in _by_domain(found)[:TOP]]
    lead = _p(
        "Domaines extérieurs destinataires de messages retenus pour leur contenu (données de santé, ou illisible) : les correspondants à équiper d'une "
        "messagerie sécurisée."
    )
    headings = ("Domaine", "Sorte", "Refusés", "Auraient été refusés")
    return _section(
        "correspondants",
        "Correspondants à équiper de MSSanté",
        lead,
        table("Domaines extérieurs", headings, rows) if rows else _p("Aucun."),
    )


def _trust_space(found: Figures) -> Markup:
    weeks = found.weeks
    into, outside = sum(w.into for w in weeks), sum(w.outside for w in weeks)
    chart = bars(
        "espace",
        "Destinataires par semaine",
        [f"{w.week.day}/{w.week.month}" for w in weeks],
        (
            Series("espace de confiance MSSanté", "d", tuple(w.into for w in weeks)),
            Series("extérieur", "a", tuple(w.outside for w in weeks)),
        ),
        "Semaine du",
    )
    lead = _p(
        "Part des destinataires hors de la structure qui sont dans l'espace de confiance : {share} ({into} sur {all}).",
        share=percent(into, into + outside),
        into=number(into),
        all=number(into + outside),
    )
    after = _p(
        "Sur {n} refus pour données de santé, {f} ({share}) ont été suivis, dans les 7 jours, d'un envoi du même expéditeur vers MSSanté{rest}. "
        "Ce qui part du webmail de l'opérateur ne passe pas par le guet : la part vraie est au moins celle-ci.",
        n=number(found.refusals),
        f=number(found.followed),
        rest=f" ; {number(found.unfollowed)} autre(s), d'expéditeurs confidentiels, ne peuvent pas être suivis"
        if found.unfollowed
        else "",
        share=percent(found.followed, found.refusals),
    )
    return _section("mssante", "Vers MSSanté", lead, *((chart,) if weeks else ()), after)


def _false_positives(found: Figures, titles: Mapping[str, str]) -> Markup:
    if not found.false_positives:
        return _section("a-tort", "Refus signalés à tort", _p("Aucun signalement."))
    rows = [(one.name, titles.get(one.name, "–"), one.number) for one in found.false_rules[:TOP]]
    return _section(
        "a-tort",
        "Refus signalés à tort",
        _listed("Signalements", found.false_positives),
        table("Règles en cause", ("Règle", "Titre", "Signalements"), rows) if rows else Markup(""),
    )


def _acts(found: Figures) -> Markup:
    parts = [
        _listed(caption, acts)
        for caption, acts in (
            ("Exceptions et levées", found.exceptions),
            ("Passages sans examen", found.bypasses),
            ("Identités ouvertes", found.openings),
        )
        if acts
    ]
    unseen = [(said(words.UNINSPECTED, one.name), one.number) for one in found.uninspected]
    if unseen:
        parts.append(table("Messages non examinés", ("Cause", "Messages"), unseen))
    parts.append(_p("Consultations de décisions inscrites au journal : {n}.", n=number(found.consultations)))
    return _section("actes", "Exceptions et actes", *parts)


def _listed(caption: str, acts: Sequence[Act]) -> Markup:
    rows = [
        (one.at[:10], said(words.ACT, one.what), _about(one), one.by or "–", one.reason or "–", one.until[:10] or "–")
        for one in acts
    ]  # fmt: skip
    return table(caption, ("Jour", "Acte", "Sur quoi", "Par", "Raison", "Jusqu'au"), rows)


def _about(one: Act) -> str:
    """A reference first: it links an approval to its use."""
    if one.ref and one.about:
        return f"{one.ref} ({one.about})"
    return one.ref or one.about or "–"


def _state(standing: Standing) -> Markup:
    def mark(good: bool, text: str) -> Markup:
        return Markup('<li class="{}">{} {}').format("good" if good else "bad", "✓" if good else "✗", text)

    lines = [mark(standing.list_good, f"Liste blanche : {standing.list_age}")]
    lines += [mark(standing.witness_good, f"Témoin : {standing.witness}")]
    lines += [mark(standing.chain_good, line) for line in standing.chain]
    return _section("etat", "État du guet", Markup("<ul>{}</ul>").format(Markup("").join(lines)))
