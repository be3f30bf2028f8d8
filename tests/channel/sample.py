"""A small project of files, one of which a test makes wrong."""

from collections.abc import Mapping

from interface.channel.loader import load
from interface.mapping.problem import Problem, ProblemsError

CHANNEL = """\
channel: north
source:
  mllp:
    port: ${NORTH_PORT:-2601}
timezone: America/Chicago
facility: NORTH
mapping: adt
destinations:
  dft:
    mllp:
      host: 127.0.0.1
      port: 2602
    mapping: dft
"""
ADT = """\
mapping: adt
events:
  ADT^A08: update
identifiers:
  patient: PID-3[only]
patient:
  sex: PID-8 | table(sex)
"""
DFT = """\
mapping: dft
direction: out
message: DFT^P03
version: 2.5.1
segments:
  MSH:
    MSH-10: message.control_id
"""
FILES = {
    "channels/north.yaml": CHANNEL,
    "mappings/adt.yaml": ADT,
    "mappings/dft.yaml": DFT,
    "mappings/tables/sex.csv": "in,out,note\nF,F,\n*,<keep>,\n",
}


def with_line(text: str, old: str, new: str) -> str:
    """The text with one line (or part of it) replaced."""
    assert old in text
    return text.replace(old, new, 1)


def problems(files: Mapping[str, str], environ: Mapping[str, str] | None = None) -> tuple[Problem, ...]:
    """What is wrong with these files; nothing, if they load."""
    try:
        load(files, environ or {})
    except ProblemsError as wrong:
        return wrong.problems
    return ()


def wrong_channel(old: str, new: str) -> tuple[Problem, ...]:
    """What is wrong once a part of the channel file is replaced."""
    return problems({**FILES, "channels/north.yaml": with_line(CHANNEL, old, new)})
