"""Options of channels and of the engine: bounds, spelling, units; each complaint at its line."""

from pathlib import Path

import pytest

from interface.channel.loader import load
from interface.channel.spec import Channel
from interface.mapping.problem import ProblemsError
from interface.settings import Pace, Settings, read_settings
from tests.channel.sample import FILES, wrong_channel


@pytest.mark.parametrize(
    ("old", "new", "line", "rule", "advice"),
    [
        ("    port: ${NORTH_PORT:-2601}", "    prot: 2601", 4, "unknown-option", "did you mean `port`?"),
        ("    port: ${NORTH_PORT:-2601}", "    host: 127.0.0.1", 3, "missing-option", "port: ..."),
        ("${NORTH_PORT:-2601}", "many", 4, "wrong-value", "valid integer"),
        ("${NORTH_PORT:-2601}", "70000", 4, "wrong-value", "less than or equal to 65535"),
        ("America/Chicago", "America/Chikago", 5, "wrong-value", "did you mean `America/Chicago`"),
        ("facility: NORTH", "facility: NORTH\ncurrency: DOLLAR", 7, "wrong-value", "USD"),
        ("facility: NORTH", "facility: NORTH\ncharset: UTF-9", 7, "wrong-value", "UNICODE UTF-8"),
        ("facility: NORTH", "facility: NORTH\nack: {mode: later}", 7, "wrong-value", "'stored' or 'processed'"),
        ("facility: NORTH", "facility: NORTH\nfilters: [{events: [A08], reason: none}]", 7, "wrong-value", "pattern"),
        ("facility: NORTH", "facility: NORTH\nack: stored", 7, "section-expected", "indent"),
        ("facility: NORTH", "facility: NORTH\nproduction: maybe", 7, "wrong-value", "boolean"),
        ("facility: NORTH", "facility:", 6, "empty-value", "remove"),
        ("facility: NORTH", "facility: NORTH\nfilters: all", 7, "list-expected", "[one, two]"),
        ("facility: NORTH", "facility: NORTH\nmoney: {codes_by_kind: {payment: A}}", 7, "wrong-value", "all three"),
        ("facility: NORTH", "facility: NORTH\nmoney: {reversal_style: type}", 7, "wrong-value", "give another"),
        (
            "facility: NORTH",
            "facility: NORTH\nmoney: {reversal_style: code, codes_by_kind: {payment: A, void: B, refund: A}}",
            7,
            "wrong-value",
            "give another",
        ),
        ("    mapping: dft", "    mapping: dft\n    receives: [refunds]", 14, "wrong-value", "payments"),
        ("    mapping: dft", "    mapping: dft\n    retry: {jitter: 2}", 14, "wrong-value", "equal to 1"),
        ("      port: 2602", "      port: 2602\n      tls: {key: a.key}", 13, "wrong-value", "or neither"),
        ("facility: NORTH", "facility: NORTH\nbatch: {acks: all}", 7, "wrong-value", "'one' or 'each'"),
        ("facility: NORTH", "facility: NORTH\nbatch: {totals: by-type}", 7, "wrong-value", "or neither"),
        ("facility: NORTH", "facility: NORTH\nbatch: {total_types: [CG]}", 7, "wrong-value", "or neither"),
        (
            "facility: NORTH",
            "facility: NORTH\nbatch: {totals: by-type, total_types: [CG, CG]}",
            7,
            "wrong-value",
            "has one total",
        ),
        ("    port: $", "    allow: [10.1.2.3/16]\n    port: $", 4, "wrong-value", "10.1.0.0/16"),
        ("    port: $", "    tls: {certificate: a.pem}\n    port: $", 4, "missing-option", "key: ..."),
    ],
)
def test_a_wrong_option_is_found_at_its_line(old: str, new: str, line: int, rule: str, advice: str) -> None:
    found = [p for p in wrong_channel(old, new) if p.rule == rule]
    assert [p.line for p in found] == [line]
    assert advice in found[0].advice


def test_an_answer_for_each_message_cannot_wait_for_the_outcome() -> None:
    (found,) = wrong_channel("facility: NORTH", "facility: NORTH\nack: {mode: processed}\nbatch: {acks: each}")
    assert "it goes with `ack: mode: stored`" in found.advice
    assert not wrong_channel("facility: NORTH", "facility: NORTH\nbatch: {acks: each}")


