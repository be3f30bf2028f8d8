"""A change of the configuration is planned, applied and taken back; what touches money needs a person's word."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from interface.app.case_change import Tried
from interface.app.change import Cases, ConfigPlan, apply, plan, plan_to
from interface.app.compose import App, open_app
from interface.app.run import settle
from interface.channel.loader import load
from interface.errors import ActRefusedError, ConfigurationError
from interface.mapping.problem import Problem, ProblemsError
from interface.operate.act import By
from interface.operate.audit import trail
from interface.operate.configuration import history, version_before
from interface.pipeline.receive import Listening, examine, store_batch
from interface.view.audit import AuditFilter
from interface.view.configuration import How
from tests.engine.root import make_root
from tests.engine.wire import adt

BY = By("kim", "agreed with the site")


@pytest.fixture
def app(database_url: str, tmp_path: Path) -> Iterator[App]:
    root = make_root(tmp_path / "root")
    environ = {"HP24_KEY_FILE": str(tmp_path / "test.key"), "HP24_DATABASE_URL": database_url}
    with open_app(tmp_path / "home", root, environ) as opened:
        opened.publish(opened.edited(), "tester")
        yield opened


def edit(app: App, file: str, old: str, new: str) -> None:
    path = app.root / file
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def shift_phones(app: App) -> None:
    edit(app, "mappings/hl7v2.yaml", "phone: GT1-6", "phone: GT1-7")


def flip_signs(app: App) -> None:
    edit(app, "channels/epic.yaml", "sign_of_payment: positive", "sign_of_payment: negative")


def make(app: App, planned: ConfigPlan, how: How = How.APPLY, *, is_confirmed: bool = False, although: str = "") -> int:
    return apply(app, BY, planned, how, command="hp24 config apply", is_confirmed=is_confirmed, although=although)


def test_unedited_files_are_nothing_to_do(app: App) -> None:
    planned = plan(app)
    assert planned.is_empty
    assert (planned.changes, planned.money, planned.touched) == ((), (), ())


def test_files_that_do_not_pass_have_no_plan(app: App) -> None:
    edit(app, "channels/epic.yaml", "mapping: epic\n", "mapping: ${NOWHERE_SET}\n")
    with pytest.raises(ProblemsError) as raised:
        plan(app)
    assert "variable-unset" in {one.rule for one in raised.value.problems}


def test_a_change_of_the_mapping_keeps_every_listener(app: App) -> None:
    shift_phones(app)
    planned = plan(app)
    assert planned.files == ("mappings/hl7v2.yaml",)
    assert (planned.listeners.stays, planned.destinations.stays) == (("epic",), ("epic/dft",))
    assert not planned.money


def test_a_limit_that_changes_is_why_a_listener_opens_anew(app: App) -> None:
    edit(app, "channels/epic.yaml", "  mllp:\n", "  mllp:\n    max_in_flight: 3\n")
    assert plan(app).listeners.reopens == {"epic": ("max_in_flight",)}


def test_what_waits_is_counted(app: App) -> None:
    shift_phones(app)
    found = [examine(adt(f"W{number}"), Listening("epic"), peer="t:1", at=app.clock.now()) for number in range(3)]
    store_batch(app.store, found)
    (touched,) = plan(app).touched
    assert (touched.kind, touched.name, touched.counts) == ("channel", "epic", {"waiting": 3})


def cases_say(*, wrong: str = "") -> Cases:
    """Cases that cover nothing, one of which has a mistake."""
    unread = (Problem(wrong, 1, 1, "wrong-value", "it does not fit"),) if wrong else ()
    return lambda _old, _new, changes: Tried(1, uncovered=tuple(changes), unread=unread)


def test_what_the_cases_say_is_part_of_the_plan_where_they_are_asked(app: App) -> None:
    shift_phones(app)
    assert plan(app).tried is None
    planned = plan(app, cases_say())
    assert planned.tried is not None
    assert planned.tried.uncovered == planned.changes


def test_a_change_that_makes_cases_fail_needs_a_word(app: App) -> None:
    shift_phones(app)
    planned = plan(app, cases_say(wrong="mappings/cases/epic/one.yaml"))
    with pytest.raises(ActRefusedError, match="--although-cases-fail") as raised:
        make(app, planned)
    assert (raised.value.code, app.active()[0]) == ("cases-fail", planned.base_id)
    assert make(app, planned, although="the case is wrong") == app.active()[0] != planned.base_id
    act = list(trail(app.store, By("auditor"), AuditFilter(actor="kim")))[-1]
    assert act.details["failing_cases"] == ["mappings/cases/epic/one.yaml"]
    assert act.details["although_cases_fail"] == "the case is wrong"


def test_a_word_for_money_is_none_for_cases(app: App) -> None:
    flip_signs(app)
    planned = plan(app, cases_say(wrong="mappings/cases/epic/one.yaml"))
    with pytest.raises(ActRefusedError, match=r"--confirm-money .* --although-cases-fail"):
        make(app, planned, is_confirmed=True)
    with pytest.raises(ActRefusedError, match="money-unconfirmed"):
        make(app, planned, although="the case is wrong")


def test_an_applied_change_is_the_active_version_and_audited(app: App) -> None:
    shift_phones(app)
    version = make(app, plan(app))
    assert app.active()[0] == version
    assert plan(app).is_empty
    newest = history(app.store, 1)[0]
    assert (newest.config_id, newest.actor, newest.how, newest.reason) == (version, "kim", How.APPLY, BY.reason)
    assert newest.summary == "mapping hl7v2: guarantors.phone"
    act = list(trail(app.store, By("auditor"), AuditFilter(actor="kim")))[-1]
    assert (act.verb, act.subject, act.details["changes"]) == ("config-apply", f"configuration:{version}", 1)


def test_money_needs_a_word(app: App) -> None:
    flip_signs(app)
    planned = plan(app)
    with pytest.raises(ActRefusedError, match="--confirm-money") as raised:
        make(app, planned)
    assert (raised.value.code, app.active()[0]) == ("money-unconfirmed", planned.base_id)
    assert "channels/epic.yaml:" in str(raised.value)
    assert make(app, planned, is_confirmed=True) == app.active()[0] != planned.base_id


def test_a_plan_that_was_overtaken_is_refused(app: App) -> None:
    shift_phones(app)
    planned = plan(app)
    edit(app, "mappings/hl7v2.yaml", "given: PID-5.2", "given: PID-5.2 | upper")
    first = make(app, plan(app))
    with pytest.raises(ActRefusedError, match="version-moved"):
        make(app, planned)
    assert app.active()[0] == first


def test_rolled_back_twice_it_is_the_version_before_that_one(app: App) -> None:
    first = app.active()[0]
    shift_phones(app)
    second = make(app, plan(app))
    flip_signs(app)
    third = make(app, plan(app), is_confirmed=True)
    for expected in (second, first):
        number = version_before(app.store)
        assert number == expected
        with app.store.snapshot() as reader:
            wanted = load(reader.config_files(number), app.environ)
        make(app, plan_to(app, wanted), How.ROLLBACK, is_confirmed=True)
        assert app.active()[0] == expected
    with pytest.raises(ActRefusedError, match="no-version-before"):
        version_before(app.store)
    assert [one.config_id for one in history(app.store, 10)] == [first, second, third, second, first]


def test_a_rollback_needs_the_same_word_for_money(app: App) -> None:
    flip_signs(app)
    make(app, plan(app), is_confirmed=True)
    with app.store.snapshot() as reader:
        wanted = load(reader.config_files(version_before(app.store)), app.environ)
    with pytest.raises(ActRefusedError, match="money-unconfirmed"):
        make(app, plan_to(app, wanted), How.ROLLBACK)


def test_a_start_goes_on_with_the_active_version_and_tells_of_edited_files(app: App) -> None:
    first = app.active()[0]
    shift_phones(app)
    settled = settle(app, "kim")
    assert (settled.config_id, settled.differing, settled.problems) == (first, 1, None)


def test_a_start_that_is_told_to_publishes(app: App) -> None:
    first = app.active()[0]
    shift_phones(app)
    settled = settle(app, "kim", publishes=True)
    assert settled.config_id == app.active()[0] != first


def test_a_start_publishes_no_change_of_money(app: App) -> None:
    first = app.active()[0]
    flip_signs(app)
    with pytest.raises(ActRefusedError, match="hp24 config apply --confirm-money") as raised:
        settle(app, "kim", publishes=True)
    assert (raised.value.code, app.active()[0]) == ("money-unconfirmed", first)


def under(app: App, environment: str) -> App:
    return replace(app, environ={**app.environ, "HP24_ENVIRONMENT": environment})


def test_an_active_version_is_run_by_engines_of_its_environment_alone(app: App) -> None:
    trial = under(app, "test")
    with pytest.raises(ConfigurationError, match="environment-differs"):
        trial.active()
    planned = plan(trial)
    assert (planned.files, planned.changes[0].subject, bool(planned.money)) == ((), "environment", True)
    assert "source.mllp.port" in {one.name for one in planned.changes}  # the environment gives it
    version = make(trial, planned, is_confirmed=True)
    assert trial.active()[0] == version
    with pytest.raises(ConfigurationError, match="environment-differs"):
        app.active()
    assert history(app.store, 1)[0].environment == "test"


def test_a_plan_for_what_is_productions_is_refused(app: App) -> None:
    edit(app, "channels/epic.yaml", "${EPIC_DFT_HOST:-127.0.0.1}", "ehr.example.org")
    with pytest.raises(ProblemsError) as raised:
        plan(app)
    assert {one.rule for one in raised.value.problems} == {"production-address"}
