"""Alembic's way in: the connection that the store has opened, in its transaction."""

from alembic import context

from mss_guard.edge.audit_index.tables import meta

context.configure(connection=context.config.attributes["connection"], target_metadata=meta)
with context.begin_transaction():
    context.run_migrations()
