"""Bringing a channel, a destination or a patient to a stop for a while, without stopping the engine, and letting it go on.

A paused channel's messages are received, answered and kept. What goes to a paused destination stays queued. A paused patient's
messages wait behind each other, and nobody else's.
"""

from collections.abc import Collection
from dataclasses import dataclass

from interface.errors import ActRefusedError
from interface.operate.act import By, acting, need_reason
from interface.ports import Reader, Store
from interface.view.count import PauseKind


@dataclass(frozen=True, slots=True)
class _Subject:
    """What the store knows it by, and its name for people: of a patient the lane and the public id."""

    key: str
    name: str


def pause(store: Store, by: By, kind: PauseKind, name: str, known: Collection[str] = ()) -> str:
    """Bring something to a stop; gives its name. `known` are the channels or destinations of the configuration.

    A patient is named by public id or by an identifier's value, which goes no further than the look-up.

    Errors: ActRefusedError `reason-missing`, `not-found`, `already-paused`.
    """
    need_reason(by, "pause")
    with store.snapshot() as reader:
        subject = _subject(reader, kind, name, known)
    place = f"{kind}:{subject.name}"
    with acting(store, by, "pause", place) as turn:
        if not turn.pause(kind, subject.key, by.actor):
            raise ActRefusedError("already-paused", f"this {kind} stands already", place=place)
    return subject.name


def resume(store: Store, by: By, kind: PauseKind, name: str) -> str:
    """Let something go on; gives its name. A destination that is suspended, not paused, is used again without a probe.

    Errors: ActRefusedError `not-found`, `not-paused`.
    """
    with store.snapshot() as reader:
        paused = {row.name: row.subject for row in reader.pauses() if row.kind is kind}
        subject = _subject(reader, kind, name, paused)
    place = f"{kind}:{subject.name}"
    with acting(store, by, "resume", place) as turn:
        # Since the pause a merge may have given the patient another lane: what was paused then goes on.
        if not turn.resume(kind, paused.get(subject.name, subject.key)):
            raise ActRefusedError("not-paused", f"this {kind} is not paused", place=place)
    return subject.name


def _subject(reader: Reader, kind: PauseKind, name: str, known: Collection[str]) -> _Subject:
    match kind:
        case PauseKind.PATIENT:
            patient = reader.patient(name)
            if patient is None:
                text = "no patient, or more than one, is known by this"
                raise ActRefusedError("not-found", text, place="patient", advice="give the public id (pt_...)")
            return _Subject(str(patient.lane), patient.public_id)
        case PauseKind.CHANNEL:
            names = {*known, *(count.channel for count in reader.channel_counts())}
        case PauseKind.DESTINATION:
            names = {*known, *(count.destination for count in reader.destination_counts())}
    if name not in names:
        listed = ", ".join(sorted(names)) or "none"
        raise ActRefusedError("not-found", f"there is no such {kind}", place=str(kind), advice=f"known: {listed}")
    return _Subject(name, name)
