"""Mentions posted over HTTP."""

from datetime import UTC, datetime
from http import HTTPStatus

from fastapi import APIRouter, Depends

from api import mention
from api.auth import Officer
from api.errors import FieldError, ProblemError
from api.metrics import Posted
from api.producer import KafkaAwayError
from api.query import no_query
from api.routes.answers import AWAY, SHARED, TOO_LARGE
from api.schemas import Accepted
from api.services import Services, Use
from api.store import topics

RETRY_SECONDS = 5
"""A broker that restarts is back within this."""

router = APIRouter(prefix="/v1/mentions", tags=["mentions"], responses=SHARED | AWAY | TOO_LARGE)


@router.post("", status_code=HTTPStatus.ACCEPTED, dependencies=[Depends(no_query)])
def post_mentions(_: Officer, services: Use, body: mention.Envelope) -> Accepted:
    """Hand up to 500 mentions to Kafka, all or none; 202 once Kafka has them."""
    faults = _faults(services, body)
    if faults:
        services.metrics.posted.labels(Posted.REJECTED).inc(len(body))
        first = f"{faults[0].field}: {faults[0].detail}"
        raise ProblemError(HTTPStatus.UNPROCESSABLE_ENTITY, first, errors=faults)
    try:
        services.producer.send([mention.encode(item) for item in body])
    except KafkaAwayError as error:
        services.metrics.posted.labels(Posted.UNAVAILABLE).inc(len(body))
        detail = "Kafka did not take the mentions in time; sent again, each still counts once"
        status = HTTPStatus.SERVICE_UNAVAILABLE
        raise ProblemError(status, detail, retry_after_seconds=RETRY_SECONDS) from error
    services.metrics.posted.labels(Posted.ACCEPTED).inc(len(body))
    return Accepted(accepted=len(body))


def _faults(services: Services, mentions: list[mention.Mention]) -> list[FieldError]:
    """Find what no schema can: times in the future, topics of no catalogue."""
    faults = mention.time_faults(mentions, datetime.now(UTC))
    named = mention.named_topics(mentions)
    if named:
        with services.store.read() as connection:
            known = topics.known(connection, named)
        faults += [] if known is None else mention.topic_faults(mentions, known)
    return faults
