"""Reading the audit trail: who did what to what, and why. Looking at the trail is a look like any other: it is audited itself."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from interface.errors import ActRefusedError
from interface.operate.act import By, note
from interface.ports import Reader, Store
from interface.row.backup import AuditEnd
from interface.view.audit import Audited, AuditFilter, AuditProof
from interface.view.delivery import DeliveryFilter
from interface.view.message import MessageFilter
from interface.view.money import AccountStory

_PAGE = 500


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


def prove(store: Store, noted: AuditEnd | None = None) -> AuditProof:
    """Prove that the trail is as it was written. `noted` is the end that a backup carries: the chain must have come so far.

    Shows no content, and writes nothing.
    """
    with store.snapshot() as reader:
        return reader.prove_audit(noted)


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
    rows, subjects = {found.public_id}, {f"patient:{found.public_id}"}
    messages = _message_ids(reader, [MessageFilter(patient=value) for value in {each.value for each in found.names}])
    for public_id in found.account_ids:
        story = reader.account(public_id)
        if story is not None:
            rows |= {public_id, *(row.public_id for row in (*story.guarantors, *story.visits))}
            messages |= _message_ids(reader, [MessageFilter(account=value) for value in {n.value for n in story.names}])
            messages |= _behind(story)
            subjects |= {f"payment:{pay.public_id}" for pay in story.payments}
            carried = [f"{kind}:{one.id}" for one in story.allocations for kind in ("allocation", "notice")]
            subjects |= _deliveries(reader, subjects=carried)
    subjects |= {f"account:{account}" for account in found.account_ids} | {f"row:{row}" for row in rows}
    subjects |= {f"message:{number}" for number in messages}
    subjects |= _deliveries(reader, reply_to=sorted(messages))
    return f"patient:{found.public_id}", subjects | _items(reader, messages, subjects)


def _message_ids(reader: Reader, filters: Iterable[MessageFilter]) -> set[int]:
    found: set[int] = set()
    for each in filters:
        wanted = replace(each, limit=_PAGE)
        while page := reader.messages(wanted):
            found |= {row.id for row in page} | {row.batch_id for row in page if row.batch_id is not None}
            wanted = replace(wanted, beyond_id=page[-1].id)
    return found


def _behind(story: AccountStory) -> set[int]:
    """The messages that an account's money came with, or was echoed by."""
    sources = {entry.message_id for entry in story.entries} | {pay.message_id for pay in story.payments}
    return sources | {one.echo_message_id for one in story.allocations if one.echo_message_id}


def _deliveries(reader: Reader, *, subjects: Sequence[str] = (), reply_to: Sequence[int] = ()) -> set[str]:
    found: set[str] = set()
    for start in range(0, max(len(subjects), len(reply_to)), _PAGE):
        about, answered = tuple(subjects[start : start + _PAGE]), tuple(reply_to[start : start + _PAGE])
        wanted = DeliveryFilter(subjects=about, reply_to=answered, limit=_PAGE)
        while page := reader.deliveries(wanted):
            found |= {f"delivery:{one.id}" for one in page}
            wanted = replace(wanted, beyond_id=page[-1].id)
    return found


def _items(reader: Reader, messages: set[int], subjects: set[str]) -> set[str]:
    """Work items about one of these."""
    found: set[str] = set()
    beyond = 0
    while page := reader.work_items(only_open=False, beyond_id=beyond, limit=_PAGE):
        found |= {f"work item:{one.id}" for one in page if one.message_id in messages or one.subject in subjects}
        beyond = page[-1].id
    return found
