"""The application: routes, errors, headers. Made from services, starts nothing by itself."""

from fastapi import FastAPI
from starlette.types import StatelessLifespan

from api import errors
from api.routes import ops
from api.services import Services

Lifespan = StatelessLifespan[FastAPI] | None
__all__ = ["create_app"]


def create_app(services: Services, lifespan: Lifespan = None) -> FastAPI:
    """Make the application around the given services."""
    app = FastAPI(title="Haidang", version="1.0.0", docs_url=None, redoc_url=None, lifespan=lifespan)
    app.state.services = services
    errors.install(app)
    app.include_router(ops.router)
    return app
