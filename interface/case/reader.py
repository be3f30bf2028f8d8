"""Case files to cases: every problem of every file at once, by line, as with mappings and channels."""

import re
from typing import Final

from interface.case.case import ANY, EXPECTED, OTHERS, Case, Order, Step
from interface.case.request import is_stored_request
from interface.document import read_document
from interface.mapping.node import Block, Listing, Mark, Node, Scalar
from interface.mapping.problem import Findings, did_you_mean

_CASE: Final = ("about", "channel", "steps")
_STEP: Final = ("message", "payment", "void", "refund", "channel", "at", "reply", "expect")
_KINDS: Final = ("payment", "void", "refund")
_ORDER: Final = {
    "payment": ("id", "accounts", "tender", "last4"),
    "void": ("id", "payment"),
    "refund": ("id", "payment", "accounts"),
}
_AMOUNT: Final = re.compile(r"-?[0-9]{1,10}(\.[0-9]{1,3})?")
REPLIES: Final = ("AA", "AE", "AR", "CA", "CE", "CR", "none")


def read_case(file: str, text: str, findings: Findings) -> Case | None:
    """The case in a file; None, with findings, where something of it is wrong."""
    before = len(findings.problems)
    block = read_document(file, text, findings)
    if block is None:
        return None
    _known(block, _CASE, findings)
    channel = block.node("channel")
    if isinstance(channel, Listing):
        findings.add(channel.mark, "wrong-value", "`channel` is a name or a section", "as `channel: epic`")
    listing = block.node("steps")
    items = listing.items if isinstance(listing, Listing) else ()
    if not items:
        mark = listing.mark if listing else block.mark
        findings.add(mark, "steps-missing", "a case has steps", "write `steps:` and `- message: |` below it")
    steps = tuple(step for item in items if (step := _step(item, findings)))
    if len(findings.problems) > before:
        return None
    options = channel if isinstance(channel, Block) else None
    return Case(file, block.text("about"), block.text("channel"), options, steps)


def _known(block: Block, keys: tuple[str, ...], findings: Findings) -> None:
    for key, entry in block.entries.items():
        if key not in keys:
            findings.add(entry.mark, "unknown-option", f"`{key}` is no option here", did_you_mean(key, keys))


def _step(node: Node, findings: Findings) -> Step | None:
    if not isinstance(node, Block):
        findings.add(node.mark, "section-expected", "a step is a section", "begin it with `- message: |`")
        return None
    _known(node, _STEP, findings)
    given = [key for key in ("message", *_KINDS) if node.node(key) is not None]
    if len(given) != 1:
        text = "a step is one message, payment, void or refund"
        findings.add(node.mark, "wrong-step", text, "write each in a step of its own")
        return None
    reply = node.text("reply")
    if reply and reply not in REPLIES:
        mark = node.entries["reply"].node.mark
        findings.add(mark, "wrong-value", "`reply` does not fit", did_you_mean(reply, REPLIES))
    expected = node.node("expect")
    if expected is not None and not isinstance(expected, Block):
        findings.add(expected.mark, "section-expected", "`expect` is a section", "as `state: processed` below it")
    if isinstance(expected, Block):
        _check_expected(expected, findings)
    return Step(
        mark=node.mark,
        message=_message(node, findings) if given == ["message"] else "",
        order=_order(given[0], node, findings) if given != ["message"] else None,
        channel=node.text("channel"),
        at=node.text("at"),
        reply=reply,
        expected=expected if isinstance(expected, Block) else None,
        expected_at=node.entries["expect"].mark if expected is not None else None,
    )


def _message(node: Block, findings: Findings) -> str:
    text = node.text("message")
    if is_stored_request(text):
        return text
    lines = [line.strip("\r") for line in text.splitlines() if line.strip()]
    if not lines or not lines[0].startswith("MSH"):
        mark = node.entries["message"].mark
        findings.add(
            mark,
            "message-missing",
            "a message begins with MSH, or is a FHIR request or resource",
            "write `message: |` and its segments below it",
        )
    return "\n".join(lines)


def _check_expected(block: Block, findings: Findings) -> None:
    _known(block, (*EXPECTED, OTHERS), findings)
    for node in _blocks(block):
        entry = node.entries.get(OTHERS)
        if entry is not None and node.text(OTHERS) != ANY:
            findings.add(
                entry.node.mark, "wrong-value", "`others` does not fit", f"write `{OTHERS}: {ANY}`, or leave it out"
            )


def _blocks(node: Node) -> list[Block]:
    match node:
        case Block(entries=entries):
            return [node, *(found for entry in entries.values() for found in _blocks(entry.node))]
        case Listing(items=items):
            return [found for item in items for found in _blocks(item)]
        case Scalar():
            return []


def _order(kind: str, step: Block, findings: Findings) -> Order | None:
    node = step.node(kind)
    if not isinstance(node, Block):
        mark = node.mark if node else step.mark
        findings.add(mark, "section-expected", f"`{kind}` is a section", f"with {', '.join(_ORDER[kind])}")
        return None
    _known(node, _ORDER[kind], findings)
    accounts = node.node("accounts")
    if accounts is not None and not isinstance(accounts, Block):
        findings.add(accounts.mark, "section-expected", "`accounts` is a section", 'as accounts: {"9001": 25.00}')
    needed = ("accounts", "tender") if kind == "payment" else ("payment",)
    for key in needed:
        if node.node(key) is None:
            _missing(node.mark, key, findings)
    amounts = {number: accounts.text(number) for number in accounts.entries} if isinstance(accounts, Block) else {}
    for number, written in amounts.items():
        if not _AMOUNT.fullmatch(written):
            mark = accounts.entries[number].node.mark if isinstance(accounts, Block) else node.mark
            findings.add(mark, "wrong-value", "an amount is not one", "as 25.00")
    return Order(kind, node.text("id"), amounts, node.text("tender"), node.text("last4"), node.text("payment"))


def _missing(mark: Mark, key: str, findings: Findings) -> None:
    findings.add(mark, "missing-option", f"`{key}` is missing", f"add a line `{key}: ...`")
