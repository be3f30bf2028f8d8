"""Alerts of a real engine, received by a real mail server and a real webhook."""

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from interface.message import MessageState, PostingState
from interface.operate.act import By
from interface.operate.hold import skip
from interface.operate.posting import Verdict, resolve
from interface.simulate import receiver
from tests.alert.mailbox import Mailbox, Receiver, http_receiver, mail_server
from tests.engine.cashier import Till, paying
from tests.engine.harness import Engine, running_engine
from tests.engine.processes import wait_until
from tests.engine.root import Edit, Spec, make_root
from tests.engine.wire import Wire, adt, code
from tests.ports import free_port

SETTINGS = """
health_secs: 0.1
alerts:
  tell_after_secs: 0
  gone_after_secs: 0
  first_wait_secs: 0.1
  rules: {{part_down: false, part_restarts: 0, channel_closed: false}}
  mail: {{host: 127.0.0.1, port: {mail}, tls: "off", sender: engine@hospital.invalid, to: [call@hospital.invalid]}}
  webhooks:
    pager: {{url: "http://127.0.0.1:{hook}/", secret_env: PAGER_SECRET}}
"""


class Scene:
    """An engine, and who is told."""

    def __init__(self, engine: Engine, box: Mailbox, receiver: Receiver) -> None:
        self.engine = engine
        self.box = box
        self.receiver = receiver

    def fail_a_message(self) -> int:
        """A message that names no patient and was answered yes; gives its id."""
        broken = b"\r".join(line for line in adt("BAD1").split(b"\r") if not line.startswith((b"PID", b"PV1")))
        with Wire(self.engine.port) as wire:
            assert code(wire.ask(broken)) == "AA"
        return self.engine.await_state("BAD1", MessageState.FAILED).id

    def heard(self, kind: str, rule: str) -> list[str]:
        """The texts of what the webhook heard of one rule."""
        bodies = [json.loads(post.body) for post in self.receiver.posts]
        return [one["text"] for body in bodies if body["kind"] == kind for one in body["alerts"] if one["rule"] == rule]

    def told(self) -> list[str]:
        """What the webhook heard."""
        return [json.loads(post.body)["kind"] for post in self.receiver.posts]


@contextmanager
def scene_in(folder: Path, more: Mapping[str, Edit]) -> Iterator[Scene]:
    """With these channels beside epic."""
    with mail_server() as box, http_receiver() as receiver:
        root = make_root(folder / "root", more=more)
        config = root / "config" / "engine.yaml"
        config.write_text(
            config.read_text(encoding="utf-8") + SETTINGS.format(mail=box.port, hook=receiver.port), encoding="utf-8"
        )
        with running_engine(folder / "home", root, {"PAGER_SECRET": "shared"}) as engine:
            yield Scene(engine, box, receiver)


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    with scene_in(tmp_path, {}) as opened:
        yield opened


def test_one_start_and_one_recovery_are_received_also_after_a_kill_in_the_middle(scene: Scene) -> None:
    is_over, has_come = threading.Event(), threading.Event()

    def hold() -> None:  # the mail has arrived, and its answer never leaves
        has_come.set()
        is_over.wait(30)

    scene.box.on_content = hold
    message_id = scene.fail_a_message()
    assert has_come.wait(30)
    watch = scene.engine.part_pid("watch")
    scene.engine.kill_part("watch")
    scene.box.on_content = lambda: None
    is_over.set()
    wait_until(lambda: scene.engine.part_pid("watch") not in (0, watch), "the watching part is back")
    wait_until(lambda: len(scene.box.mails) == 2, "the mail came again")
    skip(scene.engine.app.store, By("tester", "judged"), [message_id])
    wait_until(lambda: len(scene.box.mails) == 3, "its end was told")
    start, again, end = scene.box.mails
    assert start["Message-ID"] == again["Message-ID"] != end["Message-ID"]
    assert "start: messages-failed: epic: 1 message failed" in start["Subject"]
    assert "recovery: messages-failed" in end["Subject"]
    wait_until(lambda: scene.told()[-1:] == ["recovery"], "the webhook heard both")
    # What was killed may have had its word to the webhook on its way, too: that is said again.
    assert list(dict.fromkeys(scene.told())) == ["start", "recovery"]
    assert not any("SPECIMEN" in str(mail) or "770001" in str(mail) for mail in scene.box.mails)


def test_a_payment_that_is_acknowledged_and_not_confirmed_in_time_is_an_alert_until_a_person_settles_it(
    tmp_path: Path,
) -> None:
    port = free_port()
    with receiver.Receiver() as ehr:  # it says yes, and never shows what it booked

        def impatient(spec: Spec) -> None:
            paying("TILL", port, ehr.port, posted_when="echo")(spec)
            spec["unconfirmed_hours"] = 1e-6

        with scene_in(tmp_path, {"till": impatient}) as scene:
            scene.engine.await_listening(port)
            till = Till(scene.engine, "till", "TILL", port)
            reference = till.pay(till.open_account())
            till.await_posting(reference, PostingState.ACCEPTED)
            wait_until(lambda: scene.heard("start", "payment-unconfirmed") != [], "it is told")
            delivery = till.delivery(reference)
            assert delivery is not None
            app = scene.engine.app
            resolve(app.store, app.clock, By("tester", "seen in the EHR"), delivery.id, Verdict.POSTED)
            wait_until(lambda: scene.heard("recovery", "payment-unconfirmed") != [], "its end is told")
    assert scene.heard("start", "payment-unconfirmed") == ["1 payment acknowledged and not seen to be posted in time"]
