"""Alerts of a real engine, received by a real mail server and a real webhook."""

import json
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from interface.message import MessageState
from interface.operate.act import By
from interface.operate.hold import skip
from tests.alert.mailbox import Mailbox, Receiver, http_receiver, mail_server
from tests.engine.harness import Engine, running_engine
from tests.engine.processes import wait_until
from tests.engine.root import make_root
from tests.engine.wire import Wire, adt, code

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

    def told(self) -> list[str]:
        """What the webhook heard."""
        return [json.loads(post.body)["kind"] for post in self.receiver.posts]


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    with mail_server() as box, http_receiver() as receiver:
        root = make_root(tmp_path / "root")
        config = root / "config" / "engine.yaml"
        config.write_text(
            config.read_text(encoding="utf-8") + SETTINGS.format(mail=box.port, hook=receiver.port), encoding="utf-8"
        )
        with running_engine(tmp_path / "home", root, {"PAGER_SECRET": "shared"}) as engine:
            yield Scene(engine, box, receiver)


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
