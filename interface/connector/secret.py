"""A secret that a file or the environment holds: read anew at each use, so that it can be changed without a restart."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from interface.errors import WireError

_MOST_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class Secret:
    """Where it is; one of both."""

    file: Path | None = None
    variable: str = ""
    environ: Mapping[str, str] | None = None

    def read(self) -> str:
        """The secret, line ends around it left out. Raises WireError `secret-missing`, which never holds any of it."""
        if self.file is None:
            found, place = (self.environ or {}).get(self.variable, ""), self.variable
        else:
            place = str(self.file)
            try:
                with self.file.open("rb") as opened:
                    found = opened.read(_MOST_BYTES).decode("utf-8", "strict").strip("\r\n")
            except (OSError, UnicodeDecodeError):
                found = ""
        if not found:
            raise WireError(
                "secret-missing",
                "the secret is not where it should be",
                place=place,
                advice="put it there, as text, readable by the engine's user only; it is tried again",
            )
        return found
