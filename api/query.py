"""Query parameters: only those that a route names."""

from fastapi import Request
from pydantic import BaseModel, ConfigDict

from api.errors import invalid


class StrictQuery(BaseModel):
    """A route's query parameters; an unknown one is refused by name."""

    model_config = ConfigDict(extra="forbid")


def no_query(request: Request) -> None:
    """Refuse every query parameter, for routes that take none."""
    for name in request.query_params:
        raise invalid(name[:100], "is not a parameter of this address")
