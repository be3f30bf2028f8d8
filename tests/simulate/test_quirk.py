"""Each quirk does what its name says, and nothing else."""

from collections import Counter

import pytest

from interface.hl7.framing import Deframer, Frame
from interface.simulate import quirk
from interface.simulate.quirk import CHANGES, Quirk
from interface.simulate.sent import WHOLE, Sent
from interface.simulate.traffic import morning

SHARE = 0.2
PATIENTS = 48


def plain() -> list[Sent]:
    return list(morning(7, PATIENTS))


def touched(name: Quirk, share: float = SHARE) -> list[Sent]:
    return list(quirk.apply(morning(7, PATIENTS), [name], share=share))


def marked(stream: list[Sent], name: Quirk) -> list[Sent]:
    return [sent for sent in stream if name.value in sent.quirks]


def positions(stream: list[Sent], control_id: str) -> list[int]:
    return [place for place, sent in enumerate(stream) if sent.control_id == control_id]


def test_every_name_has_a_change_that_says_what_it_is() -> None:
    assert list(CHANGES) == list(Quirk)


def test_an_unknown_name_is_an_error() -> None:
    with pytest.raises(ValueError, match="upside-down"):
        quirk.apply([], ["upside-down"])


@pytest.mark.parametrize("name", Quirk)
def test_a_quirk_touches_some_and_marks_them(name: Quirk) -> None:
    stream = touched(name)

    assert 0 < len(marked(stream, name)) < len(stream)


@pytest.mark.parametrize("name", Quirk)
def test_the_same_seed_gives_the_same_stream(name: Quirk) -> None:
    assert touched(name) == touched(name)


@pytest.mark.parametrize("name", Quirk)
def test_no_original_message_is_lost(name: Quirk) -> None:
    if name is Quirk.CONTROL_ID_REUSE:
        assert len(touched(name)) == len(plain())
    else:
        assert {sent.control_id for sent in touched(name)} >= {sent.control_id for sent in plain()}


@pytest.mark.parametrize("name", Quirk)
def test_what_is_not_marked_is_untouched(name: Quirk) -> None:
    originals = {sent.content for sent in plain()}

    assert all(sent.content in originals for sent in touched(name) if not sent.quirks)


@pytest.mark.parametrize("name", [each for each in Quirk if each not in (Quirk.DFT_BEFORE_ADT, Quirk.A03_BEFORE_A01)])
def test_the_order_of_originals_is_kept(name: Quirk) -> None:
    order = [sent.control_id for sent in touched(name) if not sent.quirks]

    assert order == sorted(order)


def test_dft_before_adt_lets_the_first_charge_of_an_account_overtake() -> None:
    stream = touched(Quirk.DFT_BEFORE_ADT)
    for early in marked(stream, Quirk.DFT_BEFORE_ADT):
        of_account = [sent for sent in stream if sent.account == early.account]
        assert of_account[0] is early


def test_dft_before_adt_keeps_every_other_message_of_the_lane_in_order() -> None:
    lanes: dict[str, list[str]] = {}
    for sent in touched(Quirk.DFT_BEFORE_ADT):
        if not sent.quirks:
            lanes.setdefault(sent.lane, []).append(sent.control_id)

    assert all(order == sorted(order) for order in lanes.values())


def test_a03_before_a01_sends_the_end_of_a_visit_first() -> None:
    stream = touched(Quirk.A03_BEFORE_A01)
    for beginning in marked(stream, Quirk.A03_BEFORE_A01):
        kinds = [sent.message_type for sent in stream if sent.visit == beginning.visit]
        assert kinds.index("ADT^A03") < kinds.index(beginning.message_type)


def test_merge_of_unknown_retires_a_number_that_nobody_has() -> None:
    stream = touched(Quirk.MERGE_OF_UNKNOWN)
    heard = b"".join(sent.content for sent in plain())
    for merge in marked(stream, Quirk.MERGE_OF_UNKNOWN):
        mrg = next(line for line in merge.content.split(b"\r") if line.startswith(b"MRG"))
        assert mrg.split(b"|")[1].split(b"^")[0] not in heard
        assert b"|ADT^A40^ADT_A39|" in merge.content
        assert b"EVN|A40|" in merge.content


def test_z_segments_stand_inside_and_at_the_end() -> None:
    for sent in marked(touched(Quirk.Z_SEGMENTS), Quirk.Z_SEGMENTS):
        names = [line[:3] for line in sent.content.split(b"\r") if line]
        assert names[3] == b"ZPD"
        assert names[-1] == b"ZZZ"


