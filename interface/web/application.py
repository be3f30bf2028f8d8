"""The routes of the HTTP face. What they show was found out beforehand: no request makes the database work, or waits for it."""

from typing import Protocol

import orjson
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from interface.operate.health import Health
from interface.operate.health_json import health_json, readiness_json


class Picture(Protocol):
    """What the routes show."""

    def health(self) -> Health:
        """The last picture; where it is too old to be trusted, that is among its reasons."""

    def metrics(self, accept: str) -> tuple[bytes, str]:
        """The exposition of all metrics in the format that the header asks for, and its content type."""


def application(picture: Picture) -> Starlette:
    """The ASGI application.

    `/health/live`: this process answers. `/health/ready`: 200, or 503 with reasons. `/health`: the facts. `/metrics`.
    """

    async def live(_request: Request) -> Response:
        return _json({"live": True})

    async def ready(_request: Request) -> Response:
        health = picture.health()
        return _json(readiness_json(health), 200 if health.is_ready else 503)

    async def facts(_request: Request) -> Response:
        return _json(health_json(picture.health()))

    def metrics(request: Request) -> Response:  # not async: it reads files, and so runs on a thread
        content, content_type = picture.metrics(request.headers.get("accept", ""))
        return Response(content, headers={"content-type": content_type, "cache-control": "no-store"})

    return Starlette(
        routes=[
            Route("/health", facts),
            Route("/health/live", live),
            Route("/health/ready", ready),
            Route("/metrics", metrics),
        ]
    )


def _json(content: object, code: int = 200) -> Response:
    body = orjson.dumps(content, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
    return Response(body, code, media_type="application/json", headers={"cache-control": "no-store"})
