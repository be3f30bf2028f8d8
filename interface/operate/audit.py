"""Reading the audit trail: who did what to what, and why. Looking at the trail is a look like any other: it is audited itself."""

from collections.abc import Iterator
from dataclasses import replace

from interface.errors import ActRefusedError
from interface.operate.act import By, note
from interface.ports import Reader, Store
from interface.view.audit import Audited, AuditFilter
from interface.view.delivery import DeliveryFilter
from interface.view.message import MessageFilter

_PAGE = 500
_MOST_DELIVERIES = 100  # of one part of a payment: copies that people sent again


def trail(store: Store, by: By, wanted: AuditFilter, *, subject: str = "", patient: str = "") -> Iterator[Audited]:
    """Lines of the trail in the order that `wanted` asks for; its page bounds no more than what is read at once.

    `subject` is a thing as the trail names it (`message:17`), `patient` a patient's public id or number: then everything that is
    the patient's counts, messages, accounts, payments and deliveries.

    Errors: ActRefusedError `not-found` where no patient, or more than one, is known by the name.
    """
    asked = [name for name, value in (("actor", wanted.actor), ("since", wanted.since)) if value]
    subjects = {subject} if subject else set()
    about = subject or "audit"
    if patient:
        with store.snapshot() as reader:
            about, subjects = _of_patient(reader, patient)
    with store.snapshot() as reader:
        newest = reader.audit_trail(AuditFilter(newest_first=True, limit=1))
    note(store, by, "audit", about, details={"by": asked})
    found = _pages(store, wanted) if not subjects else _among(store, wanted, subjects)
    # This very look is no answer to what was asked.
    return (one for one in found if newest and one.id <= newest[0].id)


def _pages(store: Store, wanted: AuditFilter) -> Iterator[Audited]:
    wanted = replace(wanted, limit=_PAGE)
    while True:
        with store.snapshot() as reader:
            page = reader.audit_trail(wanted)
        yield from page
        if len(page) < _PAGE:
            return
        wanted = replace(wanted, beyond_id=page[-1].id)


def _among(store: Store, wanted: AuditFilter, subjects: set[str]) -> Iterator[Audited]:
    with store.snapshot() as reader:
        found = reader.audited_on(subjects)
    fitting = [one for one in found if one.at >= wanted.since and wanted.actor in ("", one.actor)]
    yield from reversed(fitting) if wanted.newest_first else fitting


def _of_patient(reader: Reader, name: str) -> tuple[str, set[str]]:
    """The patient as the trail names it, and everything that is the patient's."""
    found = reader.patient(name)
    if found is None:
        text = "no patient, or more than one, is known by this"
        raise ActRefusedError("not-found", text, place="patient", advice="give the public id (pt_...)")
    own = f"patient:{found.public_id}"
    subjects = {own} | {f"account:{account}" for account in found.account_ids}
    for value in {each.value for each in found.names}:
        subjects |= {f"message:{number}" for number in _message_ids(reader, value)}
    allocations: list[int] = []
    for public_id in found.account_ids:
        story = reader.account(public_id)
        if story is not None:
            subjects |= {f"payment:{pay.public_id}" for pay in story.payments}
            allocations += [one.id for one in story.allocations]
    if allocations:
        named = tuple(f"allocation:{number}" for number in allocations)
        wanted = DeliveryFilter(subjects=named, limit=len(named) * _MOST_DELIVERIES)
        subjects |= {f"delivery:{one.id}" for one in reader.deliveries(wanted)}
    return own, subjects


def _message_ids(reader: Reader, patient: str) -> Iterator[int]:
    wanted = MessageFilter(patient=patient, limit=_PAGE)
    while page := reader.messages(wanted):
        yield from (row.id for row in page)
        wanted = replace(wanted, beyond_id=page[-1].id)
