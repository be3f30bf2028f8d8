r"""What senders do wrong, row by row, and what must come of each: the answer, the state, the reason, the log.

`{id}` in what is sent stands for a control id of the row's own. An answer is written `AE MSH^1^10 101: text` (MSA-1, the place
and the code of ERR, its text), with ` to another` behind MSA-1 where MSA-2 is not the row's control id. What is kept is written
`state reason: sentence`, one for each message that is new. In the log stand the events of the row, but for those that connections
and commits bring along.
What a row does not say is as for a sound message: AA, processed, and nothing in the log.
"""

from collections.abc import Iterator
from typing import Final

from interface.hl7.framing import END, START, wrap
from tests.hostile.batches import BATCHES
from tests.hostile.patient import ADT, MSH, PID, REST
from tests.hostile.row import Ending, Ends, Row, changed, framed, in_every_field, unframed, with_segments

TWENTY_MB: Final = 20 * 1024 * 1024
CUT: Final = (
    "incomplete frame-cut: the connection ended inside the message; nobody was told yes, the sender sends it again"
)


def spoiled(warned: str) -> Iterator[tuple[str, tuple[str, ...], tuple[str, ...]]]:
    """What comes of `in_every_field`: segment, answers, what is kept. `warned` is told of every message that is read."""
    for segment, warning in (("EVN", "time-unreadable EVN-2"), ("PID", "date-unreadable PID-7"), ("PV1", "")):
        warnings = ", ".join(one for one in (warned, warning) if one)
        yield segment, ("AA",), (f"processed ({warnings})" if warnings else "processed",)
    yield "MSH", ("AA to another",), ("filtered filtered: the mapping does not list ?: event not mapped",)
    yield "FT1", ("AA",), ("failed code-unknown: FT1[1]-6 the code is not in the table transaction_kind",)


