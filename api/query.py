"""What routes take from a request beside its body.

Dependencies are coroutines throughout: FastAPI sends every plain function to another thread, which costs more
than what they do.
"""

from typing import Annotated, cast

from fastapi import Depends, Request
from pydantic import BaseModel, ConfigDict

from api.errors import invalid


class StrictQuery(BaseModel):
    """A route's query parameters; an unknown one is refused by name."""

    model_config = ConfigDict(extra="forbid")


async def no_query(request: Request) -> None:
    """Refuse every query parameter, for routes that take none."""
    for name in request.query_params:
        raise invalid(name[:100], "is not a parameter of this address")


async def sampled(request: Request) -> list[str]:
    """Give the list to which a route adds the id of each alert whose samples it shows, for the audit log."""
    return cast("list[str]", request.state.sampled)


Sampled = Annotated[list[str], Depends(sampled)]
