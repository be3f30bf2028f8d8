"""Replacements that stay the same within a case: the same original always becomes the same invention, in whatever field.

Nothing is derived from what it replaces (45 CFR 164.514(c)): inventions come by chance, dates move by one number of days. An
invention never contains a value of the originals.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Final

from interface.card.screen import contains_card
from interface.deidentify import words

_MOST_DAYS: Final = 700
_LEAST_DAYS: Final = 40  # so that a month on its own moves, too
OLDEST: Final = 90  # years: whoever is older, or as old, is told as this old (45 CFR 164.514(b)(2)(i)(C))
_TRIES: Final = 200
_TELLING: Final = (
    5  # characters of a value that an invention must not even contain; what is shorter may stand in anything
)
_YEARS: Final = range(1800, 2200)  # as the reader of times takes them
_TIME: Final = re.compile(r"(\d{4})(?:(\d\d)(?:(\d\d)(\d*(?:\.\d+)?)?)?)?([+-]\d{4})?", re.ASCII)


@dataclass(slots=True)
class Replacements:
    """One case's. `chance(n)` gives a number below n; `days` are taken off each date; `newest` is the latest date, as moved."""

    chance: Callable[[int], int]
    days: int
    newest: date
    originals: frozenset[str] = frozenset()  # every value of the originals, in small letters
    made: dict[tuple[str, str], str] = field(default_factory=dict)
    taken: set[str] = field(default_factory=set)

    def fix(self, original: str, replacement: str) -> None:
        """Decide what a number becomes: ids of ours, which a played case gives anew."""
        self.made["number", original] = replacement
        self.taken.add(replacement.casefold())

    def number(self, text: str) -> str:
        """An identifier, code or reference, by its looks: digits for digits, letters for letters."""
        text = text.strip()
        return self._once("number", text, lambda: self.reshaped(text), is_exact=True)

    def authority(self, text: str) -> str:
        """Who assigned an identifier: the ledger tells such names apart whatever their case."""
        return self._once("authority", text, lambda: self.reshaped(text))

    def family(self, text: str) -> str:
        """A family name of about the same length, in capitals where it is."""
        return self._name(text, words.FAMILIES)

    def given(self, text: str) -> str:
        """A given name; an initial for an initial."""
        return self._name(text, words.GIVENS)

    def _name(self, text: str, lists: Sequence[Sequence[str]]) -> str:
        if len(text.strip(". ")) == 1:
            return self.number(text)
        names = lists[0 if len(text) <= 4 else 1 if len(text) <= 7 else 2]
        return _cased(self._once("name", text, lambda: self._picked(names)), text)

    def street(self, text: str) -> str:
        """House number and street."""
        number = "".join(letter for letter in text if letter.isdecimal())[:5]
        made = self._once("street", text, lambda: f"{self.reshaped(number)} {self._picked(words.STREETS)}")
        return _cased(made.strip(), text)

    def unit(self, text: str) -> str:
        """What else designates an address: a floor, a flat."""
        return _cased(self._once("unit", text, lambda: f"Unit {1 + self.chance(99)}"), text)

    def town(self, text: str) -> str:
        return _cased(self._once("town", text, lambda: self._picked(words.TOWNS)), text)

    def organisation(self, text: str) -> str:
        return _cased(self._once("organisation", text, lambda: self._picked(words.ORGANISATIONS)), text)

    def mail(self, text: str) -> str:
        return self._once("mail", text, lambda: f"person{1000 + self.chance(9000)}@{self._picked(words.DOMAINS)}")

    def phone(self, text: str) -> str:
        """A number in the same form, of the exchange that nobody has (555-01xx) where it is long enough."""
        return self._once("phone", text, lambda: self._phone(text))

    def _phone(self, text: str) -> str:
        digits = [at for at, letter in enumerate(text) if letter.isdecimal()]
        letters = list(self.reshaped(text))
        for at, fixed in zip(digits[-7:], "55501", strict=False):
            if len(digits) >= 7:
                letters[at] = fixed
        return "".join(letters)

    def time(self, text: str) -> str:
        """The same moment some days earlier, as exact as it was written; whoever is over 89 becomes 90 on the newest day."""
        shape = _TIME.fullmatch(text)
        if shape is None or not text.strip("0"):
            return self.number(text) if text.strip("0") else text
        day = _date(shape)
        if day is None:  # as impossible as it was
            year = (int(shape[1]) - 1 - self.days // 365) % 10_000
            return f"{year:04d}{text[4:]}"
        moved = day - timedelta(days=self.days)
        if _years(moved, self.newest) >= OLDEST:
            moved = date(self.newest.year - OLDEST, 1, 1)
        written = moved.strftime("%Y%m%d").rjust(8, "0")[: 4 if shape[2] is None else 6 if shape[3] is None else 8]
        return f"{written}{shape[4] or ''}{shape[5] or ''}"

    def reshaped(self, text: str) -> str:
        """Chance letters for letters and digits for digits; zeros in front and everything else stay."""
        begun = False
        letters: list[str] = []
        for letter in text:
            begun = begun or (letter.isalnum() and letter != "0")
            if letter.isdecimal():
                letters.append(str((1 if len(letters) == 0 else 0) + self.chance(9)) if begun else "0")
            elif letter.isalpha():
                made = "BCDFGHJKLMNPQRSTVWXZ"[self.chance(20)]
                letters.append(made if letter.isupper() else made.lower())
            else:
                letters.append(letter if letter.isascii() and letter.isprintable() else "-")
        return "".join(letters)

    def _picked(self, names: Sequence[str]) -> str:
        return names[self.chance(len(names))]

    def _once(self, kind: str, text: str, invent: Callable[[], str], *, is_exact: bool = False) -> str:
        key = (kind, text if is_exact else text.strip().casefold())
        if key not in self.made:
            self.made[key] = self._new(text, invent)
            self.taken.add(self.made[key].casefold())
        return self.made[key]

    def _new(self, text: str, invent: Callable[[], str]) -> str:
        made = ""
        for tried in range(_TRIES):
            made = invent()
            if tried > _TRIES // 2:
                made += "BCDFGHJKLM"[self.chance(10)]  # all short ones are taken
            low = made.casefold()
            if low not in self.taken and low != text.casefold() and not self._tells(low) and not contains_card(made):
                return made
        return ""  # rather nothing than what tells something

    def _tells(self, made: str) -> bool:
        return made in self.originals or any(each in made for each in self.originals if len(each) >= _TELLING)


def beginning(chance: Callable[[int], int], newest: date, originals: frozenset[str]) -> Replacements:
    """Nothing replaced yet. By so many days all dates move that none becomes another one of the originals, if that can be."""
    dates = [text for text in originals if _TIME.fullmatch(text) and text.strip("0")]
    made = Replacements(chance, _LEAST_DAYS, newest, originals)
    for _tried in range(_TRIES):
        days = _LEAST_DAYS + chance(_MOST_DAYS - _LEAST_DAYS)
        made = Replacements(chance, days, newest - timedelta(days=days), originals)
        if not any(made.time(text) in originals for text in dates):
            break
    return made


def _cased(made: str, text: str) -> str:
    letters = [letter for letter in text if letter.isalpha()]
    if letters and all(letter.isupper() for letter in letters):
        return made.upper()
    return made.lower() if letters and all(letter.islower() for letter in letters) else made


def _date(shape: re.Match[str]) -> date | None:
    if int(shape[1]) not in _YEARS:
        return None
    try:
        return date(int(shape[1]), int(shape[2] or 1), int(shape[3] or 1))
    except ValueError:
        return None


def _years(earlier: date, later: date) -> int:
    return later.year - earlier.year - ((later.month, later.day) < (earlier.month, earlier.day))
