"""HL7 versions as sent in MSH-12, compared leniently."""

from functools import lru_cache


@lru_cache(maxsize=256)
def version_of(text: str) -> tuple[int, ...] | None:
    """`2.5.1^USA` is (2, 5, 1); None when it is blank or no version 2."""
    digits = "".join(letter if letter.isdecimal() or letter == "." else " " for letter in text).split()
    numbers = tuple(int(part) for part in digits[0].split(".") if part) if digits else ()
    return numbers[:3] if numbers[:1] == (2,) else None
