"""What real feeds do to their messages, by name: each quirk takes a stream of messages and gives a stream of messages.

Quirks touch order, bytes and framing, never the truth: an engine that knows its trade holds the same accounts,
charges and balances afterwards as after the plain stream (a merge of an unknown record adds a retired number,
nothing else). What was touched says so in `Sent.quirks`, so a reader can count. The order within a lane is kept
unless breaking it is the quirk.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from enum import StrEnum
from random import Random

from interface.simulate.sent import Sent, Shape


class Quirk(StrEnum):
    """The quirks, in the order in which they are applied whatever the order they are asked for."""

    DFT_BEFORE_ADT = "dft-before-adt"
    A03_BEFORE_A01 = "a03-before-a01"
    MERGE_OF_UNKNOWN = "merge-of-unknown"
    Z_SEGMENTS = "z-segments"
    NULL_FIELDS = "null-fields"
    WRONG_CHARSET = "wrong-charset"
    LONE_LF = "lone-lf"
    OPEN_LAST_SEGMENT = "open-last-segment"
    CONTROL_ID_REUSE = "control-id-reuse"
    RESTAMPED_RESENDS = "restamped-resends"
    DUPLICATES_AFTER_RESTART = "duplicates-after-restart"
    NOISE_BETWEEN_FRAMES = "noise-between-frames"
    SPLIT_FRAMES = "split-frames"
    JOINED_FRAMES = "joined-frames"
    MISSING_FINAL_CR = "missing-final-cr"


Change = Callable[[Iterator[Sent], Random, float], Iterator[Sent]]
"""A quirk at work: the stream, its own randomness, the share of messages to touch."""


def apply(traffic: Iterable[Sent], quirks: Iterable[str], *, seed: int = 24, share: float = 0.05) -> Iterator[Sent]:
    """Return the stream with the named quirks in it, each touching about `share` of the messages that it can touch.

    The same seed, traffic and names give the same result. Raises ValueError for a name that is no quirk.
    """
    wanted = {Quirk(name) for name in quirks}
    stream = iter(traffic)
    for quirk in Quirk:
        if quirk in wanted:
            stream = CHANGES[quirk](stream, Random(f"{seed}:{quirk}"), share)
    return stream


def dft_before_adt(traffic: Iterator[Sent], rng: Random, share: float) -> Iterator[Sent]:
    """Charges overtake: a new account's first DFT goes out before the ADT messages that open the account."""
    seen: set[str] = set()
    held: dict[str, list[Sent]] = {}
    for sent in traffic:
        waiting = held.get(sent.lane)
        if waiting is None:
            opens = bool(sent.account) and sent.account not in seen
            seen.add(sent.account)
            if opens and sent.message_type != "DFT^P03" and rng.random() < share:
                held[sent.lane] = [sent]
            else:
                yield sent
        elif sent.message_type == "DFT^P03" and sent.account == waiting[0].account:
            yield _marked(sent, Quirk.DFT_BEFORE_ADT)
            yield from held.pop(sent.lane)
        else:
            waiting.append(sent)
    for waiting in held.values():
        yield from waiting


def a03_before_a01(traffic: Iterator[Sent], rng: Random, share: float) -> Iterator[Sent]:
    """The end of a visit arrives before its beginning, with the event times of what really happened."""
    held: dict[str, Sent] = {}
    for sent in traffic:
        if sent.message_type in ("ADT^A01", "ADT^A04") and rng.random() < share:
            held[sent.visit] = sent
            continue
        if sent.message_type in ("ADT^A11", "ADT^A40"):  # a cancelled or merged beginning is another quirk
            for visit in [visit for visit, first in held.items() if first.lane == sent.lane]:
                yield held.pop(visit)
        yield sent
        if sent.message_type == "ADT^A03" and sent.visit in held:
            yield _marked(held.pop(sent.visit), Quirk.A03_BEFORE_A01)
    yield from held.values()


def merge_of_unknown(traffic: Iterator[Sent], rng: Random, share: float) -> Iterator[Sent]:
    """A record is merged (A40) into a patient although its number was never heard of before."""
    for sent in traffic:
        yield sent
        if sent.message_type == "ADT^A08" and rng.random() < share:
            yield _merge_into(sent)


