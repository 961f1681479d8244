"""Who may do what in the console: one table, for its routes, its pages and the documents of the DPO."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class Role(StrEnum):
    """What somebody is for the console. Nobody has two: who administers accounts opens no identity."""

    READER = "lecteur"
    OFFICER = "dpo-rssi"
    OPERATOR = "exploitant"
    ADMINISTRATOR = "administrateur"


class Right(StrEnum):
    """One thing that can be done; the value is French, for people."""

    DASHBOARD = "voir le tableau de bord"
    STATE = "voir l'état des règles, de la liste blanche et de la chaîne"
    SEARCH = "chercher et lire des décisions (chaque lecture est inscrite au journal)"
    REPORT = "prendre le rapport d'un mois et le registre des violations"
    EXPORT = "emporter des décisions (CSV, JSON)"
    EXCEPTIONS = "voir les exceptions et les refus signalés à tort"
    DECIDE = "accorder ou retirer une exception, classer un refus signalé à tort"
    IDENTITY = "ouvrir une identité (avec la clé du DPO et un motif)"
    ACCOUNTS = "voir les comptes de la console"


_ALL = frozenset(Role)
TABLE: Mapping[Right, frozenset[Role]] = {
    Right.DASHBOARD: _ALL,
    Right.STATE: _ALL,
    Right.SEARCH: frozenset({Role.READER, Role.OFFICER, Role.OPERATOR}),
    Right.REPORT: frozenset({Role.READER, Role.OFFICER}),
    Right.EXPORT: frozenset({Role.OFFICER}),
    Right.EXCEPTIONS: frozenset({Role.READER, Role.OFFICER, Role.OPERATOR}),
    Right.DECIDE: frozenset({Role.OFFICER}),
    Right.IDENTITY: frozenset({Role.OFFICER}),
    Right.ACCOUNTS: frozenset({Role.ADMINISTRATOR}),
}


def may(role: Role, right: Right) -> bool:
    return role in TABLE[right]
