"""Messages that change numbers (A47, A49, A50, A51): every change or none, then what they say of what has a new number."""

from interface.ledger.number import renumber_one
from interface.ledger.outcome import Cause, refuse
from interface.ledger.people import tell_account, tell_patient
from interface.ledger.reading import Meaning
from interface.ledger.telling import Telling
from interface.ledger.visits import tell_encounter


def renumber(telling: Telling) -> None:
    """Every change of the message, or none; then what it says of what has a new number."""
    reading = telling.reading
    if not reading.renumbers:
        raise refuse("101", Cause.NUMBER_MISSING, "the message names no number to change", place="renumber")
    if reading.meaning is Meaning.RENUMBER_PATIENT:
        _renumber_all(telling)
        tell_patient(telling)
        return
    patient = tell_patient(telling)
    if reading.meaning is Meaning.RENUMBER_ACCOUNT:
        _renumber_all(telling)
        tell_account(telling, patient, [])
        return
    account = tell_account(telling, patient, []) if reading.account is not None else None
    _renumber_all(telling)
    if reading.encounter is not None and reading.encounter.ids:
        tell_encounter(telling, reading.encounter, patient, account)


def _renumber_all(telling: Telling) -> None:
    for number, one in enumerate(telling.reading.renumbers, start=1):
        renumber_one(telling, one, f"renumber[{number}]")