def control_id_reuse(traffic: Iterator[Sent], rng: Random, share: float) -> Iterator[Sent]:
    """A counter was reset: a message goes out under a control id (MSH-10) that another one had some time ago."""
    used: deque[str] = deque(maxlen=50)
    for sent in traffic:
        if used and rng.random() < share:
            control_id = used[0]
            content = _with_header(sent.content, control_id)
            yield _marked(replace(sent, control_id=control_id, content=content), Quirk.CONTROL_ID_REUSE)
        else:
            used.append(sent.control_id)
            yield sent


def restamped_resends(traffic: Iterator[Sent], rng: Random, share: float) -> Iterator[Sent]:
    """Somebody resends old messages with a tool that gives them a new MSH-7 and MSH-10 and changes nothing else."""
    waiting: deque[tuple[int, Sent]] = deque()
    for number, sent in enumerate(traffic):
        yield sent
        if rng.random() < share:
            waiting.append((number + rng.randrange(1, 20), sent))
        if waiting and waiting[0][0] <= number:
            yield _restamped(waiting.popleft()[1])
    for _, sent in waiting:
        yield _restamped(sent)


def duplicates_after_restart(traffic: Iterator[Sent], rng: Random, share: float) -> Iterator[Sent]:
    """The sender restarts and, not knowing what was answered, sends its last few messages again, byte for byte."""
    recent: deque[Sent] = deque(maxlen=6)
    for sent in traffic:
        yield sent
        recent.append(sent)
        if rng.random() < share / 3:  # a restart repeats three on average
            for again in list(recent)[-rng.randint(1, 5) :]:
                yield _marked(again, Quirk.DUPLICATES_AFTER_RESTART)


def _each(touch: Callable[[Sent, Random], Sent]) -> Change:
    """Return the change that touches each message by itself, or not."""

    def change(traffic: Iterator[Sent], rng: Random, share: float) -> Iterator[Sent]:
        for sent in traffic:
            yield touch(sent, rng) if rng.random() < share else sent

    return change


def _z_segments(sent: Sent, rng: Random) -> Sent:
    """Site segments after PID and at the end."""
    lines = sent.content.split(b"\r")
    site = b"ZPD|1|LOYAL^Example programme|%d" % rng.randrange(100)
    return _rewritten(sent, Quirk.Z_SEGMENTS, b"\r".join([*lines[:3], site, *lines[3:-1], b"ZZZ||end", lines[-1]]))


def _null_fields(sent: Sent, _rng: Random) -> Sent:
    """Every optional field of PID that is blank says `""`: delete what you know."""
    lines = sent.content.split(b"\r")
    fields = lines[2].split(b"|")
    for number in (4, 6, 9, 10, 12, 14, 16, 17):
        if number < len(fields):
            fields[number] = fields[number] or b'""'
    lines[2] = b"|".join(fields)
    return _rewritten(sent, Quirk.NULL_FIELDS, b"\r".join(lines))


def _wrong_charset(sent: Sent, _rng: Random) -> Sent:
    """Windows-1252 bytes under an MSH-18 that promises UTF-8; only text with accents of Western Europe can be hit."""
    try:
        text = sent.content.decode()
        content = text.encode("cp1252")
    except UnicodeError:
        return sent
    return sent if text.isascii() else _rewritten(sent, Quirk.WRONG_CHARSET, content)


def _lone_lf(sent: Sent, _rng: Random) -> Sent:
    """Segments end in line feeds, as files of a home-made sender do."""
    return _rewritten(sent, Quirk.LONE_LF, sent.content.replace(b"\r", b"\n"))


def _open_last_segment(sent: Sent, _rng: Random) -> Sent:
    """The last segment has no end of its own."""
    return _rewritten(sent, Quirk.OPEN_LAST_SEGMENT, sent.content.rstrip(b"\r\n"))


def _noise_between_frames(sent: Sent, rng: Random) -> Sent:
    """Keep-alive bytes or line ends before the frame."""
    noise = rng.choice((b"\r\n", b"\n", b"\x00", b"\r", b"   "))
    return _shaped(sent, Quirk.NOISE_BETWEEN_FRAMES, replace(sent.shape, noise=noise))


def _split_frames(sent: Sent, rng: Random) -> Sent:
    """The frame arrives in several reads, cut at one to three places: behind 0x0B and before the last byte, too."""
    last = len(sent.content) + 2
    cuts = sorted({rng.choice((1, last, rng.randrange(1, last))) for _ in range(3)})
    return _shaped(sent, Quirk.SPLIT_FRAMES, replace(sent.shape, cuts=tuple(cuts)))


