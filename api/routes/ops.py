"""Health, readiness, metrics: for the machines that watch this one."""

import asyncio
from http import HTTPStatus

from fastapi import APIRouter, Depends, Response
from fastapi.concurrency import run_in_threadpool
from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4
from pydantic import BaseModel
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from api import worker_metrics
from api.query import no_query
from api.services import Services, Use
from api.store import Store

KAFKA_SECONDS = 1.0

router = APIRouter(tags=["operations"], dependencies=[Depends(no_query)])


class Health(BaseModel):
    """The process answers."""

    status: str


class Readiness(BaseModel):
    """Whether the process can do its work, and what is missing."""

    status: str
    checks: dict[str, bool]


async def kafka_reachable(bootstrap: str) -> bool:
    """Whether one of the brokers accepts a connection within a second."""
    for address in bootstrap.split(","):
        host, _, port = address.strip().rpartition(":")
        try:
            opening = asyncio.open_connection(host.strip("[]"), int(port))
            _, writer = await asyncio.wait_for(opening, KAFKA_SECONDS)
        except (OSError, TimeoutError, ValueError):
            continue
        writer.close()
        return True
    return False


def _store_answers(store: Store) -> bool:
    """Whether the store answers a query."""
    try:
        with store.read() as connection:
            return connection.execute(text("SELECT version_num FROM alembic_version")).first() is not None
    except SQLAlchemyError:
        return False


async def checks(services: Services) -> dict[str, bool]:
    """Look at everything that the process needs."""
    return {
        "store": await run_in_threadpool(_store_answers, services.store),
        "kafka": await kafka_reachable(services.settings.kafka_bootstrap),
        "projector": all(projector.following for projector in services.projectors),
    }


@router.get("/healthz")
async def healthz() -> Health:
    """Say that the process is alive."""
    return Health(status="ok")


@router.get("/readyz", responses={HTTPStatus.SERVICE_UNAVAILABLE: {"model": Readiness}})
async def readyz(services: Use, response: Response) -> Readiness:
    """Say whether store, Kafka and projector are ready: 200, else 503 with what is missing."""
    found = await checks(services)
    if not all(found.values()):
        response.status_code = HTTPStatus.SERVICE_UNAVAILABLE
    return Readiness(status="ready" if all(found.values()) else "not_ready", checks=found)


@router.get("/metrics", response_class=Response, responses={200: {"content": {"text/plain": {}}}})
async def metrics(services: Use) -> Response:
    """Give the metrics of this process and, where one is named, of the worker."""
    page = (await run_in_threadpool(services.metrics.render, services.store)).decode()
    full = await worker_metrics.append(page, services.settings.worker_metrics_url)
    return Response(full, media_type=CONTENT_TYPE_PLAIN_0_0_4)
