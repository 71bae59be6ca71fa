"""The application: routes, errors, headers. Made from services, starts nothing by itself."""

from fastapi import FastAPI
from starlette.middleware.cors import CORSMiddleware
from starlette.types import StatelessLifespan

from api import errors
from api.freshness import Freshness
from api.gate import CHANGING, Gate
from api.middleware import BodyLimit, Watch
from api.openapi import DocumentedApp
from api.repeats import Repeats
from api.routes import (
    alerts,
    audit,
    calendar,
    console,
    corrections,
    deliveries,
    endpoints,
    me,
    mentions,
    ops,
    silences,
    stream,
    topics,
)
from api.schemas import WebhookBody
from api.services import Services

DESCRIPTION = """Early warning of communication crises.

Every request under `/v1` carries an API key: `Authorization: Bearer hdk_...`. Roles: a viewer reads, an
officer handles alerts and posts mentions, an admin manages endpoints. Errors are `application/problem+json`
and name the bad field. Lists give a `next` cursor; unknown query parameters are refused. Answers to GET carry
an `ETag`; a POST with an `Idempotency-Key` is carried out once; `RateLimit-*` fields tell what is left."""

CORS_REQUEST = ("Authorization", "Content-Type", "Idempotency-Key", "If-None-Match", "Last-Event-ID")
CORS_ANSWER = (
    *("ETag", "Idempotency-Replayed", "Retry-After"),
    *("RateLimit-Limit", "RateLimit-Policy", "RateLimit-Remaining", "RateLimit-Reset"),
)


def create_app(services: Services, lifespan: StatelessLifespan[FastAPI] | None = None) -> FastAPI:
    """Make the application around the given services."""
    app = DocumentedApp(
        title="Haidang",
        version="1.0.0",
        description=DESCRIPTION,
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
        license_info={"name": "Apache-2.0", "identifier": "Apache-2.0"},
    )
    app.state.services = services
    errors.install(app)
    _wrap(app, services)
    for part in (
        me,
        alerts,
        topics,
        stream,
        mentions,
        endpoints,
        deliveries,
        silences,
        calendar,
        corrections,
        audit,
        ops,
        console,
    ):
        app.include_router(part.router)
    console.mount(app)
    app.webhooks.add_api_route("alert", _alert_webhook, methods=["POST"], tags=["webhooks"])
    return app


def _wrap(app: FastAPI, services: Services) -> None:
    """Put what every request passes around the routes; the last one is the outermost."""
    app.add_middleware(Freshness)
    app.add_middleware(Repeats, services=services)
    app.add_middleware(Gate, services=services)
    app.add_middleware(BodyLimit)
    if services.settings.cors_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=services.settings.cors_origins,
            allow_methods=("GET", *sorted(CHANGING)),
            allow_headers=CORS_REQUEST,
            expose_headers=CORS_ANSWER,
        )
    app.add_middleware(Watch)


def _alert_webhook(body: WebhookBody) -> None:
    """Receive one alert event: answer 2xx within ten seconds, drop ids that were seen before.

    The headers `webhook-id`, `webhook-timestamp` and `webhook-signature` follow Standard Webhooks 1.0.
    """
