"""FHIR files of others, each sent to the server as a create, Bundles as a transaction: `python -m tests.web.fhir.corpus`."""

import re
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from interface.fhir.outcome import RefusedError
from interface.fhir.text import Resource, read, write
from interface.view.message import MessageFilter
from tests.conftest import corpus_folder
from tests.fhir.corpus import examples, resource_of
from tests.web.fhir.conftest import Program, face_of, opened

_TOGETHER = ("transaction", "batch", "message")
FHIR = {"content-type": "application/fhir+json"}
_NO_JSON = "(no JSON)"


@dataclass(slots=True)
class Answers:
    """What became of the files: how each type was answered, why, and which answers for good left no message behind."""

    table: dict[str, Counter[int]] = field(default_factory=lambda: defaultdict(Counter))
    causes: Counter[str] = field(default_factory=Counter)
    entries: Counter[str] = field(default_factory=Counter)
    states: Counter[str] = field(default_factory=Counter)  # of the messages, with their reasons
    unkept: list[str] = field(default_factory=list)
    sent: int = 0


def transaction(bundle: Resource) -> Resource:
    """The Bundle as one that writes: what only lists resources becomes a transaction that creates each of them."""
    if bundle.get("type") in _TOGETHER:
        return bundle
    listed = [one for one in bundle.get("entry", []) if isinstance(one.get("resource"), dict)]
    entries = [
        {
            **({"fullUrl": one["fullUrl"]} if "fullUrl" in one else {}),
            "resource": one["resource"],
            "request": {"method": "POST", "url": one["resource"].get("resourceType", "")},
        }
        for one in listed
    ]
    return {"resourceType": "Bundle", "type": "transaction", "entry": entries}


def send(program: Program, content: bytes) -> tuple[str, httpx.Response]:
    """What it is, and the answer."""
    found = resource_of(content)
    if isinstance(found, RefusedError):
        return _NO_JSON, program.ask("Patient", "POST", content=content, headers=FHIR)
    type_ = str(found.get("resourceType", "(none)"))
    if type_ != "Bundle":
        return type_, program.ask(type_, "POST", content=content, headers=FHIR)
    kind = str(found.get("type", ""))
    path = "$process-message" if kind == "message" else ""
    told = program.ask(path, "POST", content=write(transaction(found)), headers=FHIR)
    return f"Bundle {kind}{'' if kind in _TOGETHER else ' *'}", told


def send_all(program: Program, folder: Path) -> Answers:
    """Send every file."""
    answers = Answers()
    for path, _release, content in examples(folder):
        before = _received(program)
        what, told = send(program, content)
        answers.sent += 1
        answers.table[what][told.status_code] += 1
        answers.causes.update({f"{told.status_code} {what}: {cause}" for cause in _causes(told)})
        body = read(told.content) if told.content else {}
        is_batch = body.get("type") == "batch-response"
        if is_batch:
            answers.entries.update(str(one["response"]["status"]) for one in body["entry"])
        elif told.status_code not in _NOT_TAKEN and _received(program) == before:
            answers.unkept.append(f"{path}: {told.status_code}")
    with program.app.store.snapshot() as reader:
        for row in reader.messages(MessageFilter(limit=100_000)):
            answers.states[f"{row.state} {row.reason}".rstrip()] += 1
    return answers


# Who may write what is seen, and how large it is, before anything is kept.
_NOT_TAKEN = (403, 404, 405, 413, 431)


def _received(program: Program) -> int:
    with program.app.store.snapshot() as reader:
        return sum(one.received for one in reader.channel_counts())


def _causes(told: httpx.Response) -> Iterator[str]:
    """Issues without the places in lists, so that their like can be counted; of the first three."""
    if told.status_code in (200, 201) or not told.content:
        return
    body = read(told.content)
    issues = body.get("issue", [])
    for one in issues[:3]:
        place = re.sub(r"\[[0-9]+\]", "", " ".join(one.get("expression", ())))
        yield f"{one['code']} {place}: {one.get('diagnostics', one.get('details', {}).get('text', ''))[:100]}"


def lines(answers: Answers) -> Iterator[str]:
    """The table, then the causes by how many files have them."""
    statuses = sorted({status for counts in answers.table.values() for status in counts})
    yield f"{'type (* made a transaction)':32}" + "".join(f"{status:6}" for status in statuses)
    for what, counts in sorted(answers.table.items()):
        yield f"{what:32}" + "".join(f"{counts[status] or '':>6}" for status in statuses)
    yield f"{'all':32}" + "".join(
        f"{sum(counts[status] for counts in answers.table.values()):6}" for status in statuses
    )
    yield f"entries of batches: {dict(answers.entries)}"
    yield f"messages: {dict(answers.states.most_common())}"
    yield from (f"{files:5}  {told}" for told, files in answers.causes.most_common())


def main() -> None:
    """Write the table and the causes."""
    folder = corpus_folder()
    if folder is None:
        raise SystemExit("no folder of sample messages (HP24_CORPUS)")
    with tempfile.TemporaryDirectory() as place:
        home = Path(place)
        with opened(home, f"sqlite:///{home / 'hp24.db'}") as app:
            program = Program(app, "", face_of(app)).with_token("system/*.cruds")
            sys.stdout.writelines(f"{line}\n" for line in lines(send_all(program, folder)))


if __name__ == "__main__":
    main()
