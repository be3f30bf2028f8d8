"""`make soak`: the crash oracle again and again with other seeds, on both databases in turn, until the time is over.

It ends early where a run finds something. One line tells of each run. A failure is printed with everything that was found and the
command that does it again; its files stay where they are.
"""

import argparse
import itertools
import os
import shutil
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from tests import postgres
from tests.crash.change import CHANGES
from tests.crash.fhir_fault import FOR_FHIR
from tests.crash.oracle import SIZES, Size, Verdict, kinds_for, run, told

DATABASES = ("sqlite", "postgresql")


def soak(minutes: float, seed: int | None, size: Size, databases: tuple[str, ...]) -> int:
    """Run; gives the exit code. With a seed each database has one run of it, else there is at least one run in all."""
    began = time.monotonic()
    first = seed if seed is not None else time.time_ns() // 1_000_000 % 10_000
    rounds = [(first, database) for database in databases] if seed is not None else None
    program = rounds or ((first + number, databases[number % len(databases)]) for number in itertools.count())
    with ExitStack() as stack:
        server = stack.enter_context(postgres.server()) if "postgresql" in databases else None
        for number, (turn, database) in enumerate(program, start=1):
            folder = Path(tempfile.mkdtemp(prefix=f"hp24-soak-{turn}-"))
            is_server = database == "postgresql"
            kinds = (*kinds_for(size, is_server=is_server), *(CHANGES if size.patients else ()))
            kinds += FOR_FHIR if size.fhir and size.patients else ()
            verdict = run(folder, turn, size, server=server if is_server else None, kinds=kinds)
            _tell(number, database, verdict, time.monotonic() - began)
            if verdict.found:
                print("\n".join((*told(verdict, size, database), f"its files: {folder}")))  # noqa: T201 - a command
                return 1
            shutil.rmtree(folder)
            if rounds is None and time.monotonic() - began > minutes * 60:
                break
    return 0


def _tell(number: int, database: str, verdict: Verdict, secs: float) -> None:
    kept = "FAILED" if verdict.found else "kept"
    print(  # noqa: T201 - a command
        f"{secs / 60:6.1f} min  run {number}  seed {verdict.program.seed}  {database:<10}  {verdict.messages} messages,"
        f" {verdict.payments} payments, {verdict.fallen} faults, {verdict.secs:.0f} s: {kept}",
        flush=True,
    )


def main() -> int:
    """The command line."""
    words = argparse.ArgumentParser(prog="make soak", description=__doc__)
    words.add_argument("--minutes", type=float, default=10)
    words.add_argument("--seed", type=int)
    words.add_argument("--size", choices=SIZES, default="soak")
    words.add_argument("--database", choices=DATABASES)
    asked = words.parse_args([word for word in sys.argv[1:] if not word.endswith("=")])
    databases = (asked.database,) if asked.database else DATABASES
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    return soak(asked.minutes, asked.seed, SIZES[asked.size], databases)


if __name__ == "__main__":
    sys.exit(main())
