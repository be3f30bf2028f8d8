"""The books of the embedded HealthPay24: the patients, guarantors, accounts, encounters and balances that it was told of.

They are its own, apart from the ledger: what it shows is what reached it. The newest change of each record is kept with the
idempotency key that it came under, so that a repeat is known.
"""

from collections.abc import Sequence
from typing import Any, cast

from interface.healthpay24.protocol import Answered, Done, Put, Rejected, Seen
from interface.healthpay24.record import (
    AccountRecord,
    BalanceRecord,
    EncounterRecord,
    GuarantorRecord,
    PatientRecord,
    Record,
    decode,
    encode,
)
from interface.ports import Clock, Reader, Store
from interface.row.mirror import HeldRecord, Subject


class HeldBooks:
    """`Patients` and `Accounts` of the Protocol, on the engine's own store."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    def put_patients(self, puts: Sequence[Put[PatientRecord]]) -> list[Answered]:
        """Hold these."""
        return self._put(Subject.PATIENT, puts)

    def put_guarantors(self, puts: Sequence[Put[GuarantorRecord]]) -> list[Answered]:
        """Hold these."""
        return self._put(Subject.GUARANTOR, puts)

    def put_accounts(self, puts: Sequence[Put[AccountRecord]]) -> list[Answered]:
        """Hold these. Rejected: `owner-unknown`."""
        return self._put(Subject.ACCOUNT, puts)

    def put_encounters(self, puts: Sequence[Put[EncounterRecord]]) -> list[Answered]:
        """Hold these. Rejected: `owner-unknown`."""
        return self._put(Subject.ENCOUNTER, puts)

    def put_balances(self, puts: Sequence[Put[BalanceRecord]]) -> list[Answered]:
        """Hold these. Rejected: `owner-unknown`."""
        return self._put(Subject.BALANCE, puts)

    def _put(self, subject: Subject, puts: Sequence[Put[Any]]) -> list[Answered]:
        now = self._clock.now()
        with self._store.snapshot() as reader:
            held = reader.held_keys(subject, [put.record.public_id for put in puts])
            homeless = _without_owner(reader, subject, [put.record for put in puts])
        answers: list[Answered] = []
        fresh: list[HeldRecord] = []
        for put in puts:
            public_id = put.record.public_id
            is_repeat = held.get(public_id) == put.key
            if public_id in homeless:
                text = f"a {subject} that names a patient or account which HealthPay24 does not hold"
                answers.append(Rejected("owner-unknown", text))
                continue
            if not is_repeat:
                fresh.append(HeldRecord(public_id, put.key, encode(put.record), now))
            answers.append(Done(public_id, is_repeat=is_repeat))
        if fresh:
            with self._store.turn("hold records") as turn:
                turn.put_records(subject, fresh)
        return answers

    def patient(self, public_id: str) -> Seen[PatientRecord] | None:
        """One patient as it was told."""
        return cast(Seen[PatientRecord] | None, self._seen(Subject.PATIENT, [public_id]).get(public_id))

    def guarantor(self, public_id: str) -> Seen[GuarantorRecord] | None:
        """One guarantor as it was told."""
        return cast(Seen[GuarantorRecord] | None, self._seen(Subject.GUARANTOR, [public_id]).get(public_id))

    def account(self, public_id: str) -> Seen[AccountRecord] | None:
        """One account as it was told."""
        return cast(Seen[AccountRecord] | None, self._seen(Subject.ACCOUNT, [public_id]).get(public_id))

    def encounter(self, public_id: str) -> Seen[EncounterRecord] | None:
        """One visit as it was told."""
        return cast(Seen[EncounterRecord] | None, self._seen(Subject.ENCOUNTER, [public_id]).get(public_id))

    def balances(self, accounts: Sequence[str]) -> dict[str, Seen[BalanceRecord]]:
        """What is owed on these accounts, as it was told."""
        return cast(dict[str, Seen[BalanceRecord]], self._seen(Subject.BALANCE, accounts))

    def _seen(self, subject: Subject, public_ids: Sequence[str]) -> dict[str, Seen[Any]]:
        with self._store.snapshot() as reader:
            held = reader.held_records(subject, public_ids)
        return {name: Seen(decode(subject, one.value), one.at) for name, one in held.items()}


def _without_owner(reader: Reader, subject: Subject, records: Sequence[Record]) -> set[str]:
    """Public ids of the records that name a patient or account which is not held."""
    named: dict[Subject, set[str]] = {}
    for record in records:
        for owner, public_id in _owners(subject, record):
            named.setdefault(owner, set()).add(public_id)
    held = {owner: reader.held_keys(owner, names) for owner, names in named.items()}
    return {
        record.public_id
        for record in records
        if any(public_id not in held[owner] for owner, public_id in _owners(subject, record))
    }


def _owners(subject: Subject, record: Any) -> list[tuple[Subject, str]]:
    if subject is Subject.BALANCE:
        return [(Subject.ACCOUNT, record.public_id)]
    named = ((Subject.PATIENT, "patient"), (Subject.ACCOUNT, "account"))
    return [(owner, name) for owner, field in named if (name := getattr(record, field, ""))]
