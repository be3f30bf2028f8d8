"""What must not be left of a message, worked out apart from the code: every value outside of the fields that may keep theirs."""

import re
from collections.abc import Iterator, Sequence
from random import Random

from interface.app.case_save import without_people
from interface.app.case_site import site_of
from interface.case.case import Step
from interface.deidentify import allowed
from interface.deidentify.geography import STATES
from interface.hl7.parser import Message, parse, parse_text
from interface.hl7.segment import text_of
from interface.mapping.node import Mark
from tests.mapping.sample import shipped

# Fields whose values are no person's: kinds, versions, amounts, counts. All others are looked at, codes among them.
KEEP = frozenset(
    f"{name}-{number}"
    for name, numbers in {
        "MSH": (9, 11, 12, 15, 16, 18),
        "EVN": (1,),
        "PID": (1,),
        "PV1": (1, 46),
        "GT1": (1,),
        "IN1": (1, 22),
        "FT1": (1, 10, 11, 12),
        "MSA": (1,),
    }.items()
    for number in numbers
)
ADDRESSES = ("PID-11", "GT1-5")  # three digits in them are those that a ZIP code may keep
SHORTEST = 3
_SITE = site_of(shipped())
_CODES = frozenset(
    code.casefold()
    for codes in (
        *allowed.TABLES.values(),
        allowed.IDENTIFIER_TYPES,
        allowed.NAME_TYPES,
        allowed.SUFFIXES,
        allowed.PREFIXES,
        allowed.ADDRESS_TYPES,
        allowed.PHONE_USES,
        allowed.PHONE_KINDS,
        allowed.AUTHORITY_KINDS,
        allowed.COUNTRIES,
        STATES,
        _SITE.codes,
        _SITE.authorities,
    )
    for code in codes
)


def leaves(message: Message) -> Iterator[tuple[str, str]]:
    """Every leaf with its field (`PID-5`), as written and as it reads."""
    for segment in message.all_segments():
        d = segment.delimiters
        separators = "".join({d.component, d.repetition, d.subcomponent})
        for number, er7 in enumerate(segment.fields()):
            if number and not segment.is_verbatim(number):
                for leaf in re.split(f"[{re.escape(separators)}]", er7):
                    yield f"{segment.name}-{number}", leaf.strip()
                    yield f"{segment.name}-{number}", text_of(leaf, 1, 1, d, segment.charset).strip()


def secrets(messages: Sequence[Message]) -> set[str]:
    """The values that nobody may find in what was saved, in small letters."""
    return {
        leaf.casefold()
        for message in messages
        for place, leaf in leaves(message)
        if place not in KEEP
        and len(leaf) >= SHORTEST
        and re.search(r"[^\W_0]", leaf)
        and leaf.casefold().strip(".") not in _CODES
    }


def leaked(originals: Sequence[Message], saved: str) -> set[str]:
    """Which secrets stand in the saved text: as a value of their own, or, where they are telling enough, inside of anything."""
    found = [parse_text(text) for text in saved.split("\0") if text]
    tokens = {
        leaf.casefold()
        for message in found
        for place, leaf in leaves(message)
        if place not in KEEP and not (place in ADDRESSES and re.fullmatch(r"[0-9]{3}", leaf))
    }
    tokens -= _CODES  # words of the standard and of the site, which may hold a name by chance (`Patient ID`)
    low = "\n".join(tokens)
    return {
        secret
        for secret in secrets(originals)
        if secret in tokens or (len(secret) >= 6 and re.search(r"[^\W\d_]", secret) and secret in low)
    }


def saved(contents: Sequence[bytes], seed: int) -> tuple[list[Message], list[Step], list[Step]]:
    """These messages parsed, as steps of one case, and the same steps de-identified."""
    messages = [parse(content) for content in contents]
    texts = ["\n".join(segment.er7 for segment in message.all_segments()) for message in messages]
    steps = [Step(Mark("case"), message=text) for text in texts]
    return messages, steps, without_people(steps, _SITE, (), Random(seed).randrange)


def text_of_steps(steps: Sequence[Step]) -> str:
    return "\0".join(step.message.replace("\n", "\r") for step in steps)
