"""Environments: values for one site, no secret in a file, and nobody but production at production's addresses."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from interface.channel.address import Address, address_of
from interface.channel.environment import settings_at
from interface.channel.loader import Configuration, load, read_files
from interface.mapping.problem import Problem, ProblemsError
from tests.conftest import PROJECT

SHIPPED = {name: text for name, text in read_files(PROJECT).items() if "environments" not in name}
TEST, PRODUCTION = "config/environments/test.yaml", "config/environments/production.yaml"
SITE = {
    **SHIPPED,
    TEST: "environment: test\nvalues:\n  EPIC_MLLP_PORT: '2599'\n",
    PRODUCTION: "environment: production\nproduction: true\naddresses:\n  - Ehr.Example.org.:2576\n  - 10.0.0.5\n",
}


def read(files: Mapping[str, str], environment: str = "", root: Path = PROJECT, **environ: str) -> Configuration:
    chosen = {"HP24_ENVIRONMENT": environment} if environment else {}
    return load(files, {**chosen, **environ}, root)


def problems(files: Mapping[str, str], environment: str = "", root: Path = PROJECT, **environ: str) -> list[Problem]:
    try:
        read(files, environment, root, **environ)
    except ProblemsError as found:
        return list(found.problems)
    return []


def rules(files: Mapping[str, str], environment: str = "", **environ: str) -> list[str]:
    return [one.rule for one in problems(files, environment, **environ)]


def test_the_chosen_environment_gives_values() -> None:
    assert read(SITE, "test").specs["epic"].source.mllp.port == 2599
    assert read(SITE).specs["epic"].source.mllp.port == 2575


def test_what_the_process_sets_counts_before_the_file() -> None:
    assert read(SITE, "test", EPIC_MLLP_PORT="2600").specs["epic"].source.mllp.port == 2600
    assert read(SITE, "test", EPIC_MLLP_PORT="").specs["epic"].source.mllp.port == 2599


def test_the_version_is_the_same_whichever_is_chosen() -> None:
    assert read(SITE, "test").digest == read(SITE).digest


def test_an_environment_that_is_not_there_is_told_with_what_was_meant() -> None:
    (one,) = problems(SITE, "tset")
    assert (one.rule, one.advice) == ("environment-unknown", "did you mean `test`?")


def test_a_file_has_the_name_of_its_environment() -> None:
    assert rules({**SITE, TEST: "environment: trial\n"}) == ["name-differs"]


def test_production_may_be_where_it_is() -> None:
    assert rules(SITE, "production", EPIC_DFT_HOST="ehr.example.org") == []


@pytest.mark.parametrize("environment", ["", "test"])
def test_nobody_else_sends_to_production(environment: str) -> None:
    (one,) = problems(SITE, environment, EPIC_DFT_HOST="EHR.example.org")
    assert one.rule == "production-address"
    assert SITE[one.file].splitlines()[one.line - 1].strip().startswith("host: ${EPIC_DFT_HOST")
    assert f"{PRODUCTION}:4" in one.text


def test_nobody_else_listens_at_productions_host_whatever_the_port() -> None:
    text = SITE["channels/epic.yaml"].replace("  mllp:\n", "  mllp:\n    cleartext: accepted\n", 1)
    files = {**SITE, "channels/epic.yaml": text}
    (one,) = problems(files, "test", EPIC_MLLP_HOST="10.0.0.5")
    assert (one.rule, one.file) == ("production-address", "channels/epic.yaml")
    assert "listens on 10.0.0.5:2599" in one.text


def test_another_port_of_a_host_that_is_declared_with_one_is_free() -> None:
    assert rules(SITE, "test", EPIC_DFT_HOST="ehr.example.org", EPIC_DFT_PORT="2577") == []


def test_nobody_else_keeps_its_data_in_productions_database() -> None:
    (one,) = problems(SITE, "test", HP24_DATABASE_URL="postgresql://hp24@10.0.0.5/hp24")
    assert (one.rule, one.file) == ("production-address", "config/engine.yaml")


@pytest.mark.parametrize(
    "value",
    [
        "SMTP_PASSWORD: letmein",
        "API_KEY: abc",
        "DATABASE: postgresql://hp24:letmein@db/hp24",
        "PAGER: Zk3vQ9pL0aXw7RtYb2NcM5sD",
        "DIGEST: 0123456789abcdef0123456789abcdef",
    ],
)
def test_a_secret_that_is_written_out_is_found(value: str) -> None:
    (one,) = problems({**SITE, TEST: f"environment: test\nvalues:\n  {value}\n"})
    assert (one.rule, one.line) == ("secret-literal", 3)
    assert value.partition(": ")[2] not in str(one)


@pytest.mark.parametrize(
    "value", ["SMTP_PASSWORD_FILE: config/smtp.secret", "EPIC_DFT_HOST: ehr-test.example.org", "N: '2575'"]
)
def test_what_only_names_a_secret_is_none(value: str) -> None:
    assert rules({**SITE, TEST: f"environment: test\nvalues:\n  {value}\n"}) == []


def with_secret(place: str) -> dict[str, str]:
    return {**SITE, TEST: f"environment: test\nsecrets:\n  HP24_DATABASE_URL: {place}\n"}


def test_a_secret_comes_from_its_file_and_is_masked(tmp_path: Path) -> None:
    (tmp_path / "url").write_text("postgresql://hp24:letmein@db.example.org/hp24\n")
    found = read(with_secret("{secret_file: url}"), "test", tmp_path)
    assert found.settings.database_url == "postgresql://hp24:letmein@db.example.org/hp24"
    assert found.surroundings.secrets == ("HP24_DATABASE_URL",)
    assert found.surroundings.masked(found.settings.database_url) == "(secret)"
    assert "letmein" not in str(found.files)


def test_a_secret_comes_from_its_variable() -> None:
    found = read(with_secret("{secret_env: OTHER}"), "test", OTHER="postgresql://db.example.org/hp24")
    assert found.settings.database_url == "postgresql://db.example.org/hp24"


@pytest.mark.parametrize("place", ["{secret_file: nowhere}", "{secret_env: OTHER}"])
def test_a_secret_that_is_missing_is_found_where_it_is_named(place: str) -> None:
    (one,) = problems(with_secret(place), "test")
    assert (one.rule, one.file, one.line) == ("secret-missing", TEST, 3)
    assert rules(with_secret(place)) == []  # it is not chosen


def test_a_secret_has_one_place() -> None:
    assert rules(with_secret("{}"), "production") == ["wrong-value"]


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("EHR.example.org.", Address("ehr.example.org")),
        ("localhost:2575", Address("127.0.0.1", 2575)),
        ("10.0.0.5:2575", Address("10.0.0.5", 2575)),
        ("[fd00:0::1]:2575", Address("fd00::1", 2575)),
        ("fd00::1", Address("fd00::1")),
    ],
)
def test_an_address_is_read_in_its_usual_form(text: str, address: Address) -> None:
    assert address_of(text) == address


@pytest.mark.parametrize("text", ["", "host:port", "host:70000", "https://ehr.example.org", "a b"])
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is no address"):
        address_of(text)


def test_the_engines_own_settings_are_read_under_the_environment(tmp_path: Path) -> None:
    for name, text in SITE.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    (tmp_path / TEST).write_text("environment: test\nvalues: {HP24_LOG_LEVEL: debug}\n")
    assert settings_at(tmp_path, tmp_path, {"HP24_ENVIRONMENT": "test"}).log_level == "debug"
    assert settings_at(tmp_path, tmp_path, {}).log_level == "info"
    with pytest.raises(ProblemsError, match="production's"):
        settings_at(tmp_path, tmp_path, {"HP24_DATABASE_URL": "postgresql://10.0.0.5/hp24"})
    with pytest.raises(ProblemsError, match="no environment"):
        settings_at(tmp_path, tmp_path, {"HP24_ENVIRONMENT": "trial"})
