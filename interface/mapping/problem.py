"""What is wrong in the files that analysts write: every finding with its place, all of them at once."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches

from interface.errors import ConfigurationError
from interface.mapping.node import Mark

_SHOWN_AT_MOST = 40


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One finding. `rule` is kebab-case and stable, `advice` says what would be right. Lines and columns count from 1."""

    file: str
    line: int
    column: int
    rule: str
    text: str
    advice: str = ""

    def __str__(self) -> str:
        then = f"; {self.advice}" if self.advice else ""
        return f"{self.file}:{self.line}:{self.column}: {self.text}{then} [{self.rule}]"


class ProblemsError(ConfigurationError):
    """Files that cannot be used: carries every problem, in the order of the files."""

    def __init__(self, problems: Iterable[Problem], warnings: Iterable[Problem] = ()) -> None:
        self.problems: tuple[Problem, ...] = tuple(sorted(set(problems)))
        self.warnings: tuple[Problem, ...] = tuple(sorted(set(warnings)))
        first = self.problems[0]
        more = f" (and {len(self.problems) - 1} more)" if len(self.problems) > 1 else ""
        super().__init__(
            "configuration-invalid",
            f"{first.text}{more}",
            place=f"{first.file}:{first.line}:{first.column}",
            advice=first.advice,
        )


@dataclass(slots=True)
class Findings:
    """Collects problems while files are read; nothing stops at the first one."""

    problems: list[Problem] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)  # what runs all the same

    def warn(self, mark: Mark, rule: str, text: str, advice: str = "") -> None:
        """Note at a place of a file what may be meant so, and is worth a look."""
        self.warnings.append(Problem(mark.file, mark.line, mark.column, rule, text, advice))

    def add(self, mark: Mark, rule: str, text: str, advice: str = "") -> None:
        """Note one problem at a place of a file."""
        self.problems.append(Problem(mark.file, mark.line, mark.column, rule, text, advice))

    def raise_any(self) -> None:
        """Raise `ProblemsError` if anything was found."""
        if self.problems:
            raise ProblemsError(self.problems, self.warnings)


def note_not_text(file: str, text: str, findings: Findings) -> None:
    """Report the first line that holds a byte that is not UTF-8, which was read as U+FFFD."""
    if "\ufffd" in text:
        line = text[: text.index("\ufffd")].count("\n") + 1
        findings.add(Mark(file, line), "not-text", "the file is not UTF-8 text", "save it as UTF-8")


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Advice for a word that is not known: the nearest ones, else all of them."""
    choices: Sequence[str] = sorted(known)
    near = get_close_matches(word, choices, n=2, cutoff=0.6) or get_close_matches(
        word.lower(), choices, n=2, cutoff=0.6
    )
    if near:
        return "did you mean " + " or ".join(f"`{choice}`" for choice in near) + "?"
    if not choices or len(choices) > _SHOWN_AT_MOST:
        return ""
    return "known here: " + ", ".join(choices)
