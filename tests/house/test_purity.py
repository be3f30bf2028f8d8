"""Pure rooms take time and content as arguments: they read no clock, not even through `datetime`, and open no file."""

import ast

from tests.house.source import dotted, python_sources

PURE = ("errors.py", "message.py", "currency.py", "card", "hl7", "fhir", "ledger", "mapping", "deidentify")
CLOCKS = frozenset({"datetime.now", "datetime.utcnow", "datetime.today", "date.today"})
FILES = frozenset({"open", "read_text", "read_bytes", "write_text", "write_bytes"})


def is_outside_call(call: ast.Call) -> bool:
    """Whether the call reads a clock or touches a file."""
    parts = dotted(call.func).split(".")
    return ".".join(parts[-2:]) in CLOCKS or parts[-1] in FILES


def test_pure_rooms_read_no_clock_and_open_no_file() -> None:
    calls = [
        f"{source.at(node)} {dotted(node.func)}"
        for source in python_sources("interface")
        if source.is_under(*(f"interface/{place}" for place in PURE))
        for node in source.nodes
        if isinstance(node, ast.Call) and is_outside_call(node)
    ]
    assert not calls, f"let these arrive as arguments: {calls}"
