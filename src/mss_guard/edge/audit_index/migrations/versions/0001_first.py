"""The tables of the first index, with a default partition each on PostgreSQL."""

from alembic import op
from sqlalchemy import text

from mss_guard.edge.audit_index import tables

revision = "0001"
down_revision = None


def upgrade() -> None:
    """What tables.py says today; a later change is a migration of its own, and this one is then frozen beside it."""
    connection = op.get_bind()
    tables.meta.create_all(connection)
    if connection.dialect.name == "postgresql":
        for table in tables.DATED:
            connection.execute(text(f"CREATE TABLE {table.name}_other PARTITION OF {table.name} DEFAULT"))
