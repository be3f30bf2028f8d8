"""Reads and searches of each resource type, over `operate`. Blocking: to be called on a thread."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import tzinfo

from interface.fhir.element import authority_of
from interface.fhir.search import MOST, Search
from interface.fhir.text import Resource
from interface.healthpay24.record import AccountRecord, GuarantorRecord
from interface.ledger.noun import PREFIX, Noun
from interface.operate.act import By
from interface.operate.resource import Found, Resources
from interface.view.charge import ChargeFilter, ChargeStory
from interface.view.money import PaymentStory
from interface.view.resource import ResourceFilter, Token
from interface.web.fhir import billing, payment, person
from interface.web.fhir.charge import charge

_PAYMENT, _CHARGE = "pm", "je"  # what their public ids begin with
_LAST = (1 << 63) - 1  # no row has a greater number
_MOST_LOOKS = (
    20  # pages of rows that one page of a search looks through, where a condition is seen in the resource alone
)


@dataclass(frozen=True, slots=True)
class Page:
    """What a search found: resources, and the row behind which the next page begins (None: there is none)."""

    resources: Sequence[Resource]
    beyond_id: int | None = None


class Reading:
    """What one server reads. `zone_of` gives the time zone of a facility."""

    def __init__(self, resources: Resources, zone_of: Callable[[str], tzinfo]) -> None:
        self._resources = resources
        self._zone_of = zone_of

    def read(self, by: By, type_: str, id_: str) -> Resource | None:
        """The resource with this id, a retired one too; None where there is none."""
        return next(iter(self.search(by, Search(type_, count=1, ids=[id_])).resources), None)

    def search(self, by: By, asked: Search) -> Page:
        """One page. Fewer resources than were asked for may stand on a page that is not the last."""
        match asked.type:
            case "Patient" | "Account" | "Encounter" | "Organization":
                return self._rows(by, asked)
            case "RelatedPerson":
                return self._related(by, asked)
            case "Coverage":
                return self._coverages(by, asked)
            case "ChargeItem":
                return self._charges(by, asked)
            case _:
                return self._payments(by, asked)

    def count(self, by: By, asked: Search) -> int | None:
        """How many resources a search finds on all of its pages; None where looking at each would take too long."""
        match asked.type:
            case "Patient" | "Account" | "Encounter" if asked.states is None:
                return self._resources.count(_filter(billing.NOUNS[asked.type], asked, 0))
            case "ChargeItem":
                return self._resources.count(_charge_filter(asked, 0))
            case "PaymentReconciliation" | "PaymentNotice" if asked.ids is None and not asked.tokens:
                return self._resources.count(None)
        found, beyond = 0, 0
        for _ in range(_MOST_LOOKS):
            page = self.search(by, replace(asked, count=MOST, beyond_id=beyond))
            found += len(page.resources)
            if page.beyond_id is None:
                return found
            beyond = page.beyond_id
        return None

    def included(self, by: By, asked: Search, matches: Sequence[Resource]) -> list[Resource]:
        """What the search asks to be given with its matches, each once."""
        wanted: dict[str, set[str]] = {}
        for one in matches:
            for name in asked.includes:
                for reference in _referred(one, name):
                    type_, _, id_ = reference.partition("/")
                    wanted.setdefault(type_, set()).add(id_)
        found: list[Resource] = []
        for type_, ids in sorted(wanted.items()):
            found += self._rows(by, Search(type_, count=len(ids), ids=sorted(ids))).resources
        return found

    # ------------------------------------------------------------ rows of the ledger

    def _rows(self, by: By, asked: Search) -> Page:
        noun = billing.NOUNS[asked.type]
        found: list[tuple[int, Resource]] = []
        beyond = asked.beyond_id
        for _ in range(_MOST_LOOKS):
            wanted = _filter(noun, asked, beyond)
            rows = self._resources.rows(by, wanted, [name for name, _ in asked.used])
            found += [(one.row.place, shown) for one in rows if (shown := _shown(one, asked)) is not None]
            if len(found) > asked.count:
                return Page([shown for _, shown in found[: asked.count]], found[asked.count - 1][0])
            if len(rows) < wanted.limit:
                return Page([shown for _, shown in found])
            beyond = rows[-1].row.place
        return Page([shown for _, shown in found], beyond)

    # ------------------------------------------------------------ what hangs on accounts

    def _related(self, by: By, asked: Search) -> Page:
        pairs = [one.rpartition("-") for one in asked.ids or ()]
        patients = asked.owners.get("Patient") or [patient for _, _, patient in pairs if patient]
        found: list[Resource] = []
        for patient in dict.fromkeys(patients):
            public_id = f"{PREFIX[Noun.PATIENT]}_{patient}"
            for one, relationship in self._resources.guarantors(by, public_id):
                if isinstance(one.record, GuarantorRecord) and not one.record.organisation:
                    found.append(person.related_person(one, patient, relationship))
        return _cut([one for one in found if asked.ids is None or one["id"] in asked.ids], asked)

    def _coverages(self, by: By, asked: Search) -> Page:
        patients, ids = asked.owners.get("Patient"), asked.ids
        wanted = ResourceFilter(
            Noun.ACCOUNT,
            limit=asked.count + 1,
            public_ids=None if ids is None else _public(Noun.ACCOUNT, [one.rpartition("-")[0] for one in ids]),
            patients=None if patients is None else _public(Noun.PATIENT, patients),
            beyond=asked.beyond_id,
        )
        rows = self._resources.rows(by, wanted, [name for name, _ in asked.used])
        shown = [
            billing.coverage(one, number)
            for one in rows[: asked.count]
            for number in range(1, len(billing.coverages(one)) + 1)
            if isinstance(one.record, AccountRecord) and one.record.patient
        ]
        kept = [one for one in shown if ids is None or one["id"] in ids]
        return Page(kept, rows[asked.count - 1].row.place if len(rows) > asked.count else None)

    def _charges(self, by: By, asked: Search) -> Page:
        wanted = _charge_filter(asked, min(asked.beyond_id, _LAST))
        rows = self._resources.charges(by, wanted, [name for name, _ in asked.used])
        page = rows[: asked.count]
        return Page([charge(one) for one in page], page[-1].entry.id if len(rows) > len(page) else None)

    def _payments(self, by: By, asked: Search) -> Page:
        if asked.ids is None and not asked.tokens:
            page = self._resources.payments(by, min(asked.beyond_id, _LAST), asked.count + 1)
            shown = [self._paid(asked.type, one) for one in page[: asked.count]]
            return Page(shown, page[asked.count - 1].payment.id if len(page) > asked.count else None)
        names = [f"{_PAYMENT}_{one}" for one in asked.ids or ()] or [value for _, value in asked.tokens[0]]
        stories = {one.payment.id: one for name in names if (one := self._resources.payment(by, name)) is not None}
        by_id = None if asked.ids is None else set(asked.ids)
        found = [
            self._paid(asked.type, one)
            for one in stories.values()
            if (by_id is None or person.id_of(one.payment.public_id) in by_id)
            and all(_bears(one, any_of) for any_of in asked.tokens)
        ]
        if asked.type == "PaymentReconciliation" and (missing := asked.count - len(found)) > 0:
            found += [self._booked(one) for one in self._resources.charges(by, _ehr_payments(asked, missing))]
        return _cut(found, asked)

    def _booked(self, story: ChargeStory) -> Resource:
        return payment.of_ehr(story, self._zone_of(story.facility))

    def _paid(self, type_: str, story: PaymentStory) -> Resource:
        build = payment.notice if type_ == "PaymentNotice" else payment.reconciliation
        return build(story, self._zone_of(story.payment.facility))


def _ehr_payments(asked: Search, limit: int) -> ChargeFilter:
    """What the EHR says was paid to it, with these ids and numbers."""
    return ChargeFilter(
        limit,
        public_ids=None if asked.ids is None else tuple(f"{_CHARGE}_{one}" for one in asked.ids),
        numbers=tuple(tuple(value for _, value in any_of) for any_of in asked.tokens),
        are_payments=True,
    )


def _cut(found: Sequence[Resource], asked: Search) -> Page:
    """A page of what is found as a whole: rows are counted."""
    page = found[asked.beyond_id : asked.beyond_id + asked.count]
    last = asked.beyond_id + len(page)
    return Page(page, last if last < len(found) else None)


def _filter(noun: Noun, asked: Search, beyond: int) -> ResourceFilter:
    patients, accounts = asked.owners.get("Patient"), asked.owners.get("Account")
    return ResourceFilter(
        noun,
        limit=asked.count + 1,
        public_ids=None if asked.ids is None else _public(noun, asked.ids),
        identifiers=tuple(tuple(_token(*one) for one in any_of) for any_of in asked.tokens),
        names=tuple(tuple(any_of) for any_of in asked.names),
        birth_dates=tuple(asked.birth_dates),
        patients=None if patients is None else _public(Noun.PATIENT, patients),
        accounts=None if accounts is None else _public(Noun.ACCOUNT, accounts),
        updated_from=asked.updated_from,
        updated_until=asked.updated_until,
        beyond=beyond,
    )


def _charge_filter(asked: Search, beyond: int) -> ChargeFilter:
    patients, accounts = asked.owners.get("Patient"), asked.owners.get("Account")
    return ChargeFilter(
        limit=asked.count + 1,
        public_ids=None if asked.ids is None else tuple(f"{_CHARGE}_{one}" for one in asked.ids),
        numbers=tuple(tuple(value for _, value in any_of) for any_of in asked.tokens),
        patients=None if patients is None else _public(Noun.PATIENT, patients),
        accounts=None if accounts is None else _public(Noun.ACCOUNT, accounts),
        beyond_id=beyond,
    )


def _token(system: str | None, value: str) -> Token:
    return Token(value, None if system is None else authority_of(system))


def _public(noun: Noun, ids: Sequence[str]) -> tuple[str, ...]:
    return tuple(f"{PREFIX[noun]}_{one}" for one in ids)


def _shown(found: Found, asked: Search) -> Resource | None:
    """The resource of a row; None where it is not what was asked for after all."""
    match asked.type:
        case "Patient":
            shown = person.patient(found)
        case "Account":
            shown = billing.account(found)
        case "Encounter":
            shown = billing.encounter(found)
        case _:
            if not (isinstance(found.record, GuarantorRecord) and found.record.organisation):
                return None
            shown = person.organization(found)
    return shown if asked.states is None or shown.get("status") in asked.states else None


def _referred(one: Resource, name: str) -> Iterator[str]:
    """The references that a parameter of `_include` stands for."""
    element = {"patient": ("patient", "subject", "beneficiary"), "subject": ("subject",)}.get(name, (name,))
    for each in element:
        held = one.get(each) or []
        for reference in held if isinstance(held, list) else [held]:
            if "reference" in reference:  # of an owner who is not known there is none
                yield reference["reference"]


def _bears(story: PaymentStory, any_of: Sequence[tuple[str | None, str]]) -> bool:
    """Whether a payment, or a share of it, has one of these numbers."""
    numbers = {story.payment.transaction_id, *(part.wire_id for part in story.allocations)}
    return any(value in numbers and system in (None, payment.PAYMENTS) for system, value in any_of)
