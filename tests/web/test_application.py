"""What the HTTP face answers for each state of health."""

import asyncio
from dataclasses import replace

import httpx
import pytest

from interface.operate.health import Health, Reason, Surroundings
from interface.web.application import application

WELL = Health(1_790_000_000_000_000, (), (), Surroundings("0.1.0"))
STUCK = replace(WELL, reasons=(Reason("process-down", "process", "no engine processes"),))


class Fixed:
    """A picture that stays."""

    def __init__(self, health: Health) -> None:
        self._health = health

    def health(self) -> Health:
        return self._health

    def metrics(self, accept: str) -> tuple[bytes, str]:
        return b"hp24_ready 1\n", f"text/plain; asked={accept}"


def ask(path: str, health: Health = WELL, method: str = "GET") -> httpx.Response:
    async def call() -> httpx.Response:
        transport = httpx.ASGITransport(application(Fixed(health)))
        async with httpx.AsyncClient(transport=transport, base_url="http://engine") as client:
            return await client.request(method, path, headers={"accept": "text/plain"})

    return asyncio.run(call())


@pytest.mark.parametrize("health", [WELL, STUCK])
def test_a_living_process_is_live_however_the_engine_stands(health: Health) -> None:
    assert ask("/health/live", health).status_code == 200


def test_a_ready_engine_is_200() -> None:
    answer = ask("/health/ready")
    assert (answer.status_code, answer.json()["ready"]) == (200, True)


def test_an_engine_that_is_not_ready_is_503_with_its_reasons() -> None:
    answer = ask("/health/ready", STUCK)
    assert answer.status_code == 503
    assert [one["code"] for one in answer.json()["reasons"]] == ["process-down"]


def test_the_facts_are_shown_whether_it_is_ready_or_not() -> None:
    assert ask("/health", STUCK).status_code == 200
    assert ask("/health", STUCK).json()["version"] == "0.1.0"


def test_metrics_are_given_in_the_format_that_is_asked_for() -> None:
    answer = ask("/metrics")
    assert answer.headers["content-type"] == "text/plain; asked=text/plain"


def test_nothing_else_is_there() -> None:
    assert ask("/").status_code == 404
    assert ask("/health", method="POST").status_code == 405