NO_HEADER: Final[Ends] = {
    "answers": ("AE to nobody MSH^1 100: the message does not begin with MSH",),
    "kept": ("refused header-missing: it does not begin with MSH; is its sender an HL7 v2 interface?",),
    "log": ("message-refused header-missing",),
}
NO_SEPARATORS: Final[Ends] = {
    "answers": ("AR to nobody MSH^1^2 200: separators must be 2 to 6 different punctuation characters",),
    "kept": ("refused header-unusable: MSH-1 and MSH-2 cannot be used as separators; ask the sender",),
    "log": ("message-refused header-unusable",),
}
EMPTY: Final[Ends] = {
    "answers": ("AE to nobody MSH^1 100: the block is empty",),
    "kept": ("refused block-empty: the sender wrote a block with nothing in it",),
    "log": ("message-refused block-empty",),
}
ROWS: Final = (
    Row("sound message", framed(ADT)),
    # ---- framing
    Row(
        "half a frame, then hangs up",
        unframed(START + ADT[:150]),
        ending=Ending.HANGS_UP,
        answers=(),
        kept=(CUT,),
        log=("frame-cut",),
    ),
    Row(
        "half a frame, then a whole one",
        unframed(START + ADT[:150] + wrap(ADT)),
        kept=(
            CUT,
            "processed",
        ),
        log=("frame-cut",),
    ),
    Row("a start byte and nothing", unframed(START), ending=Ending.HANGS_UP, answers=(), kept=(), log=("frame-cut",)),
    Row(
        "empty block",
        unframed(START + END + b"\r"),
        **EMPTY,
    ),
    Row(
        "block of blanks",
        framed(b" \r\n "),
        **EMPTY,
    ),
    Row(
        "frame of 20 MB, over the limit",
        framed(ADT + b"OBX|1|ED|||" + b"A" * TWENTY_MB + b"\r"),
        answers=("AR 207: the frame is larger than this listener takes",),
        kept=("refused frame-too-large: larger than max_frame_bytes of the channel; only its beginning is kept",),
        log=("frame-oversize", "message-refused frame-too-large"),
    ),
    Row(
        "20 MB that never end",
        unframed(START + ADT + b"A" * TWENTY_MB),
        ending=Ending.HANGS_UP,
        answers=(),
        kept=(CUT,),
        log=("frame-oversize",),
    ),
    Row(
        "block without end, then silence",
        unframed(START + ADT),
        ending=Ending.IS_SILENT,
        is_hasty=True,
        answers=(),
        kept=(CUT,),
        log=("frame-cut", "connection-closed frame-timeout"),
    ),
    Row(
        "a byte at a time, for ever",
        unframed(START, *(ADT[at : at + 1] for at in range(40))),
        is_hasty=True,
        ending=Ending.IS_SILENT,
        answers=(),
        kept=(CUT,),
        log=("frame-cut", "connection-closed frame-timeout"),
    ),
    Row(
        "two messages in one block",
        framed(ADT + ADT.replace(b"{id}", b"{id}B")),
        answers=("AE MSH^2 100: several messages in one block; send each in a block of its own",),
        kept=(
            "refused several-messages: a second MSH in one block; the sender must put each message into a block of its own",
        ),
        log=("message-refused several-messages",),
    ),
    Row(
        "two blocks without a CR between",
        unframed(START + ADT + END + START + ADT.replace(b"{id}", b"{id}B") + END),
        answers=("AA", "AA to another"),
        kept=("processed", "processed"),
    ),
    Row(
        "message without framing",
        unframed(ADT),
        ending=Ending.HANGS_UP,
        answers=(),
        kept=(),
        log=("unframed-bytes hl7",),
    ),
    Row(
        "HTTP request",
        unframed(b"GET /patients HTTP/1.1\r\nHost: example.org\r\n\r\n"),
        ending=Ending.HANGS_UP,
        answers=(),
        kept=(),
        log=("unframed-bytes http",),
    ),
    Row(
        "TLS hello",
        unframed(bytes.fromhex("160301020001") + b"\x00" * 200),
        ending=Ending.HANGS_UP,
        answers=(),
        kept=(),
        log=("unframed-bytes tls",),
    ),
    Row(
        "binary noise between blocks",
        unframed(bytes(b for b in range(256) if b not in b"\x0b\x1c") * 8 + wrap(ADT)),
        log=("unframed-bytes unknown",),
    ),
    # ---- the header
    Row(
        "no MSH",
        framed(REST),
        **NO_HEADER,
    ),
    Row(
        "binary noise as a message",
        framed(bytes(b for b in range(256) if b not in b"\x0b\x1c") * 8),
        **NO_HEADER,
    ),
    Row(
        "JSON",
        framed(b'{"resourceType":"Patient"}'),
        **NO_HEADER,
    ),
    Row(
        "separators twice the same",
        changed(b"^~\\&", b"^~\\^"),
        **NO_SEPARATORS,
    ),
    Row(
        "no separators",
        changed(b"|^~\\&|", b"||"),
        **NO_SEPARATORS,
    ),
    Row(
        "separators of letters",
        changed(b"^~\\&", b"A~\\&"),
        **NO_SEPARATORS,
    ),
    Row(
        "MSH alone",
        framed(b"MSH"),
        **NO_SEPARATORS,
    ),
    Row(
        "no MSH-9",
        changed(b"ADT^A04", b""),
        answers=("AE MSH^1^9 101: the message type is missing",),
        kept=("refused message-type-missing: MSH-9 is empty; ask the sender",),
        log=("message-refused message-type-missing",),
    ),
    Row(
        "no MSH-10",
        changed(b"{id}", b""),
        answers=("AE to nobody MSH^1^10 101: the message control id is missing",),
        kept=(
            "refused control-id-missing: MSH-10 (of a batch BHS-11) is empty; the sender must number what it sends, or see"
            " `control_id: digest`",
        ),
        log=("message-refused control-id-missing",),
    ),
    Row("MSH-10 of 199 characters", changed(b"{id}", b"{id}" + b"9" * 189), answers=("AA to another",)),
    Row(
        "MSH-10 of a megabyte",
        changed(b"{id}", b"{id}" + b"9" * 1_000_000),
        answers=("AE to another MSH^1^10 104: the message control id is longer than 199 characters",),
        kept=(
            "refused control-id-too-long: MSH-10 is longer than 199 characters; the sender's fields may have slipped",
        ),
        log=("message-refused control-id-too-long",),
    ),
    Row(
        "MSH-11 of a test system",
        changed(b"|P|", b"|T|"),
        answers=("AR MSH^1^11 202: this listener takes production messages only",),
        kept=("refused not-production: MSH-11 says T or D, and the channel takes production messages only",),
        log=("message-refused not-production",),
    ),
    Row(
        "a name where the type belongs",
        changed(b"ADT^A04", b"QUIRRENBACHER^THEODOLINDE"),
        kept=("filtered filtered: the mapping does not list ?: event not mapped",),
    ),
    Row("unknown version", changed(b"2.5.1", b"9.9")),
    Row(
        "unknown type",
        changed(b"ADT^A04", b"ZZZ^Z99"),
        kept=("filtered filtered: the mapping does not list ZZZ^Z99: event not mapped",),
    ),
    Row("blank lines before MSH", framed(b"\r\n\r\n" + ADT)),
    # ---- character sets
    Row(
        "another character set than declared",
        framed(ADT.replace(b"2.5.1\r", b"2.5.1||||||UNICODE UTF-8\r").replace(b"QUIRR", b"QU\xcfRR")),
        kept=("processed (character-set-differs MSH-18)",),
    ),
    Row(
        "a character set that nobody knows",
        framed(ADT.replace(b"2.5.1\r", b"2.5.1||||||KLINGON-8\r")),
        kept=("processed (character-set-differs MSH-18)",),
    ),
    Row(
        "UTF-16 with byte order mark",
        framed(ADT.decode().encode("utf-16")),
        answers=("AE to nobody MSH^1 100: the message is written in UTF-16, which MLLP does not carry; send UTF-8",),
        kept=("refused charset-impossible: written in UTF-16, which MLLP does not carry; the sender must write UTF-8",),
        log=("message-refused charset-impossible",),
    ),
    Row("UTF-8 with byte order mark", framed(b"\xef\xbb\xbf" + ADT)),
    Row("NUL bytes", changed(b"QUIRR", b"QU\x00RR")),
    Row(
        "lone surrogates in UTF-8",
        changed(b"QUIRR", b"QU\xed\xa0\x80RR"),
        kept=("processed (character-set-differs MSH-18)",),
    ),
    *(
        Row(f"{what} in every field of {segment}", framed(in_every_field(segment, byte)), answers=answers, kept=kept)
        for what, byte, warned in (("NUL", b"\0", ""), ("byte 81", b"\x81", "character-set-differs MSH-18"))
        for segment, answers, kept in spoiled(warned)
    ),
    # ---- content
    Row("line feeds for segment ends", framed(ADT.replace(b"\r", b"\n"))),
    Row("a lone line feed inside a field", with_segments(b"NTE|1||one\ntwo")),
    Row("10,000 segments", with_segments(*(b"NTE|%d||line" % n for n in range(10_000)))),
    Row(
        "10,000 repetitions",
        changed(PID[7:36], b"~".join(b"P%d^^^NORTH^PI" % n for n in range(10_000)) + b"~" + PID[7:36]),
    ),
    Row("10,000 subcomponents deep", changed(b"THEODOLINDE", b"&" * 10_000 + b"THEODOLINDE")),
    Row("100,000 components", changed(b"THEODOLINDE", b"^" * 100_000 + b"THEODOLINDE")),
    Row("escapes: 100,000 times \\X41\\", with_segments(b"NTE|1||" + b"\\X41\\" * 100_000)),
    Row("escapes: 200,000 escape characters", with_segments(b"NTE|1||" + b"\\" * 200_001)),
    Row("escapes: blanks by the billion", changed(b"THEODOLINDE", b"\\.sp999999999\\")),
    Row("escapes: line ends and framing bytes", changed(b"THEODOLINDE", b"\\X0B\\\\X1C0D\\\\X00\\")),
    Row("a name of a megabyte", changed(b"THEODOLINDE", b"THEODOLINDE" * 90_000)),
    Row(
        "an identifier of a megabyte",
        changed(PID[7:18], PID[7:18] * 90_000),
        kept=("failed identifier-too-long: PID-3 an identifier is longer than 199 characters",),
    ),
    Row(
        "a PID without anything",
        framed(MSH + b"PID\r"),
        kept=("failed patient-unidentified: PID-3 no identifier of the patient fits the mapping's rule",),
    ),
    *BATCHES,
    Row(
        "an acknowledgement of NUL",
        framed(b"MSH|^~\\&|A|B|C|D|20250304||ACK|{id}|P|2.5.1\rMSA|AA|NO\0BODY\r"),
        kept=("processed acknowledgement",),
    ),
    Row(
        "an acknowledgement that nobody waits for",
        framed(b"MSH|^~\\&|A|B|C|D|20250304||ACK|{id}|P|2.5.1\rMSA|AA|NOBODY\r"),
        kept=("processed acknowledgement",),
    ),
)
