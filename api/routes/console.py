"""The console: one page of alerts, a sign-in form, the documentation page. No resource of any other host."""

from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse, RedirectResponse
from jinja2 import Environment, FileSystemLoader, select_autoescape
from starlette.staticfiles import StaticFiles

from api.auth import COOKIE, find_principal, from_our_page, sign_in, sign_out
from api.errors import ProblemError
from api.services import Services, Use
from api.wording import WORDS
from detectors.orders import MOST_FACTOR

_HERE = Path(__file__).resolve().parent.parent / "console"
_PAGES = Environment(
    loader=FileSystemLoader(_HERE / "templates"),
    autoescape=select_autoescape(default=True),
    auto_reload=False,
)
MAX_FORM_BYTES = 4096
HOUR_SECONDS = 3600

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)


def mount(app: FastAPI) -> None:
    """Serve script and style sheet."""
    app.mount("/static", StaticFiles(directory=_HERE / "static"), name="static")


def _page(template: str, status: HTTPStatus = HTTPStatus.OK, **values: object) -> HTMLResponse:
    """Render a page; every value is escaped."""
    return HTMLResponse(_PAGES.get_template(template).render(**values), status)


@router.get("/")
def index(request: Request, services: Use) -> Response:
    """Show the alerts, or the sign-in form to whoever has not signed in."""
    principal = find_principal(request, services)
    if principal is None:
        return RedirectResponse("/login", HTTPStatus.SEE_OTHER)
    return _page(
        "console.html", name=principal.name, role=principal.role, todos=_todos(), most_factor=MOST_FACTOR
    )


def _todos() -> list[dict[str, str]]:
    """Give what to do next in the words of the messages: for each kind, for critical and closed alerts."""
    found: list[dict[str, str]] = []
    for language, words in WORDS.items():
        texts = {str(kind): text for kind, text in words.todo_kinds.items()}
        texts |= {"critical": words.todo_critical, "closed": words.todo_closed}
        found += [{"language": language, "name": name, "text": text} for name, text in texts.items()]
    return found


@router.get("/login")
def login_form() -> Response:
    """Show the sign-in form."""
    return _page("login.html", failed=False)


@router.post("/login")
async def login(request: Request, services: Use) -> Response:
    """Open a session for the key in the form and go to the alerts."""
    if request.headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}:
        raise ProblemError(HTTPStatus.FORBIDDEN, "sign in from the console's own page")
    key = await _form_value(request, "key")
    token = await run_in_threadpool(sign_in, services, key)
    if token is None:
        return _page("login.html", HTTPStatus.UNAUTHORIZED, failed=True)
    response = RedirectResponse("/", HTTPStatus.SEE_OTHER)
    _set_cookie(response, services, token, secure=request.url.scheme == "https")
    return response


def _set_cookie(response: Response, services: Services, token: str, *, secure: bool) -> None:
    """Give the browser its session: no script reads it, no other site sends it."""
    age = round(services.settings.session_hours * HOUR_SECONDS)
    response.set_cookie(COOKIE, token, max_age=age, httponly=True, samesite="strict", secure=secure)


async def _form_value(request: Request, name: str) -> str:
    """Read one value of a small form; raises a 413 problem when the form is not small."""
    body = await request.body()
    if len(body) > MAX_FORM_BYTES:
        raise ProblemError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "the form is too large")
    values = parse_qs(body.decode("utf-8", "replace"), max_num_fields=10).get(name, [""])
    return values[0].strip()


@router.post("/logout")
async def logout(request: Request, services: Use) -> Response:
    """End the session."""
    token = request.cookies.get(COOKIE)
    if token is not None and from_our_page(request):
        await run_in_threadpool(sign_out, services, token)
    response = RedirectResponse("/login", HTTPStatus.SEE_OTHER)
    response.delete_cookie(COOKIE)
    return response


@router.get("/docs")
def docs(request: Request) -> Response:
    """Show the OpenAPI document as a page that needs no other host."""
    document = request.app.openapi()
    return _page("docs.html", info=document["info"], operations=_operations(document))


def _operations(document: dict[str, Any]) -> list[dict[str, Any]]:
    """Give every operation of the document with what its page shows; shared parameters are spelt out."""
    shared = {
        f"#/components/parameters/{name}": one for name, one in document["components"]["parameters"].items()
    }
    found = []
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            parameters = [shared.get(one.get("$ref"), one) for one in operation.get("parameters", ())]
            found.append({**operation, "method": method.upper(), "path": path, "parameters": parameters})
    return found
