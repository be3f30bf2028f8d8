"""Configuration roots for tests: the project's own files, copied, with channels edited or added."""

import shutil
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any

import yaml

from tests.conftest import PROJECT

Spec = dict[str, Any]
"""The content of one channel file."""
Edit = Callable[[Spec], None]

# Parts look for work often, so that a test never waits for a poll, and come back soon.
_PACE = {"poll_secs": 0.1, "storage_retry_secs": 0.2, "standby_secs": 0.2, "config_check_secs": 0.2, "drain_secs": 10.0}


def make_root(
    folder: Path,
    edit: Edit | None = None,
    *,
    more: Mapping[str, Edit] | None = None,
    vendors: Collection[str] = ("epic",),
    takes_fhir: bool = False,
) -> Path:
    """Copy channels, mappings and config of the project into `folder`; `edit` changes the channel epic.

    Of the channels only those of `vendors` are kept, epic among them.
    Mappings of FHIR are left out, for each process would compile them: `takes_fhir` leaves them in for channels added later.
    `more` adds channels by name, each made of the unedited epic: it has to give it a port and a facility of its own.
    """
    is_without = not takes_fhir and not any("fhir" in vendor for vendor in vendors)
    unused = shutil.ignore_patterns("__pycache__", *(["*fhir*"] if is_without else []))
    for name in ("channels", "mappings", "config"):
        shutil.copytree(PROJECT / name, folder / name, ignore=unused)
    for file in (folder / "channels").glob("*.yaml"):
        if file.stem not in vendors:
            file.unlink()
    shipped = read_channel(folder, "epic")
    for name, change in (more or {}).items():
        spec: Spec = yaml.safe_load(yaml.safe_dump(shipped))
        spec["channel"] = name
        change(spec)
        write_channel(folder, spec)
    if edit is not None:
        edit(shipped)
        write_channel(folder, shipped)
    settings = folder / "config" / "engine.yaml"
    pace = "".join(f"{name}: {value}\n" for name, value in _PACE.items())
    settings.write_text(f"{settings.read_text(encoding='utf-8')}\n{pace}", encoding="utf-8")
    return folder


def read_channel(root: Path, name: str) -> Spec:
    """What a channel file says, `${..}` as it stands there."""
    content: Spec = yaml.safe_load((root / "channels" / f"{name}.yaml").read_text(encoding="utf-8"))
    return content


def write_channel(root: Path, spec: Spec) -> None:
    """Write a channel file under the channel's name."""
    path = root / "channels" / f"{spec['channel']}.yaml"
    path.write_text(yaml.safe_dump(spec, sort_keys=False, allow_unicode=True), encoding="utf-8")
