"""Whose key it is."""

from fastapi import APIRouter, Depends

from api.auth import Viewer
from api.query import no_query
from api.routes.answers import SHARED
from api.schemas import Me

router = APIRouter(prefix="/v1/me", tags=["operations"], responses=SHARED)


@router.get("", dependencies=[Depends(no_query)])
def whoami(who: Viewer) -> Me:
    """Say whose key this is."""
    return Me(name=who.name, role=who.role)
