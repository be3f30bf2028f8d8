"""Payments over HTTP on PostgreSQL: an answer that is lost leads to no second booking there, either."""

from collections.abc import Iterator

import pytest

from interface.message import PostingState
from interface.simulate.fhir_ehr import Conduct
from tests.engine.http_till import HttpTill, http_tills
from tests.postgres import PostgresServer

SHAPES = {"DROP": "payment-reconciliation", "ORCL": "oracle-basic", "FORM": "athena-recordpayment"}


@pytest.fixture(scope="module")
def tills(postgres_server: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, HttpTill]]:
    folder = tmp_path_factory.mktemp("http")
    with postgres_server.database() as url, http_tills(folder, SHAPES, url) as tills:
        yield tills


@pytest.mark.proof
def test_where_it_can_be_searched_the_payment_is_found_and_nothing_is_sent_again(tills: dict[str, HttpTill]) -> None:
    till = tills["DROP"]
    till.ehr.behave(Conduct.DROP, count=1)
    reference = till.pay(till.open_account())
    till.await_posting(reference, PostingState.POSTED)
    assert till.attempts(reference) == ["connection-lost", "found"]
    assert (till.asked("POST PaymentReconciliation"), till.ehr.record.twice, till.items()) == (1, (), [])


@pytest.mark.proof
@pytest.mark.parametrize(("name", "what"), [("ORCL", "POST Basic"), ("FORM", "POST recordpayment")])
def test_where_it_cannot_it_is_one_item_and_no_second_send(tills: dict[str, HttpTill], name: str, what: str) -> None:
    till = tills[name]
    till.ehr.behave(Conduct.DROP, count=1)
    till.await_posting(till.pay(till.open_account()), PostingState.AMBIGUOUS)
    till.await_posting(till.pay(till.open_account(), 100), PostingState.POSTED)  # it would have been sent again before
    assert till.items() == [("ambiguous-delivery", "connection-lost")]
    assert (till.asked(what), [one.amount for one in till.ehr.record.booked]) == (2, ["25.00", "1.00"])
