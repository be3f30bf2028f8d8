"""Where the files lie that people edit: channels/, mappings/ and config/."""

from collections.abc import Mapping
from pathlib import Path


def default_root(environ: Mapping[str, str]) -> Path:
    """HP24_ROOT, else the nearest directory upwards that has channels/, else the present one."""
    if environ.get("HP24_ROOT"):
        return Path(environ["HP24_ROOT"])
    here = Path.cwd()
    return next((folder for folder in (here, *here.parents) if (folder / "channels").is_dir()), here)
