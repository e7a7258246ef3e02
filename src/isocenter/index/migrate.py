"""Bring the schema of an index up to what this program needs, or refuse one that a newer program made.

SQLite and PostgreSQL change schemas inside transactions: a migration happens whole or not at all, and only one process
does it while the others wait.
"""

import sqlalchemy as sa

from isocenter.errors import ConfigurationError
from isocenter.index.database import Database

#: The last file of ``migrations/versions``.
CURRENT = "0017"


def migrate(database: Database) -> None:
    """Create or upgrade the tables.

    Raises:
        ConfigurationError: the index was made by a newer version of this program.
    """
    if _version(database) == CURRENT:
        return
    with database.alone() as connection:
        _upgrade(connection)


def _version(database: Database) -> str | None:
    with database.engine.connect() as connection:
        if not sa.inspect(connection).has_table("alembic_version"):
            return None
        found = connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalar()
        return None if found is None else str(found)


def _upgrade(connection: sa.Connection) -> None:
    from alembic import command  # noqa: PLC0415 - heavy, and needed at the first start only
    from alembic.config import Config  # noqa: PLC0415
    from alembic.util import CommandError  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", "isocenter.index:migrations")
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, "head")
    except CommandError as error:
        raise ConfigurationError(
            f"the index was made by a newer version of isocenter; install that version or a later one ({error})"
        ) from error