def test_null_fields_clear_only_what_was_blank() -> None:
    originals = {sent.control_id: sent.content for sent in plain()}
    for sent in marked(touched(Quirk.NULL_FIELDS), Quirk.NULL_FIELDS):
        assert b'|""' in sent.content
        assert sent.content.replace(b'""', b"") == originals[sent.control_id].replace(b'""', b"")


def test_wrong_charset_sends_windows_bytes_under_a_promise_of_utf8() -> None:
    originals = {sent.control_id: sent.content for sent in plain()}
    for sent in marked(touched(Quirk.WRONG_CHARSET, share=0.5), Quirk.WRONG_CHARSET):
        assert b"UNICODE UTF-8" in sent.content
        with pytest.raises(UnicodeDecodeError):
            sent.content.decode()
        assert sent.content.decode("cp1252").encode() == originals[sent.control_id]


def test_lone_lf_leaves_no_carriage_return() -> None:
    assert all(b"\r" not in sent.content for sent in marked(touched(Quirk.LONE_LF), Quirk.LONE_LF))


def test_open_last_segment_takes_only_the_last_line_end() -> None:
    originals = {sent.control_id: sent.content for sent in plain()}
    for sent in marked(touched(Quirk.OPEN_LAST_SEGMENT), Quirk.OPEN_LAST_SEGMENT):
        assert sent.content + b"\r" == originals[sent.control_id]


def test_control_id_reuse_puts_other_content_under_a_used_id() -> None:
    stream = touched(Quirk.CONTROL_ID_REUSE)
    for reused in marked(stream, Quirk.CONTROL_ID_REUSE):
        places = positions(stream, reused.control_id)
        assert not stream[places[0]].quirks
        assert stream[places[0]].content != reused.content
        assert reused.content.split(b"|", 10)[9].decode() == reused.control_id


def test_restamped_resends_change_time_and_control_id_only() -> None:
    originals = {sent.control_id: sent.content.split(b"|") for sent in plain()}
    for again in marked(touched(Quirk.RESTAMPED_RESENDS), Quirk.RESTAMPED_RESENDS):
        fields = again.content.split(b"|")
        was = originals[again.control_id.removesuffix("R")]
        assert [number for number, (old, new) in enumerate(zip(was, fields, strict=True), 1) if old != new] == [7, 10]
        assert len(again.control_id) <= 20


def test_duplicates_after_restart_are_the_last_messages_byte_for_byte() -> None:
    stream = touched(Quirk.DUPLICATES_AFTER_RESTART)
    originals = {sent.control_id: sent.content for sent in plain()}
    for place, again in enumerate(stream):
        if again.quirks:
            assert again.content == originals[again.control_id]
            assert 0 < place - positions(stream, again.control_id)[0] <= 12


def test_framing_quirks_leave_the_content_alone() -> None:
    originals = {sent.control_id: sent.content for sent in plain()}
    framing = [Quirk.NOISE_BETWEEN_FRAMES, Quirk.SPLIT_FRAMES, Quirk.JOINED_FRAMES, Quirk.MISSING_FINAL_CR]

    for sent in quirk.apply(morning(7, PATIENTS), framing, share=0.5):
        assert sent.content == originals[sent.control_id]
        assert (sent.shape == WHOLE) == (not sent.quirks)


def test_split_frames_are_cut_inside_the_frame() -> None:
    for sent in marked(touched(Quirk.SPLIT_FRAMES), Quirk.SPLIT_FRAMES):
        frame = b"\x0b" + sent.content + b"\x1c\r"
        assert sent.shape.cuts
        assert all(0 < cut < len(frame) for cut in sent.shape.cuts)


def test_noise_is_never_part_of_a_frame() -> None:
    for sent in marked(touched(Quirk.NOISE_BETWEEN_FRAMES), Quirk.NOISE_BETWEEN_FRAMES):
        found = Deframer().feed(sent.shape.noise + b"\x0b" + sent.content + b"\x1c\r")
        assert [item.content for item in found if isinstance(item, Frame)] == [sent.content]


def test_all_quirks_together_lose_nothing_but_reused_ids() -> None:
    stream = list(quirk.apply(morning(7, PATIENTS), Quirk, share=0.1))
    names = Counter(name for sent in stream for name in sent.quirks)

    assert names.keys() == {name.value for name in Quirk}
    assert len(stream) > len(plain())


def test_names_may_come_in_any_order() -> None:
    names = [Quirk.LONE_LF, Quirk.DUPLICATES_AFTER_RESTART]

    assert list(quirk.apply(morning(7, 20), names)) == list(quirk.apply(morning(7, 20), reversed(names)))
