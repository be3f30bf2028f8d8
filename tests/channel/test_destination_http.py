"""A destination over HTTP: which options go together, and where it sends to."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from interface.channel.address import Address, address_of, uses
from interface.channel.files import tls_uses
from interface.channel.loader import load
from interface.ledger.noun import Identifier
from interface.mapping.node import Block, Mark
from interface.mapping.posting import Posting
from interface.settings import Settings
from tests.channel.sample import CHANNEL, FILES, problems

OVER_MLLP = CHANNEL[CHANNEL.index("    mllp:\n      host: 127") :]
PLAIN = """\
    fhir:
      base_url: https://fhir.example.org:8443/r4/
      shape: payment-reconciliation
"""


def files(destination: str, more: str = "") -> dict[str, str]:
    return dict(FILES) | {"channels/north.yaml": CHANNEL.replace(OVER_MLLP, destination) + more}


def rules(changed: Mapping[str, str]) -> list[str]:
    return [one.text for one in problems(changed)]


def test_whether_notices_are_wanted_is_said_beside_the_shape() -> None:
    assert problems(files(f"{PLAIN}      notices: true\n")) == ()


def test_a_destination_over_http_needs_no_mapping() -> None:
    assert problems(files(PLAIN)) == ()


@pytest.mark.parametrize(
    ("destination", "more", "said"),
    [
        (f"{PLAIN}{OVER_MLLP}", "", "no wire, or two"),
        ("    department: X\n", "", "no wire, or two"),
        ("    mllp: {host: h, port: 1}\n", "", "nothing says how payments are written"),
        (f"{PLAIN}    mapping: dft\n", "", "the shape says how payments are written"),
        (f"{PLAIN}    deduplicates: true\n", "", "the shape says how payments are written"),
        (PLAIN.replace("https", "http"), "", "in the clear"),
        (PLAIN.replace("https", "ftp"), "", "no address"),
        (PLAIN.replace("fhir.example", "me:pw@fhir.example"), "", "no secret stands in a file"),
        (f"{PLAIN}      token_env: A\n      token_file: b\n", "", "one place"),
        (
            PLAIN.replace("https://fhir.example.org", "http://127.0.0.1") + "      tls: {ca: x.pem}\n",
            "",
            "goes with https",
        ),
        (f"{PLAIN}      methods_by_tender: {{gold: X}}\n", "", "no tender"),
        (PLAIN.replace("payment-reconciliation", "oracle-basic") + "      notices: true\n", "", "of FHIR R4"),
        (PLAIN, "posted_when: application\n", "acknowledgement that no server sends"),
    ],
)
def test_what_does_not_go_together_is_told(destination: str, more: str, said: str) -> None:
    (text,) = rules(files(destination, more))
    assert said in text


def test_within_this_machine_or_knowingly_it_may_go_in_the_clear() -> None:
    assert problems(files(PLAIN.replace("https://fhir.example.org", "http://127.0.0.1"))) == ()
    assert problems(files(PLAIN.replace("https", "http") + "      cleartext: accepted\n")) == ()


def test_its_address_is_one_that_the_channel_sends_to() -> None:
    specs = load(files(PLAIN), {}).specs
    found = [
        one.address for one in uses(specs, {"north": Block(Mark("x"))}, Settings(), None) if one.what == "sends to"
    ]
    assert found == [Address("fhir.example.org", 8443)]
    assert address_of("fhir.example.org").covers(found[0])


def test_its_certificates_are_looked_after() -> None:
    spec = load(files(f"{PLAIN}      tls: {{ca: a.pem}}\n"), {}).specs["north"]
    (use,) = tls_uses(spec, Path("site"))
    assert (use.owner, use.place, use.files.authorities) == (
        "north/dft",
        ("destinations", "dft", "fhir", "tls"),
        Path("site/a.pem"),
    )


@pytest.mark.parametrize(
    ("shape", "start", "is_repeated"),
    [
        ("payment-reconciliation", b"POST PaymentReconciliation\r\n", True),
        ("oracle-basic", b"POST Basic\r\n", False),
        ("athena-recordpayment", b"POST patients/7001/recordpayment\r\n", False),
    ],
)
def test_the_shape_says_what_is_sent_and_whether_it_may_be_repeated(
    shape: str, start: bytes, is_repeated: bool
) -> None:
    feed = load(files(PLAIN.replace("payment-reconciliation", shape) + "    department: '1'\n"), {}).feeds["north"]
    outlet = feed.outlets["dft"]
    patient, account, visit = (
        Identifier("north", of, number) for of, number in (("MR", "7001"), ("AN", "9"), ("VN", "8"))
    )
    posting = Posting("payment", "0LB", 100, "USD", "cash", 0, patient, account, visit)
    assert outlet.render(posting, control_id="C1", now=0).startswith(start)
    assert outlet.spec.recognises_repeats is is_repeated
