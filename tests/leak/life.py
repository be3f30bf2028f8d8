"""A life with secrets: sound and broken messages, cards in every place, refusals, crashes, payments, acts, a backup."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from urllib.error import HTTPError
from urllib.request import urlopen

from interface.hl7.framing import START, wrap
from interface.hl7.parser import parse
from interface.message import MessageState, PostingState
from interface.operate import amend, audit, backup, hold, look, pause
from interface.operate.act import By
from interface.row.backup import BackupPace
from interface.view.audit import AuditFilter
from interface.view.count import PauseKind
from interface.view.message import MessageFilter, MessageRow
from tests.alert.mailbox import http_receiver, mail_server
from tests.engine.cashier import Till, paying
from tests.engine.harness import Engine, free_ports, running_engine
from tests.engine.processes import wait_until
from tests.engine.root import make_root
from tests.engine.wire import Wire, control_id
from tests.hl7.test_card import CARDS
from tests.hostile import patient
from tests.hostile.destinations import quoting
from tests.hostile.patient import ADT, CHARGE, MSH, PID, REST
from tests.leak.program import ABORT, DEFECT
from tests.simulate.peer import peer

_ALERTS: Final = """
alerts:
  tell_after_secs: 0
  gone_after_secs: 0
  first_wait_secs: 0.1
  mail: {{host: 127.0.0.1, port: {mail}, tls: "off", sender: engine@hospital.invalid, to: [call@hospital.invalid]}}
  webhooks:
    pager: {{url: "http://127.0.0.1:{hook}/", secret_env: PAGER_SECRET}}
"""
SECRETS: Final = {
    "family name": patient.FAMILY,
    "given name": patient.GIVEN,
    "MRN": patient.MRN,
    "account": patient.ACCOUNT,
    "visit": patient.VISIT,
    "street": patient.STREET,
    "phone": patient.PHONE,
    "birth date": patient.BORN,
    "SSN": patient.SSN,
    **{f"card: {brand}": number for brand, number in CARDS.items()},
}
_REASON: Final = f"asked {patient.GIVEN} {patient.FAMILY}, born {patient.BORN}, of {patient.STREET}"
_VISA, _AMEX, _MASTER = (CARDS[brand].encode() for brand in ("visa", "amex", "mastercard"))


def _slipped() -> bytes:
    """A sender whose fields have slipped: the patient stands in the header."""
    names = f"{patient.FAMILY}^{patient.GIVEN}|{patient.MRN}|{patient.SSN}|{patient.PHONE}|{patient.BORN}||"
    return f"MSH|^~\\&|{names}{patient.FAMILY}^{patient.GIVEN}|{{id}}|P|2.5.1\r".encode() + PID


def _with_cards() -> Iterator[bytes]:
    """Every brand in every kind of place."""
    for number in CARDS.values():
        digits = number.encode()
        grouped = b" ".join(digits[at : at + 4] for at in range(0, len(digits), 4))
        in_hex = b"\\X" + digits.hex().encode() + b"\\"
        yield ADT + b"NTE|1||%s\rOBX|1|TX|A^B||%s and %s||\rZZ1|%s^%s\r" % (digits, grouped, in_hex, digits, digits)
        yield ADT.replace(b"EXAMPLE^IL", digits + b"^IL", 1)
        yield CHARGE + b"FT1|2|{id}C|B2|20250304|20250304|CG|HN1002^paid %s|||1|1.00&USD\r" % digits
        yield digits + b" no message at all " + grouped
        yield ADT.replace(b"EPICADT", digits, 1)


MESSAGES: Final[tuple[bytes, ...]] = (
    ADT,
    CHARGE,
    CHARGE.replace(b"FT1|1|{id}", b"FT1|1|{id}X").replace(b"|CG|", b"|XX|"),  # a kind that nobody knows: failed
    CHARGE.replace(patient.ACCOUNT.encode(), b"88" + patient.ACCOUNT.encode()),  # an account that nobody knows: held
    MSH.replace(b"ADT^A04", b"BAR^P01") + PID + b"PV1|1|O\r",
    MSH.replace(b"ADT^A04", b"ADT^A40") + PID + f"MRG|{patient.MRN}OLD^^^NORTH^MR\r".encode(),
    MSH.replace(b"ADT^A04", f"{patient.FAMILY}^{patient.GIVEN}".encode()) + PID,
    _slipped(),
    REST,
    ADT.replace(b"|{id}|", b"||"),
    ADT.replace(b"^~\\&", b"^~\\^", 1),
    ADT.replace(b"|P|", b"|T|"),
    ADT + ADT,
    b"BHS|^~\\&|A\r" + ADT,
    ADT.decode().encode("utf-16"),
    ADT.replace(b"\r", b"\n"),
    ADT.replace(patient.FAMILY.encode(), patient.FAMILY.encode() + b"\x81\xff"),
    ADT + DEFECT,
    ADT + ABORT,
    *_with_cards(),
)


@dataclass(slots=True)
class Life:
    """What was left behind: the folders that hold it, and what programs said."""

    engine: Engine
    folders: list[Path]
    texts: dict[str, bytes] = field(default_factory=dict)


@contextmanager
def life(folder: Path, database_url: str = "") -> Iterator[Life]:
    """Live it, stop the engine, and give what is left; the key, temporary files and the user's home lie in folders of their own."""
    own = {name: folder / name for name in ("home", "keys", "tmp", "user", "backups")}
    for path in own.values():
        path.mkdir()
    port, (http_port,) = 0, free_ports(1)
    with ExitStack() as opened:
        box, hook = opened.enter_context(mail_server()), opened.enter_context(http_receiver())
        ehr = opened.enter_context(peer(quoting))
        (port,) = free_ports(1)
        root = make_root(folder / "root", more={"till": paying("TILL", port, ehr.port)})
        settings = root / "config" / "engine.yaml"
        settings.write_text(settings.read_text("utf-8") + _ALERTS.format(mail=box.port, hook=hook.port), "utf-8")
        environ = {
            "HP24_KEY_FILE": str(own["keys"] / "master.key"),
            "HP24_ABORTED": str(own["tmp"] / "aborted"),
            "HP24_HTTP_PORT": str(http_port),
            "PAGER_SECRET": "of the pager",
            "TMPDIR": str(own["tmp"]),
            "HOME": str(own["user"]),
            "PYTHONPATH": str(Path.cwd()),
        }
        command = [sys.executable, "-m", "tests.leak.program"]
        engine = opened.enter_context(running_engine(own["home"], root, environ, database_url, command=command))
        lived = Life(engine, [own[name] for name in own])
        _send_all(engine)
        _pay(Till(engine, "till", "TILL", port))
        _act(lived, own["backups"])
        _crash(engine)
        wait_until(lambda: box.mails and hook.posts, "alerts were told both ways")
        for path in ("metrics", "health", "health/live", "health/ready"):
            lived.texts[f"/{path}"] = _got(f"http://127.0.0.1:{http_port}/{path}")
        engine.drain()
        lived.texts |= {f"mail {at}": mail.as_bytes() for at, mail in enumerate(box.mails)}
        lived.texts |= {f"webhook {at}": post.body for at, post in enumerate(hook.posts)}
        yield lived


