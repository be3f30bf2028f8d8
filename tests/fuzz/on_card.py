"""What the screen masks is what the plain way of looking finds, and afterwards there is nothing left to find."""

from interface.card.screen import CardScreen, contains_card, screen
from tests.fuzz.target import Signature, Target, magnitude
from tests.hl7 import card_reference
from tests.hl7.test_card import CARDS

_PLACES = frozenset({"MSH-3", "PID-3", "NTE-0", "NTE-3", "ZZ1-1", "unparsed"})
_EXEMPT = frozenset({"PID-3", "PID-18"})


def check(data: bytes) -> Signature:
    """The bytes are the frame."""
    words = [magnitude("bytes", len(data))]
    for exempt in (frozenset[str](), _EXEMPT):
        screened = screen(data, CardScreen(exempt))
        plain = card_reference.screen(data, card_reference.CardScreen(exempt))
        assert screened.raw == plain.raw
        assert [one.place for one in screened.findings] == [one.place for one in plain.findings]
        assert len(screened.raw) == len(data)
        assert not card_reference.screen(screened.raw, card_reference.CardScreen(exempt)).findings
        words += [f"found {one.place if one.place in _PLACES else 'elsewhere'}" for one in screened.findings]
        words.append(magnitude("found", len(screened.findings)))
    text = data.decode("latin-1")
    assert contains_card(text) == card_reference.contains_card(text)
    return frozenset(words)


_HEADER = b"MSH|^~\\&|A|B|C|D|20250304||ADT^A08|1|P|2.5.1\r"
TARGET = Target(
    "card",
    check,
    (
        _HEADER + b"NTE|1||paid with 4111111111111111 today\r",
        _HEADER + b"PID|1||4111 1111-1111 1111^^^N^VS~378282246310005\rZZ1|\\X34313131\\111111111111\r",
        b"\xff\x00 6011111111111117 5555555555554444",
        b"MSH$%*+@$A$B\rNTE$1$$5555-5555-5555-4444\r",
        _HEADER + b"NTE|1||5555555555554444 1111 1111 1119|x\r",  # what the first still shows begins a second
        _HEADER + b"PID|1||7\rNTE-1111-1111-1111-1111^^^N^VS~378282246310005\r",  # begins where a segment does
    ),
    (
        *(number.encode() for number in CARDS.values()),
        *(number.encode().hex().encode() for number in list(CARDS.values())[:3]),
        *(b"\\X", b"\\", b" ", b"-", b"^^^N^VS", b"^^^N^MC", b"|", b"\r", b"\rPID|||", b"\rNTE|", b"4 4 4 4 ", b"62"),
    ),
)
