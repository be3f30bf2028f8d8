"""Composite data types as small values, read by position and leniently: what a sender leaves out is empty text.

Components are those of v2.5.1 (chapter 2.A); the older versions have the same ones at the same places, or fewer.
Times and amounts have modules of their own.
"""

from dataclasses import dataclass

from interface.hl7.segment import Element


@dataclass(frozen=True, slots=True)
class HD:
    """Who assigned an identifier: a local name, a universal id (`1.2.3.4`), or both."""

    namespace: str = ""
    universal_id: str = ""
    universal_id_type: str = ""

    @staticmethod
    def read(element: Element, component: int) -> "HD":
        return HD(*(element.text(component, number).strip() for number in (1, 2, 3)))

    def __bool__(self) -> bool:
        return bool(self.namespace or self.universal_id)

    def is_same(self, other: "HD") -> bool:
        """Universal ids decide where both have one; else namespaces, whatever their case."""
        if self.universal_id and other.universal_id:
            return self.universal_id == other.universal_id
        return bool(self.namespace) and self.namespace.casefold() == other.namespace.casefold()


@dataclass(frozen=True, slots=True)
class CX:
    """An identifier. `id` keeps leading zeros, case and inner blanks; no check digit is joined to it or taken off."""

    id: str
    check_digit: str = ""
    check_digit_scheme: str = ""
    authority: HD = HD()
    type_code: str = ""
    facility: HD = HD()
    effective: str = ""
    expires: str = ""

    @staticmethod
    def read(element: Element) -> "CX":
        text = element.text
        return CX(
            text(1).strip(),
            text(2).strip(),
            text(3).strip(),
            HD.read(element, 4),
            text(5).strip(),
            HD.read(element, 6),
            text(7).strip(),
            text(8).strip(),
        )

    @property
    def has_valid_check_digit(self) -> bool | None:
        """By the scheme named: M10 (Luhn), M11; None when there is no check digit, no scheme or one we do not know."""
        expected = {"M10": mod10, "M11": mod11}.get(self.check_digit_scheme.upper())
        if expected is None or not self.check_digit or not self.id.isdecimal():
            return None
        return expected(self.id) == self.check_digit


@dataclass(frozen=True, slots=True)
class XPN:
    """A person's name. `family` is the surname with its prefix where the sender keeps them apart (FN.1)."""

    family: str
    given: str = ""
    middle: str = ""
    suffix: str = ""
    prefix: str = ""
    degree: str = ""
    type_code: str = ""

    @staticmethod
    def read(element: Element) -> "XPN":
        return XPN(*(element.text(number).strip() for number in range(1, 8)))


@dataclass(frozen=True, slots=True)
class XTN:
    """A telephone number or address of mail. `written` is component 1, where older senders put the whole number."""

    written: str
    use: str = ""
    equipment: str = ""
    email: str = ""
    country: str = ""
    area: str = ""
    local: str = ""
    extension: str = ""
    unformatted: str = ""

    @staticmethod
    def read(element: Element) -> "XTN":
        return XTN(*(element.text(number).strip() for number in (*range(1, 9), 12)))

    @property
    def number(self) -> str:
        """The number in the first form that was sent: its parts, component 1, or (from 2.7) component 12."""
        parts = "-".join(part for part in (self.country, self.area, self.local) if part)
        return (parts if self.local else "") or self.written or self.unformatted

    @property
    def mail(self) -> str:
        """The address: component 4, or component 1 of an entry whose equipment is Internet."""
        return self.email or (self.written if "@" in self.written else "")


@dataclass(frozen=True, slots=True)
class XAD:
    """An address. `street` is SAD.1 or the plain first component."""

    street: str
    other: str = ""
    city: str = ""
    state: str = ""
    postal_code: str = ""
    country: str = ""
    type_code: str = ""

    @staticmethod
    def read(element: Element) -> "XAD":
        return XAD(*(element.text(number).strip() for number in range(1, 8)))


@dataclass(frozen=True, slots=True)
class PL:
    """Where a patient is: point of care, room, bed, facility."""

    point_of_care: str
    room: str = ""
    bed: str = ""
    facility: HD = HD()
    status: str = ""
    type_code: str = ""
    building: str = ""
    floor: str = ""

    @staticmethod
    def read(element: Element) -> "PL":
        text = element.text
        return PL(
            text(1).strip(),
            text(2).strip(),
            text(3).strip(),
            HD.read(element, 4),
            *(text(number).strip() for number in range(5, 9)),
        )


@dataclass(frozen=True, slots=True)
class Coded:
    """CE, CWE or CNE: a code, its text, its coding system."""

    code: str
    text: str = ""
    system: str = ""

    @staticmethod
    def read(element: Element) -> "Coded":
        return Coded(*(element.text(number).strip() for number in (1, 2, 3)))


def mod10(digits: str) -> str:
    """The check digit of HL7's M10, which is Luhn's."""
    total = 0
    for index, digit in enumerate(reversed(digits)):
        doubled = int(digit) * 2 if index % 2 == 0 else int(digit)
        total += doubled - 9 if doubled > 9 else doubled
    return str(-total % 10)


def mod11(digits: str) -> str:
    """The check digit of HL7's M11: weights 2 to 7 from the right, repeating (v2.5.1 section 2.A.14.2)."""
    total = sum(int(digit) * (2 + index % 6) for index, digit in enumerate(reversed(digits)))
    remainder = total % 11
    return "1" if remainder == 0 else "0" if remainder == 1 else str(11 - remainder)