def _send_all(engine: Engine) -> None:
    for content in MESSAGES:
        number = control_id("L")
        with Wire(engine.port) as wire:
            wire.ask(content.replace(b"{id}", number.encode()))
    with Wire(engine.port) as wire:
        wire.write(START + ADT[:300])
        wire.hang_up_writing()
        wire.read_end()
    with Wire(engine.port) as wire:
        wire.write(ADT + _VISA)  # without framing
        wire.hang_up_writing()
        wire.read_end()
    with Wire(engine.port) as wire:
        wire.ask(ADT.replace(b"|{id}|", b"|" + _MASTER + b"|"))  # a card number as MSH-10
    with Wire(engine.port) as wire:
        wire.write(wrap(ADT + b"OBX|1|ED|||" + b"A" * (17 << 20) + b"\r"))
        wire.read()
    wait_until(lambda: not _runnable(engine), "everything that can run was run")


def _runnable(engine: Engine) -> list[MessageRow]:
    rows = engine.messages(MessageFilter(states=(MessageState.WAITING,)))
    return [row for row in rows if not row.is_parked]


def _pay(till: Till) -> None:
    """One payment with a token that looks like a card; the EHR refuses it and quotes the patient."""
    reference = till.pay(till.open_account())
    till.await_posting(reference, PostingState.REJECTED)


def _act(lived: Life, backups: Path) -> None:
    engine = lived.engine
    store, clock, by = engine.app.store, engine.app.clock, By("tester", _REASON)
    failed = engine.messages(MessageFilter(states=(MessageState.FAILED,)))[0]
    raw = look.message(store, by, failed.id).raw
    assert raw is not None
    amend.amend(
        store, clock, by, failed.id, parse(raw).with_value("NTE[1]-3" if b"NTE" in raw else "PID-5.2", "JO").to_bytes()
    )
    held = engine.messages(MessageFilter(states=(MessageState.HELD,)))[0]
    hold.skip(store, by, [held.id])
    rows = engine.messages(MessageFilter(channel="epic", states=(MessageState.PROCESSED,)))
    known = next(row for row in rows if row.patient.startswith(patient.MRN))
    pause.pause(store, by, PauseKind.PATIENT, known.patient)
    pause.resume(store, by, PauseKind.PATIENT, known.patient)
    list(audit.trail(store, by, AuditFilter(), patient=known.patient))
    backup.backup(store, by, backups / "night.hp24", BackupPace(1 << 20, 1 << 30), lambda *_told: None)
    for name, words in _VERBS.items():
        done = subprocess.run(
            [
                sys.executable,
                "-m",
                "interface.cli.main",
                "--home",
                str(engine.home),
                "--root",
                str(engine.root),
                *words,
            ],
            env=engine.environ,
            capture_output=True,
            check=False,
        )
        lived.texts[f"stderr of hp24 {name}"] = done.stderr  # what it shows on the other is asked for


_VERBS: Final = {
    "show": ("show", "1"),
    "accounts": ("accounts", "--json"),
    "trace": ("trace", patient.MRN),
    "messages of nobody": ("messages", "--patient", patient.FAMILY),
    "pay with a card": ("pay", "--account", patient.ACCOUNT, "--amount", "1.00", "--method", f"visa:{CARDS['visa']}"),
    "amend with a card": ("amend", "1", "--set", f"NTE-3={CARDS['amex']}", "--reason", "typed"),
    "wrong usage": ("show", patient.FAMILY, patient.MRN, "--nonsense"),
}


def _got(url: str) -> bytes:
    """What a page says, also one that says that something is not well."""
    try:
        with urlopen(url, timeout=20) as answer:
            content: bytes = answer.read()
    except HTTPError as error:
        content = error.read()
    return content


def _crash(engine: Engine) -> None:
    """Kill parts while they work on it, and let them come back."""
    with Wire(engine.port) as wire:
        for _ in range(20):
            wire.write(wrap(ADT.replace(b"{id}", control_id("K").encode())))
        engine.kill_part("process")
        engine.kill_part("listen")
    wait_until(lambda: bool(engine.part_pid("process") and engine.part_pid("listen")), "both parts live again")
    engine.await_listening()
    wait_until(lambda: not _runnable(engine), "everything that can run was run")
