"""The application: routes, errors, headers. Made from services, starts nothing by itself."""

from fastapi import Depends, FastAPI
from starlette.types import StatelessLifespan

from api import errors
from api.auth import Viewer
from api.middleware import BodyLimit, Watch
from api.query import no_query
from api.routes import alerts, console, deliveries, endpoints, mentions, ops, silences, stream, topics
from api.schemas import Me, WebhookBody
from api.services import Services

DESCRIPTION = """Early warning of communication crises.

Every request under `/v1` carries an API key: `Authorization: Bearer hdk_...`. Roles: a viewer reads, an
officer handles alerts and posts mentions, an admin manages endpoints. Errors are `application/problem+json`
and name the bad field. Lists give a `next` cursor; unknown query parameters are refused."""


def create_app(services: Services, lifespan: StatelessLifespan[FastAPI] | None = None) -> FastAPI:
    """Make the application around the given services."""
    app = FastAPI(
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
    app.add_middleware(BodyLimit)
    app.add_middleware(Watch)
    app.add_api_route("/v1/me", whoami, tags=["operations"], dependencies=[Depends(no_query)])
    for part in (alerts, topics, stream, mentions, endpoints, deliveries, silences, ops, console):
        app.include_router(part.router)
    console.mount(app)
    app.webhooks.add_api_route("alert", _alert_webhook, methods=["POST"], tags=["webhooks"])
    return app


def _alert_webhook(body: WebhookBody) -> None:
    """Receive one alert event: answer 2xx within ten seconds, drop ids that were seen before.

    The headers `webhook-id`, `webhook-timestamp` and `webhook-signature` follow Standard Webhooks 1.0.
    """


def whoami(who: Viewer) -> Me:
    """Say whose key this is."""
    return Me(name=who.name, role=who.role)