@pytest.mark.parametrize(("written", "value"), [("no", False), ("false", False), ("yes", True), ("on", True)])
def test_yes_and_no_are_read_where_a_flag_is_wanted(written: str, value: object) -> None:
    channel = FILES["channels/north.yaml"].replace("facility: NORTH", f"facility: NORTH\nproduction: {written}")
    assert load({**FILES, "channels/north.yaml": channel}, {}).specs["north"].production is value


def test_every_option_says_what_it_means() -> None:
    from pydantic import BaseModel

    from interface.channel import spec

    found: list[object] = list(vars(spec).values())
    models: list[type[BaseModel]] = [Settings]
    models += [one for one in found if isinstance(one, type) and issubclass(one, BaseModel)]
    silent = [
        f"{model.__name__}.{name}"
        for model in models
        for name, field in model.model_fields.items()
        if not field.description
    ]
    assert not silent


def test_a_declared_channel_cannot_be_changed() -> None:
    channel = load(FILES, {}).specs["north"]
    with pytest.raises(ValueError, match="frozen"):
        channel.facility = "SOUTH"
    assert isinstance(channel, Channel)


def test_settings_have_defaults_for_everything(tmp_path: Path) -> None:
    settings = read_settings(tmp_path, tmp_path / "home", {})
    assert settings.database_url == f"sqlite:///{tmp_path}/home/hp24.db"
    assert settings.pace() == Pace(
        256,
        64,
        32 * 1024 * 1024,
        2048,
        64 * 1024 * 1024,
        0.01,
        0.5,
        1.0,
        10.0,
        2000,
        200,
        5.0,
        15.0,
        1.0,
        1.0,
        2.0,
        64,
        0.5,
        0.2,
        30.0,
        2.0,
        300.0,
        10.0,
        30,
        60.0,
        24.0,
    )


def test_settings_come_from_file_and_environment(tmp_path: Path) -> None:
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "engine.yaml").write_text('database_url: "${DB:-}"\npoll_secs: 0.25\n')
    url = "postgresql+psycopg://hp24@127.0.0.1/hp24"
    settings = read_settings(tmp_path, tmp_path, {"DB": url})
    assert (settings.database_url, settings.poll_secs) == (url, 0.25)


def test_all_wrong_settings_are_told_at_once(tmp_path: Path) -> None:
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "engine.yaml").write_text("http_port: -1\npol_secs: 1\nlog_level: loud\n")
    with pytest.raises(ProblemsError) as wrong:
        read_settings(tmp_path, tmp_path, {})
    assert [(p.line, p.rule) for p in wrong.value.problems] == [
        (1, "wrong-value"),
        (2, "unknown-option"),
        (3, "wrong-value"),
    ]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("http_host: 0.0.0.0", "without TLS"),
        ("alerts: {mail: {host: mail.example.org, tls: 'off', sender: a@b.c, to: [a@b.c]}}", "without TLS"),
        ("alerts: {mail: {host: mail.example.org, user: me, sender: a@b.c, to: [a@b.c]}}", "password"),
        ("alerts: {mail: {host: m.example.org, password: x, sender: a@b.c, to: [a@b.c]}}", "no option here"),
        ("alerts: {webhooks: {pager: {url: 'http://pager.example.org/', secret_env: PAGER}}}", "safe address"),
        ("alerts: {webhooks: {pager: {url: 'https://pager.example.org/'}}}", "signed"),
    ],
)
def test_what_would_go_out_unguarded_is_refused(tmp_path: Path, text: str, complaint: str) -> None:
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "engine.yaml").write_text(f"{text}\n")
    with pytest.raises(ProblemsError) as wrong:
        read_settings(tmp_path, tmp_path, {})
    (problem,) = wrong.value.problems
    assert complaint in problem.text


def test_an_http_face_beyond_the_machine_may_be_accepted(tmp_path: Path) -> None:
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "engine.yaml").write_text("http_host: 0.0.0.0\nhttp_cleartext: accepted\n")
    assert read_settings(tmp_path, tmp_path, {}).http_host == "0.0.0.0"
