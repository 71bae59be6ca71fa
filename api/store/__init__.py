"""The store: what the API remembers, in SQLite (WAL) by SQLAlchemy Core."""

from api.store.engine import Store, StoreError, open_store

__all__ = ["Store", "StoreError", "open_store"]
