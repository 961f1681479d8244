"""Rates with their bounds, in tables that say when there were too few cases to show anything."""

from __future__ import annotations

import math
from dataclasses import dataclass

Z = 1.959964  # 95 %


@dataclass(frozen=True, slots=True)
class Rate:
    """`hits` of `n`, with the bounds of Wilson (1927) at 95 %."""

    hits: int
    n: int

    @property
    def value(self) -> float:
        return self.hits / self.n if self.n else math.nan

    @property
    def bounds(self) -> tuple[float, float]:
        if not self.n:
            return 0.0, 1.0
        p, n = self.value, self.n
        middle = (p + Z * Z / (2 * n)) / (1 + Z * Z / n)
        margin = Z * math.sqrt(p * (1 - p) / n + Z * Z / (4 * n * n)) / (1 + Z * Z / n)
        return max(0.0, middle - margin), min(1.0, middle + margin)

    def __str__(self) -> str:
        low, high = self.bounds
        return f"{self.value:8.2%} ({self.hits}/{self.n}; {low:.2%}–{high:.2%})"


@dataclass(frozen=True, slots=True)
class Goal:
    """A rate that is to be at least (`up`) or at most `wanted`."""

    wanted: float
    up: bool

    def verdict(self, rate: Rate) -> str:
        """`shown` when even the unfavourable bound holds; `not shown` when the value holds but n is too small."""
        if not rate.n:
            return "no case"
        low, high = rate.bounds
        if (low >= self.wanted) if self.up else (high <= self.wanted):
            return "shown"
        if (rate.value >= self.wanted) if self.up else (rate.value <= self.wanted):
            return "reached, not shown (n)"
        return "MISSED"

    def __str__(self) -> str:
        return f"{'≥' if self.up else '≤'} {self.wanted:.4g}"


def table(title: str, head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    """Plain columns."""
    widths = [max(len(line[i]) for line in (head, *rows)) for i in range(len(head))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) for line in (head, *rows)]
    return "\n".join(["", title, "-" * len(title), *(line.rstrip() for line in lines)])
