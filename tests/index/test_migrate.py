"""The migrations make the schema that the code uses, once, and refuse what a newer program made."""

import threading
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

import isocenter.index.migrations.versions as versions
from isocenter.errors import ConfigurationError
from isocenter.index import schema
from isocenter.index.index import Index
from isocenter.index.migrate import CURRENT


def test_migrated_database_is_the_schema(url: str) -> None:
    index = Index.open(url)
    with index.database.engine.connect() as connection:
        differences = compare_metadata(MigrationContext.configure(connection), schema.metadata)
    index.close()
    assert differences == []


def test_current_is_the_last_migration() -> None:
    files = Path(str(versions.__file__)).parent.glob("[0-9]*.py")
    assert max(file.name[:4] for file in files) == CURRENT


def test_opening_again_changes_nothing(url: str) -> None:
    for _ in range(2):
        index = Index.open(url)
        with index.database.engine.connect() as connection:
            assert connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalars().all() == [CURRENT]
        index.close()


def test_many_open_a_new_index_at_once(url: str) -> None:
    opened: list[Index] = []
    threads = [threading.Thread(target=lambda: opened.append(Index.open(url))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for index in opened:
        index.close()
    assert len(opened) == 4


def test_an_index_of_a_newer_program_is_refused(url: str) -> None:
    index = Index.open(url)
    with index.database.engine.begin() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    index.close()
    with pytest.raises(ConfigurationError, match="newer version"):
        Index.open(url)
