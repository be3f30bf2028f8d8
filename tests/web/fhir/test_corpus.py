"""FHIR of others, sent to the server: each file is answered by the rules, and kept where it was taken."""

import logging
from pathlib import Path

import pytest

from tests.web.fhir.conftest import Program, face_of, opened
from tests.web.fhir.corpus import send_all
from tests.web.fhir.test_odd import Faults


@pytest.mark.proof
@pytest.mark.timeout(600)
def test_every_example_is_answered_and_kept(corpus: Path, tmp_path: Path) -> None:
    faults = Faults()
    logging.getLogger("interface").addHandler(faults)
    try:
        with opened(tmp_path, f"sqlite:///{tmp_path / 'hp24.db'}") as app:
            answers = send_all(Program(app, "", face_of(app)).with_token("system/*.cruds"), corpus)
    finally:
        logging.getLogger("interface").removeHandler(faults)
    assert answers.sent > 300
    assert [status for counts in answers.table.values() for status in counts if status >= 500 and status != 503] == []
    assert [status for status in answers.entries if status.startswith("5") and status[:3] != "503"] == []
    assert answers.unkept == []
    assert faults.found == []
