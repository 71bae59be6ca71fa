"""Make an API key in the store that the settings name, whether the API runs or not."""

from api.keys import KeyFaultError, create_key
from api.settings import ApiSettings
from api.store import StoreError, open_store
from deploy.errors import DeployError


def create(settings: ApiSettings, name: str, role: str) -> str:
    """Return a new key for ``name``; only its digest is stored.

    Raises
    ------
    DeployError
        The name is taken or malformed, the role unknown, or the store cannot be opened.

    """
    try:
        store = open_store(settings.store_url)
        try:
            return create_key(store, name, role)
        finally:
            store.close()
    except (KeyFaultError, StoreError) as error:
        raise DeployError(str(error)) from error
