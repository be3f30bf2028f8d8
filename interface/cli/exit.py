"""Exit codes of every verb, and how a failure is told: one line on standard error, never a traceback."""

import sys
from enum import IntEnum

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
    print(failure.sentence(), file=sys.stderr)
    return exit_code_of(failure)
