"""Bringing a channel, a destination or a patient to a stop for a while, without stopping the engine, and letting it go on.

A paused channel's messages are received, answered and kept. What goes to a paused destination stays queued. A paused patient's
messages wait behind each other, and nobody else's.
"""

from collections.abc import Collection

from interface.errors import ActRefusedError
from interface.operate.act import By, acting, need_reason
from interface.ports import Reader, Store
from interface.view.count import PauseKind


def pause(store: Store, by: By, kind: PauseKind, name: str, known: Collection[str] = ()) -> None:
    """Bring something to a stop. `known` are the channels or destinations of the configuration.

    A patient is named by public id or by an identifier's value, which goes no further than the look-up.

    Errors: ActRefusedError `reason-missing`, `not-found`, `already-paused`.
    """
    need_reason(by, "pause")
    with store.snapshot() as reader:
        subject = _subject(reader, kind, name, known)
    with acting(store, by, "pause", f"{kind}:{subject}") as turn:
        if not turn.pause(kind, subject, by.actor):
            raise ActRefusedError("already-paused", f"this {kind} stands already", place=f"{kind}:{subject}")


def resume(store: Store, by: By, kind: PauseKind, name: str) -> None:
    """Let something go on. A destination that is suspended, not paused, is used again without waiting for a probe.

    Errors: ActRefusedError `not-found`, `not-paused`.
    """
    with store.snapshot() as reader:
        subject = _subject(reader, kind, name, [row.subject for row in reader.pauses() if row.kind is kind])
    with acting(store, by, "resume", f"{kind}:{subject}") as turn:
        if not turn.resume(kind, subject):
            raise ActRefusedError("not-paused", f"this {kind} is not paused", place=f"{kind}:{subject}")


def _subject(reader: Reader, kind: PauseKind, name: str, known: Collection[str]) -> str:
    match kind:
        case PauseKind.PATIENT:
            if name in known:
                return name  # the lane, as `status` shows it
            lane = reader.patient_lane(name)
            if lane is None:
                text = "no patient, or more than one, is known by this"
                raise ActRefusedError("not-found", text, place="patient", advice="give the public id (pt_...)")
            return str(lane)
        case PauseKind.CHANNEL:
            names = {*known, *(count.channel for count in reader.channel_counts())}
        case PauseKind.DESTINATION:
            names = {*known, *(count.destination for count in reader.destination_counts())}
    if name not in names:
        listed = ", ".join(sorted(names)) or "none"
        raise ActRefusedError("not-found", f"there is no such {kind}", place=str(kind), advice=f"known: {listed}")
    return name
