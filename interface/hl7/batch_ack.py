"""A batch of acknowledgements: one for each message of a batch, in its order (HL7 v2.5.1 section 2.10.3.3).

It mirrors what it answers: FHS where there was one, a BHS for each BHS. FHS-12 and BHS-12 name the original's FHS-11 and BHS-11.
"""

from collections.abc import Callable, Sequence

from interface.hl7.ack import written_time
from interface.hl7.batch import Batch, Group
from interface.hl7.delimiters import Delimiters, declared_in


def build_batch_ack(batch: Batch, answers: Sequence[Sequence[bytes]], next_id: Callable[[], str], at: int) -> bytes:
    """`answers`: for each group of the batch its acknowledgements. `next_id` gives control ids, `at` is UTC microseconds."""
    pieces = [_header(batch.header, next_id, at)] if batch.header else []
    for group, acks in zip(batch.groups, answers, strict=True):
        pieces += _group(group, acks, next_id, at)
    if batch.header:
        pieces.append(_line("FTS", batch.delimiters, [str(len(batch.groups))]))
    return b"".join(pieces)


def _group(group: Group, acks: Sequence[bytes], next_id: Callable[[], str], at: int) -> list[bytes]:
    if not group.header:
        return list(acks)
    trailer = _line("BTS", group.delimiters, [str(len(acks))])
    return [_header(group.header, next_id, at), *acks, trailer]


def _header(line: bytes, next_id: Callable[[], str], at: int) -> bytes:
    """FHS or BHS back to its sender: fields 3 to 6 change sides as bytes, field 12 is field 11 of the original."""
    declared = declared_in(line)
    separator = line[3:4]
    fields = line.split(separator)
    fields += [b""] * (12 - len(fields))
    sent_by, sent_to = fields[2:4], fields[4:6]
    time, own_id = written_time(at).encode("ascii"), next_id().encode("ascii")
    encoding = declared.encoding_characters if declared.delimiters is None else declared.delimiters.encoding_characters
    answered = [line[:3], encoding.encode("latin-1"), *sent_to, *sent_by, time, b"", b"", b"", own_id, fields[10]]
    return separator.join(answered) + b"\r"


def _line(name: str, delimiters: Delimiters, fields: Sequence[str]) -> bytes:
    return (delimiters.field.join([name, *fields]) + "\r").encode("ascii")
