"""What it costs to hold a body against R4, beside reading it and beside what others need: `python -m tests.fhir.speed`."""

import sys
import time
from collections.abc import Callable
from functools import partial

from fhir.resources.R4B import get_fhir_model_class

from interface.fhir.shape import check
from interface.fhir.text import read, write
from interface.fhir.valid import issues_of
from tests.fhir.bodies import BODIES
from tests.mapping.fhir_sample import ACCOUNT, PATIENT, PAYMENT

ORDINARY = {"Patient": PATIENT, "Account": ACCOUNT, "PaymentReconciliation": PAYMENT}
TIMES = 500


def micros(call: Callable[[], object]) -> int:
    """Processor time of one call, the best of five rounds."""
    call()
    rounds = []
    for _ in range(5):
        begun = time.process_time()
        for _ in range(TIMES):
            call()
        rounds.append(time.process_time() - begun)
    return round(min(rounds) / TIMES * 1e6)


def main() -> None:
    """Write the table: microseconds of processor time for one body."""
    row = "{:30}{:>7}{:>7}{:>12}{:>11}{:>16}\n".format
    sys.stdout.write(row("body", "bytes", "read", "first look", "issues_of", "fhir.resources"))
    for kind, bodies in (("ordinary", ORDINARY), ("full", BODIES)):
        for type_, body in bodies.items():
            content, model = write(body), get_fhir_model_class(type_)
            seen = read(content)
            calls = (
                partial(read, content),
                partial(check, seen),
                partial(issues_of, seen),
                partial(model.model_validate, seen),
            )
            costs = [micros(call) for call in calls]
            sys.stdout.write(row(f"{kind} {type_}", len(content), *costs))


if __name__ == "__main__":
    main()
