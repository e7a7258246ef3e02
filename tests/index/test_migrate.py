"""The migrations make the schema that the code uses, once, and refuse what a newer program made."""

import importlib
import threading
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext

import isocenter.index.migrations.versions as versions
from isocenter.errors import ConfigurationError
from isocenter.index import migrate, schema
from isocenter.index.index import Index
from isocenter.index.migrate import CURRENT


@pytest.fixture(autouse=True)
def alembic(monkeypatch: pytest.MonkeyPatch) -> None:
    """Other tests repeat the statements that it found."""
    monkeypatch.setattr(migrate, "_upgrade", migrate._upgrade.__wrapped__)  # type: ignore[attr-defined]


@pytest.mark.filterwarnings("ignore:.*expression-based index")  # of SQLite; a test of queries sees that they are there
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


def test_patients_from_before_are_found_by_their_words(url: str) -> None:
    index = Index.open(url)
    patient = dict.fromkeys((column.name for column in schema.patient.columns if column.name != "id"), "") | {
        "identity": "x",
        "PatientName_alphabetic": "doe jane",
        "PatientName_ideographic": "山田 太郎",
    }
    with index.database.engine.begin() as connection:
        connection.execute(schema.patient.insert(), patient)
        context = MigrationContext.configure(connection)
        migration = importlib.import_module("isocenter.index.migrations.versions.0008_site_keys")
        with Operations.context(context):
            migration.downgrade()
            migration.upgrade()
        words = connection.execute(sa.select(schema.name_word.c.word).order_by(schema.name_word.c.word)).scalars().all()
    index.close()
    assert words == ["doe", "jane", "太郎", "山田"]
