"""Exit codes of every verb, and how a failure is told: one line on standard error, never a traceback."""

import os
import sys
from enum import IntEnum
from pathlib import Path

from interface.errors import ActRefusedError, Disposition, InterfaceError, StoreError


class ExitCode(IntEnum):
    """What a verb's exit code means to whoever called it."""

    OK = 0  # done; for questions: nothing is wrong
    PROBLEMS = 1  # something is wrong with what was given or found: problems, a refused act, messages not accepted
    USAGE = 2  # the command line itself cannot be understood
    UNAVAILABLE = 3  # store, engine or peer cannot be reached or cannot be trusted: nothing was done, try again later
    CANNOT_START = 78  # `run`: a part cannot start with this configuration; starting it again would not help
    INTERRUPTED = 130  # stopped by Ctrl-C


def exit_code_of(failure: InterfaceError) -> ExitCode:
    """The exit code of a verb that ended with this failure."""
    if isinstance(failure, ActRefusedError):
        return ExitCode.PROBLEMS
    if isinstance(failure, StoreError) or failure.disposition is not Disposition.PERMANENT:
        return ExitCode.UNAVAILABLE
    return ExitCode.PROBLEMS


def complain(failure: InterfaceError) -> ExitCode:
    """Tell a failure as `place: text; advice [code]` and give the exit code."""
    say(failure.sentence())
    return exit_code_of(failure)


def say(text: object) -> None:
    """One line on standard error. One that takes nothing (a full disk, a reader that is gone) changes no exit code."""
    try:
        print(text, file=sys.stderr, flush=True)
    except OSError:
        # What is left in its buffer would be tried once more at the end of the program, and make that a failure.
        sys.stderr = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115 - it is open as long as the program runs
