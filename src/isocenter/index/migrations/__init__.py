"""Migrations of the index, run by Alembic when an archive is opened (``migrate.py``)."""
