"""Bars as inline SVG, each with the table that says the same: what a screen reader, a printer and a spreadsheet can use."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

WIDTH, HEIGHT = 640, 180
_LEFT, _RIGHT, _TOP, _BOTTOM = 44, 8, 10, 22


@dataclass(frozen=True, slots=True)
class Series:
    """One colour of a stacked bar. `style`: the class that style.css gives a colour and a pattern of its own."""

    name: str
    style: str
    values: tuple[int, ...]


def bars(identifier: str, title: str, labels: Sequence[str], series: Sequence[Series], first: str) -> Markup:
    """Stacked bars over `labels`, a legend, and the table. `first`: heading of the labels' column."""
    return Markup("<figure>{}{}{}</figure>").format(
        _picture(identifier, title, labels, series), _legend(series), _folded(title, labels, series, first)
    )


def table(caption: str, headings: Sequence[str], rows: Sequence[Sequence[object]]) -> Markup:
    """The first column names its row; numbers stand to the right."""
    head = Markup("").join(Markup("<th scope=col>{}</th>").format(word) for word in headings)
    body = Markup("\n").join(
        Markup("<tr><th scope=row>{}</th>{}</tr>").format(row[0], Markup("").join(map(_cell, row[1:]))) for row in rows
    )
    return Markup(
        '<div class=wide tabindex=0 role=group aria-label="{}"><table><caption>{}</caption><thead><tr>{}</tr></thead>\n<tbody>{}</tbody></table></div>'
    ).format(caption, caption, head, body)


def _cell(value: object) -> Markup:
    if isinstance(value, int):
        return Markup("<td class=n>{}</td>").format(number(value))
    return Markup("<td>{}</td>").format(value)


def number(value: int) -> str:
    """ "12 345" with a narrow no-break space, as French typography has it."""
    return f"{value:,}".replace(",", "\u202f")


def percent(part: int, whole: int) -> str:
    """ "12 %", "0,4 %"; "–" of nothing."""
    if not whole:
        return "–"
    share = 100 * part / whole
    return f"{share:.1f}".replace(".", ",").removesuffix(",0") + "\u202f%"


def _picture(identifier: str, title: str, labels: Sequence[str], series: Sequence[Series]) -> Markup:
    most = max((sum(one.values[n] for one in series) for n in range(len(labels))), default=0)
    top = _round_up(most)
    step = (WIDTH - _LEFT - _RIGHT) / max(1, len(labels))
    drawn = [_axis(top)]
    for n in range(len(labels)):
        floor = float(HEIGHT - _BOTTOM)
        for one in series:
            tall = one.values[n] / top * (HEIGHT - _BOTTOM - _TOP)
            floor -= tall
            if one.values[n]:
                drawn.append(
                    Markup('<rect class="{}" x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}"/>').format(
                        one.style, _LEFT + n * step + step * 0.1, floor, step * 0.8, tall
                    )
                )
        if n % max(1, len(labels) // 8) == 0:
            drawn.append(
                Markup('<text x="{:.1f}" y="{}" text-anchor="middle">{}</text>').format(
                    _LEFT + (n + 0.5) * step, HEIGHT - 6, labels[n]
                )
            )
    return Markup('<svg viewBox="0 0 {} {}" role="img" aria-labelledby="{}"><title id="{}">{}</title>{}</svg>').format(
        WIDTH, HEIGHT, identifier, identifier, title, Markup("").join(drawn)
    )


def _axis(top: int) -> Markup:
    lines = []
    for part in (0, 0.5, 1):
        y = HEIGHT - _BOTTOM - part * (HEIGHT - _BOTTOM - _TOP)
        lines.append(
            Markup('<line x1="{}" x2="{}" y1="{:.1f}" y2="{:.1f}"/>').format(_LEFT, WIDTH, y, y)
            + Markup('<text x="{}" y="{:.1f}" text-anchor="end">{}</text>').format(
                _LEFT - 6, y + 4, number(round(top * part)) if top * part == round(top * part) else ""
            )
        )
    return Markup("").join(lines)


def _round_up(most: int) -> int:
    """1, 2 or 5 times a power of ten, at least as much."""
    power = 1
    while True:
        for factor in (1, 2, 5):
            if factor * power >= most:
                return factor * power
        power *= 10


def _legend(series: Sequence[Series]) -> Markup:
    items = Markup("").join(
        Markup(
            '<li><svg class=key viewBox="0 0 12 12" aria-hidden=true><rect class="{}" width=12 height=12 /></svg> {}'
        ).format(one.style, f"{one.name} : {number(sum(one.values))}")
        for one in series
    )
    return Markup("<figcaption><ul class=legend>{}</ul></figcaption>").format(items)


def _folded(title: str, labels: Sequence[str], series: Sequence[Series], first: str) -> Markup:
    rows = [(label, *(one.values[n] for one in series)) for n, label in enumerate(labels)]
    return Markup("<details><summary>Les chiffres de ce graphique</summary>{}</details>").format(
        table(title, (first, *(one.name for one in series)), rows)
    )
