"""`python -m tests.hostile.table [postgresql] [WORD ...]`: every row against a running engine, as tables to read.

Words choose rows of senders by their names; without any, destinations follow.
"""

import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from tests import postgres
from tests.hostile import destinations, sent
from tests.hostile.row import Row
from tests.hostile.seen import see
from tests.hostile.ward import Ward

_DESTINATION_SECS = 12.0


def main() -> None:
    """Print what came of each row."""
    words = [word for word in sys.argv[1:] if word != "postgresql"]
    with ExitStack() as opened:
        folder = Path(opened.enter_context(tempfile.TemporaryDirectory()))
        url = ""
        if "postgresql" in sys.argv[1:]:
            url = opened.enter_context(opened.enter_context(postgres.server()).database())
        hospital = opened.enter_context(destinations.hospital(folder, url))
        _print_senders(
            hospital.ward, [row for row in sent.ROWS if not words or any(word in row.name for word in words)]
        )
        if not words:
            _print_destinations(hospital)


def _print_senders(ward: Ward, rows: list[Row]) -> None:
    _print_row("a sender writes", "answer", "state and reason", "log", "s")
    _print_row(*["---"] * 5)
    for row in rows:
        seen = see(ward, row)
        _print_row(row.name, *map(_cell, (seen.answers, seen.kept, seen.log)), f"{seen.secs:.2f}")


def _print_destinations(hospital: destinations.Hospital) -> None:
    hospital.pay_all()
    time.sleep(_DESTINATION_SECS)  # long enough for every retry, probe and late answer; the tests wait on conditions
    _print_row("\na destination", "deliveries", "for a person", "log")
    _print_row(*["---"] * 4)
    for number, row in enumerate(destinations.ROWS):
        seen = hospital.see(number)
        _print_row(row.name, *map(_cell, (seen.deliveries, seen.items, seen.log)))


def _cell(lines: tuple[str, ...]) -> str:
    return "<br>".join(lines) or "none"


def _print_row(*cells: str) -> None:
    sys.stdout.write(f"| {' | '.join(cells)} |\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
