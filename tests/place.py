"""Where tests keep their files: in memory where the machine has room, else where temporary files always go.

Databases flush on every commit, as they must, and a flush of a disk takes milliseconds, many thousand times a run. In memory
the same calls are made and cost nothing. What is flushed when is proven by watching the calls, and by a power switch that takes
away what was not.
"""

import os
import shutil
import tempfile
from pathlib import Path

_MEMORY = Path("/dev/shm")
_ROOM_BYTES = 4 << 30  # a run needs about one; the rest is for whoever else keeps something there


def keep_files_in_memory() -> None:
    """From now on temporary files of this process and of those that it starts go there, unless TMPDIR says otherwise."""
    if "TMPDIR" not in os.environ and _has_room(_MEMORY):
        os.environ["TMPDIR"] = tempfile.tempdir = str(_MEMORY)


def _has_room(folder: Path) -> bool:
    """Whether files can be kept and programs be loaded from there: containers often give little room, or forbid the latter."""
    if not folder.is_dir() or not os.access(folder, os.W_OK | os.X_OK):
        return False
    return shutil.disk_usage(folder).free >= _ROOM_BYTES and not os.statvfs(folder).f_flag & os.ST_NOEXEC