def _joined_frames(sent: Sent, _rng: Random) -> Sent:
    """The frame and the next of its connection go out in one write, not waiting for the answer between."""
    return _shaped(sent, Quirk.JOINED_FRAMES, replace(sent.shape, joined=True))


def _missing_final_cr(sent: Sent, _rng: Random) -> Sent:
    """0x1C without the 0x0D that belongs behind it."""
    return _shaped(sent, Quirk.MISSING_FINAL_CR, replace(sent.shape, bare_end=True))


def _marked(sent: Sent, quirk: Quirk) -> Sent:
    return replace(sent, quirks=(*sent.quirks, quirk.value))


def _rewritten(sent: Sent, quirk: Quirk, content: bytes) -> Sent:
    return _marked(replace(sent, content=content), quirk)


def _shaped(sent: Sent, quirk: Quirk, shape: Shape) -> Sent:
    return _marked(replace(sent, shape=shape), quirk)


def _with_header(content: bytes, control_id: str, stamp: bytes | None = None) -> bytes:
    """Return the content with another MSH-10 and, if given, another MSH-7."""
    fields = content.split(b"|", 10)
    fields[9] = control_id.encode()
    if stamp is not None:
        fields[6] = stamp
    return b"|".join(fields)


_STAMPS = {12: "%Y%m%d%H%M", 14: "%Y%m%d%H%M%S", 19: "%Y%m%d%H%M%S%z"}  # how MSH-7 is written, by its length


def _restamped(sent: Sent) -> Sent:
    written = sent.content.split(b"|", 7)[6].decode()
    layout = _STAMPS[len(written)]
    was = datetime.strptime(written, layout)  # noqa: DTZ007 - written again in the zone that it was read in
    stamp = (was + timedelta(minutes=17)).strftime(layout).encode()
    control_id = f"{sent.control_id}R"
    content = _with_header(sent.content, control_id, stamp)
    return _marked(replace(sent, control_id=control_id, content=content), Quirk.RESTAMPED_RESENDS)


def _merge_into(sent: Sent) -> Sent:
    """Return an A40 that merges a number never heard of into the patient of an A08, at the same moment."""
    header, event, patient = sent.content.split(b"\r", 3)[:3]
    control_id = f"{sent.control_id}M"
    fields = _with_header(header, control_id).split(b"|")
    fields[8] = b"ADT^A40^ADT_A39"
    head = patient.split(b"|")
    known = head[3].split(b"~")[0]
    mrn, _, authority = known.partition(b"^")
    retired = b"MRG|X" + mrn + b"^" + authority + b"||||||" + head[5]
    person = b"|".join(head[:18])  # no account on a merge
    content = b"\r".join([b"|".join(fields), event.replace(b"|A08|", b"|A40|", 1), person, retired, b""])
    changed = replace(sent, control_id=control_id, message_type="ADT^A40", account="", visit="", content=content)
    return _marked(changed, Quirk.MERGE_OF_UNKNOWN)


CHANGES: dict[Quirk, Change] = {
    Quirk.DFT_BEFORE_ADT: dft_before_adt,
    Quirk.A03_BEFORE_A01: a03_before_a01,
    Quirk.MERGE_OF_UNKNOWN: merge_of_unknown,
    Quirk.Z_SEGMENTS: _each(_z_segments),
    Quirk.NULL_FIELDS: _each(_null_fields),
    Quirk.WRONG_CHARSET: _each(_wrong_charset),
    Quirk.LONE_LF: _each(_lone_lf),
    Quirk.OPEN_LAST_SEGMENT: _each(_open_last_segment),
    Quirk.CONTROL_ID_REUSE: control_id_reuse,
    Quirk.RESTAMPED_RESENDS: restamped_resends,
    Quirk.DUPLICATES_AFTER_RESTART: duplicates_after_restart,
    Quirk.NOISE_BETWEEN_FRAMES: _each(_noise_between_frames),
    Quirk.SPLIT_FRAMES: _each(_split_frames),
    Quirk.JOINED_FRAMES: _each(_joined_frames),
    Quirk.MISSING_FINAL_CR: _each(_missing_final_cr),
}
"""What each name does."""
