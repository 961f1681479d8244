"""How a decision came about that was not the ordinary one: not inspected, approved, declared, milder by a dated exception."""

from alembic import op
from sqlalchemy import Boolean, Column, String, delete, inspect

from mss_guard.edge.audit_index import tables

revision = "0002"
down_revision = "0001"
ADDED = (("uninspected", String(12)), ("approved", String(14)), ("declared", String(14)), ("exempted", Boolean()))


def upgrade() -> None:
    """A new index has the columns by 0001 already. An old one gets them, and is emptied: the journal fills it again."""
    connection = op.get_bind()
    held = {column["name"] for column in inspect(connection).get_columns(tables.decisions.name)}
    missing = [(name, kind) for name, kind in ADDED if name not in held]
    for name, kind in missing:
        op.add_column(tables.decisions.name, Column(name, kind))
    if missing:
        for table in (*tables.DATED, tables.cursors):
            connection.execute(delete(table))
