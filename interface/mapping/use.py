"""Which parts of a message the meaning of its event has a use for: nothing else reaches the ledger."""

from collections.abc import Mapping
from typing import Final, NamedTuple

from interface.ledger.reading import Meaning


class Use(NamedTuple):
    """What an event brings. `details`: fields beside the identifiers. `identities`: prior numbers (MRG), or further patients."""

    patient_needed: bool = True
    account: bool = True
    visit: bool = True
    visits: bool = False  # each PV1 is a visit of its own
    details: bool = True
    guarantors: bool = True
    balance: bool = True
    identities: bool = False
    transactions: bool = False


_VISIT: Final = Use()
_VISIT_IDENTITY: Final = Use(identities=True)
_PERSON: Final = Use(visit=False, balance=False)
_PATIENTS: Final = Use(account=False, visit=False, guarantors=False, balance=False, identities=True)
_ACCOUNTS: Final = Use(visit=False, guarantors=False, balance=False, identities=True)
_VISITS: Final = Use(guarantors=False, balance=False, identities=True)
_BAR: Final = Use(visits=True)
_CLOSED: Final = Use(
    patient_needed=False,
    account=False,
    visit=False,
    details=False,
    guarantors=False,
    balance=False,
    identities=True,
)

USES: Final[Mapping[Meaning, Use]] = {
    Meaning.ADMIT: _VISIT,
    Meaning.REGISTER: _VISIT,
    Meaning.PREADMIT: _VISIT,
    Meaning.TRANSFER: _VISIT,
    Meaning.DISCHARGE: _VISIT,
    Meaning.UPDATE: _VISIT,
    Meaning.CHANGE_CLASS: _VISIT_IDENTITY,
    Meaning.CANCEL_VISIT: _VISIT,
    Meaning.CANCEL_TRANSFER: _VISIT,
    Meaning.CANCEL_DISCHARGE: _VISIT,
    Meaning.CANCEL_PREADMIT: _VISIT,
    Meaning.REMOVE_VISIT: _VISIT,
    Meaning.ADD_PERSON: _PERSON,
    Meaning.UPDATE_PERSON: _PERSON,
    Meaning.REMOVE_PERSON: _PERSON._replace(account=False, guarantors=False),
    Meaning.LINK_PATIENTS: _PATIENTS,
    Meaning.UNLINK_PATIENTS: _PATIENTS,
    Meaning.MERGE_PATIENT: _PATIENTS,
    Meaning.MERGE_ACCOUNT: _ACCOUNTS,
    Meaning.MERGE_VISIT: _VISITS,
    Meaning.MERGE_NAMED: _VISITS,
    Meaning.MOVE_PATIENT: _PATIENTS,
    Meaning.MOVE_ACCOUNT: _PATIENTS,
    Meaning.MOVE_VISIT: _PATIENTS,
    Meaning.RENUMBER_PATIENT: _PATIENTS,
    Meaning.RENUMBER_ACCOUNT: _ACCOUNTS,
    Meaning.RENUMBER_VISIT: _VISITS,
    Meaning.RENUMBER_ALTERNATE_VISIT: _VISITS,
    Meaning.TRANSACTIONS: Use(patient_needed=False, details=False, guarantors=False, transactions=True),
    Meaning.OPEN_ACCOUNT: _BAR,
    Meaning.UPDATE_ACCOUNT: _BAR,
    Meaning.END_ACCOUNT: _CLOSED,
    Meaning.PURGE_ACCOUNT: _CLOSED,
    Meaning.UPDATE_GUARANTOR: Use(patient_needed=False, account=False, visit=False, balance=False),
    Meaning.BALANCE: Use(patient_needed=False, visit=False),
}

ABOUT: Final[Mapping[Meaning, str]] = {
    Meaning.ADMIT: "a visit begins, with a bed (A01)",
    Meaning.REGISTER: "a visit begins, without a bed (A04)",
    Meaning.PREADMIT: "a visit is planned (A05)",
    Meaning.TRANSFER: "another place; nothing else is heard (A02)",
    Meaning.DISCHARGE: "a visit ends; its account stays open (A03)",
    Meaning.UPDATE: "a snapshot, which creates what it does not find and says nothing of a visit's state (A08)",
    Meaning.CHANGE_CLASS: "as `update`, of another patient class; prior numbers give account and visit new ones (A06, A07)",
    Meaning.CANCEL_VISIT: "the visit never was; money on its account stays and is reported (A11)",
    Meaning.CANCEL_TRANSFER: "as `transfer`, back (A12)",
    Meaning.CANCEL_DISCHARGE: "the visit goes on (A13)",
    Meaning.CANCEL_PREADMIT: "the visit will not be; a deposit stays as credit and is reported (A38)",
    Meaning.REMOVE_VISIT: "the EHR deleted the visit's record; everything financial stays (A23)",
    Meaning.ADD_PERSON: "a person is known; never a visit (A28)",
    Meaning.UPDATE_PERSON: "as `add-person` (A31)",
    Meaning.REMOVE_PERSON: "the person is no longer active; nothing is deleted, and money that is left is reported (A29)",
    Meaning.LINK_PATIENTS: "records that are one person; no money moves (A24)",
    Meaning.UNLINK_PATIENTS: "they are no longer taken to be one person (A37)",
    Meaning.MERGE_PATIENT: "the prior patient is gone, and all of its is the other one's (A40, A34)",
    Meaning.MERGE_ACCOUNT: "the same of an account (A41, A35)",
    Meaning.MERGE_VISIT: "the same of a visit (A42)",
    Meaning.MERGE_NAMED: "merges patient, account and visit, each where the message names a prior number (A18, A30, A36)",
    Meaning.MOVE_PATIENT: "to another person; the number stays. To another number: a person judges (A43)",
    Meaning.MOVE_ACCOUNT: "an account and its visits get another patient; its guarantor may change, which is reported (A44)",
    Meaning.MOVE_VISIT: "visits get another account; what was booked stays where it is (A45)",
    Meaning.RENUMBER_PATIENT: "the same patient under a number that nobody else has (A47)",
    Meaning.RENUMBER_ACCOUNT: "the same of an account (A49)",
    Meaning.RENUMBER_VISIT: "the same of a visit (A50)",
    Meaning.RENUMBER_ALTERNATE_VISIT: "the same of a visit's alternate number (A51)",
    Meaning.TRANSACTIONS: "charges, and the EHR's own payments and adjustments (DFT^P03, DFT^P11)",
    Meaning.OPEN_ACCOUNT: "an account with its visits, open for charges (BAR^P01)",
    Meaning.UPDATE_ACCOUNT: "an account with its visits (BAR^P05)",
    Meaning.END_ACCOUNT: "no further charges; later ones are held. Payments as before (BAR^P06)",
    Meaning.PURGE_ACCOUNT: "ended, and archived if no money is left; else reported (BAR^P02)",
    Meaning.UPDATE_GUARANTOR: "who answers for accounts, as all of them know him; for which, the accounts say",
    Meaning.BALANCE: "an account and what is stated of it; never a visit",
}
