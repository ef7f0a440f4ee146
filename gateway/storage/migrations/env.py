"""Alembic's environment: runs on the connection that `gateway.storage.migrate` hands over."""

from __future__ import annotations

from alembic import context

from audit.tables import metadata
from gateway.storage.tables import ALL

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=[metadata, *ALL],
    render_as_batch=False,
)
with context.begin_transaction():
    context.run_migrations()
