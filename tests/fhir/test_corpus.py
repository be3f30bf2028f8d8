"""FHIR of others: R4's own examples and what converters and servers of the field write are taken, but for what is wrong in them."""

from pathlib import Path

import pytest

from interface.fhir.outcome import RefusedError
from interface.fhir.valid import issues_of
from tests.fhir.corpus import examples, resource_of, verdict

# R4's own example of a PaymentReconciliation: details of 6,000.00 for a payment of 7,000.00 that is said to be complete.
WRONG = ("hl7.fhir.r4.examples/4.0.1/package/PaymentReconciliation-ER2500.json",)


def test_examples_of_r4_itself_are_taken(corpus: Path) -> None:
    refused = []
    for path, _, content in examples(corpus):
        found = resource_of(content) if "hl7.fhir.r4.examples" in path else None
        if isinstance(found, dict) and verdict(issues_of(found)) == "refused" and not path.endswith(WRONG):
            refused.append(path)
    assert not refused


@pytest.mark.proof
def test_nearly_all_of_the_corpus_is_taken(corpus: Path) -> None:
    told = [content for _, release, content in examples(corpus) if release]
    found = [resource_of(content) for content in told]
    taken = [one for one in found if not isinstance(one, RefusedError) and verdict(issues_of(one)) != "refused"]
    assert len(taken) > 0.95 * len(told)
