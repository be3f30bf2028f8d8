"""The shipped files of one vendor: a root with a single channel, where a test speaks of one."""

import shutil
from pathlib import Path
from typing import Final

from tests.conftest import PROJECT

OTHERS: Final = (
    "cerner*",
    "athena*",
    "epic-fhir*",
    "fhir.yaml",
)  # files of the other vendors, and of channels over FHIR


def copy_epic(folder: Path) -> Path:
    """Copy the shipped files, to be edited, with epic alone."""
    for name in ("channels", "mappings", "config"):
        shutil.copytree(PROJECT / name, folder / name, ignore=shutil.ignore_patterns("deploy", *OTHERS))
    return folder
