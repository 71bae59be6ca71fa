"""The store: what the API remembers, in SQLite (WAL) or PostgreSQL, by SQLAlchemy Core."""

from api.store.engine import Form, Store, StoreError, look, open_store, serving

__all__ = ["Form", "Store", "StoreError", "look", "open_store", "serving"]
