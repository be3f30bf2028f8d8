"""Whether the engine and HealthPay24 hold what the hospital said last: compared with the hospital's own books."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from interface.simulate.record import AccountTruth, take_record
from tests.crash.seen import Seen
from tests.crash.world import Place


@dataclass(frozen=True, slots=True)
class BooksAgree:
    """Accounts, whose they are, charges, payments and what is due. `paid` is what was taken here, by account."""

    place: Place
    paid: Mapping[str, int]

    def differences(self, seen: Seen) -> Iterator[str]:
        record = take_record(self.place.hospital)
        held = seen.accounts_of(self.place.facility)
        prefix = f"9{self.place.hospital.seed % 1000:03d}"  # other traffic has account numbers of its own
        if strange := {number for number in held if number.startswith(prefix)} - record.accounts.keys():
            yield f"{self.place.channel}: accounts that the hospital does not have: {sorted(strange)}"
        owners: dict[str, set[str]] = {}
        for number, truth in record.accounts.items():
            if number not in held:
                yield f"{self.place.channel}: account {number} is missing"
                continue
            owners.setdefault(truth.patient, set()).add(held[number]["patient"])
            for what in self._differences(seen, held[number]["id"], truth):
                yield f"{self.place.channel}: account {number}: {what}"
        yield from self._owners(owners)

    def _owners(self, owners: Mapping[str, set[str]]) -> Iterator[str]:
        """Patients are known by other ids here: whose accounts are one patient's there must be one patient's here."""
        people = [person for found in owners.values() for person in found]
        if any(len(found) != 1 for found in owners.values()) or len(set(people)) != len(people):
            yield f"{self.place.channel}: accounts belong to other patients than in the hospital"

    def _differences(self, seen: Seen, public_id: str, truth: AccountTruth) -> Iterator[str]:
        story = seen.story(public_id)
        taken = self.paid.get(truth.number, 0)
        booked = self.place.ehr.record.journal.amounts.get(truth.number, 0)
        # Each booking was followed by a balance that contains it: what the EHR has not booked is still to come off.
        due = max((truth.stated or 0) - (taken - booked), 0)
        expected = {"charges_minor": truth.charges, "paid_minor": taken, "posted_minor": booked, "due_minor": due}
        for name, amount in expected.items():
            if story[name] != amount:
                yield f"{name} {story[name]}, not {amount}"
        shown = story["at_healthpay24"]
        if shown is None or shown["due_minor"] != due:
            yield f"HealthPay24 shows {shown and shown['due_minor']} due, not {due}"
