"""A container file, read as far as a machine without a container engine can follow it."""

import re
import shlex
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Step:
    """One instruction with what stands behind it, continued lines joined, options (`--from=...`) apart."""

    word: str
    options: tuple[str, ...]
    rest: str

    @property
    def words(self) -> list[str]:
        return shlex.split(self.rest)


def stages_of(path: Path) -> list[list[Step]]:
    """The steps of each stage, its FROM first."""
    text = re.sub(r"^\s*#.*\n", "", path.read_text(encoding="utf-8"), flags=re.MULTILINE).replace("\\\n", " ")
    stages: list[list[Step]] = []
    for line in filter(None, map(str.strip, text.splitlines())):
        word, _, rest = line.partition(" ")
        found = re.match(r"((?:--\S+\s+)*)(.*)", rest.strip())
        assert found is not None, "the pattern fits every line"
        is_run = word in ("RUN", "COPY", "ADD", "FROM")
        options = tuple(found[1].split()) if is_run else ()
        if word == "FROM":
            stages.append([])
        stages[-1].append(Step(word, options, found[2] if is_run else rest.strip()))
    return stages
