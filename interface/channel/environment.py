"""Environments: what differs between test and production, one file each, and which addresses are production's alone.

A file of `config/environments/` gives values for `${NAME}` in all other files; what the process's own environment sets counts
before it. HP24_ENVIRONMENT chooses one. Secrets stand in no file: an environment names the file or variable that holds them.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Final, Self

from pydantic import AfterValidator, Field, model_validator

from interface.channel.address import Address, address_of, refuse, uses
from interface.channel.spec_destination import Name
from interface.document import read_document, read_text
from interface.mapping.fill import Declared, fill
from interface.mapping.node import Block, Mark, place_of
from interface.mapping.problem import Findings, did_you_mean
from interface.settings import SETTINGS_FILE, Settings, read_settings

FOLDER: Final = "config/environments/"
VARIABLE: Final = "HP24_ENVIRONMENT"

_Variable = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")]
_SECRET_NAME = re.compile(r"PASSW|SECRET|TOKEN|API_?KEY|PRIVATE_?KEY|CREDENTIAL", re.IGNORECASE)
_REFERS = re.compile(r"_(FILE|PATH|ENV|COMMAND)$", re.IGNORECASE)  # such a name holds where a secret is, not the secret
_SECRET_VALUES = (
    re.compile(r"://[^/@\s:]*:[^/@\s]+@"),  # a password in a URL
    re.compile(r"-----BEGIN "),
    re.compile(r"^(AKIA|ghp_|github_pat_|xox[abp]-|sk-|eyJ)[A-Za-z0-9_\-.]{12,}"),
    re.compile(
        r"^(?=[^a-z]*[a-z])(?=[^A-Z]*[A-Z])(?=\D*\d)[A-Za-z0-9+/_-]{24,}={0,2}$"
    ),  # letters of both cases, and digits
    re.compile(r"^(?=\D*\d)[0-9a-f]{32,}$", re.IGNORECASE),
)


def _known_address(text: str) -> str:
    address_of(text)
    return text


class SecretPlace(Declared):
    """Where a secret is: in a file, or in a variable of the process's own environment."""

    secret_file: str = Field(default="", description="file that holds it and nothing else; relative to the root")
    secret_env: str = Field(default="", description="or the variable that holds it")

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if bool(self.secret_file) == bool(self.secret_env):
            raise ValueError("a secret has one place; give `secret_file` or `secret_env`")
        return self


class Environment(Declared):
    """One environment."""

    environment: Name = Field(description="its name; the file is named after it")
    about: str = Field(default="", description="what it is, for people")
    production: bool = Field(
        default=False, description="true: its `addresses` are refused to an engine of any other environment"
    )
    values: dict[_Variable, str] = Field(default={}, description="values for `${NAME}`, taken as they are written")
    secrets: dict[_Variable, SecretPlace] = Field(
        default={}, description="values for `${NAME}` that are written in no file of the configuration"
    )
    addresses: tuple[Annotated[str, AfterValidator(_known_address)], ...] = Field(
        default=(),
        description="where this environment listens and sends, as [10.1.2.3:2575, ehr.example.org]; without a port: all of them",
    )


@dataclass(frozen=True, slots=True)
class Guarded:
    """An address of production, and where its file declares it."""

    address: Address
    mark: Mark


@dataclass(frozen=True, slots=True)
class Surroundings:
    """The environment that files are read under: `environ` with what the chosen file adds, secrets included."""

    environ: Mapping[str, str]
    name: str = ""  # empty: none was chosen
    is_production: bool = False
    values: tuple[str, ...] = ()  # names that the file gives values for
    secrets: tuple[str, ...] = ()  # names whose values are secret
    guarded: tuple[Guarded, ...] = ()  # what an engine of this environment stays away from

    def masked(self, text: str | None) -> str | None:
        """The text, if no secret stands in it."""
        held = [value for name in self.secrets if len(value := self.environ.get(name, "")) > 3]
        return "(secret)" if text and any(value in text for value in held) else text


NOWHERE: Final = Surroundings({})


@dataclass(slots=True)
class _Read:
    blocks: dict[str, Block] = field(default_factory=dict)
    declared: dict[str, Environment] = field(default_factory=dict)


def surroundings(files: Mapping[str, str], environ: Mapping[str, str], root: Path, findings: Findings) -> Surroundings:
    """Read every environment file and choose one. Secret files lie below `root`, which may be anywhere."""
    read = _read(files, findings)
    name = environ.get(VARIABLE, "")
    if not name:
        return Surroundings(environ, guarded=_guarded(read))
    if name not in read.declared:
        if name not in read.blocks:
            text = f"there is no environment `{name}`"
            findings.add(Mark(f"{FOLDER}{name}.yaml"), "environment-unknown", text, did_you_mean(name, read.declared))
        return Surroundings(environ, name)
    own = read.declared[name]
    secrets = {
        variable: secret
        for variable, place in own.secrets.items()
        if (secret := _secret(place, environ, root, place_of(read.blocks[name], ("secrets", variable)), findings))
    }
    return Surroundings(
        {**own.values, **secrets, **{key: value for key, value in environ.items() if value}},
        name,
        own.production,
        tuple(sorted(own.values)),
        tuple(sorted(own.secrets)),
        () if own.production else _guarded(read),
    )


def _read(files: Mapping[str, str], findings: Findings) -> _Read:
    read = _Read()
    for path, text in files.items():
        if not path.startswith(FOLDER):
            continue
        name = path.removeprefix(FOLDER).removesuffix(".yaml")
        block = read_document(path, text, findings)
        if block is None:
            continue
        read.blocks[name] = block
        _find_secrets(block, findings)
        declared = fill(Environment, block, findings)
        if declared is not None and declared.environment != name:
            mark = place_of(block, ("environment",))
            advice = f"write `environment: {name}`, or rename the file"
            findings.add(mark, "name-differs", "the name in the file is not that of the file", advice)
        elif declared is not None:
            read.declared[name] = declared
    return read


def _find_secrets(block: Block, findings: Findings) -> None:
    section = block.node("values")
    for name, entry in section.entries.items() if isinstance(section, Block) else ():
        text = section.text(name) if isinstance(section, Block) else ""
        is_named = bool(_SECRET_NAME.search(name)) and not _REFERS.search(name)
        if text and (is_named or any(pattern.search(text) for pattern in _SECRET_VALUES)):
            advice = f"put it in a file of its own: `secrets: {{{name}: {{secret_file: ...}}}}`, or {{secret_env: ...}}"
            findings.add(entry.mark, "secret-literal", f"`{name}` looks like a secret that is written out", advice)


def _secret(place: SecretPlace, environ: Mapping[str, str], root: Path, mark: Mark, findings: Findings) -> str:
    if place.secret_env:
        if not (found := environ.get(place.secret_env, "")):
            findings.add(mark, "secret-missing", f"the environment does not set {place.secret_env}", "set it")
        return found
    try:
        found = (root / place.secret_file).read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as failure:
        why = getattr(failure, "strerror", None) or type(failure).__name__
        findings.add(mark, "secret-missing", f"{place.secret_file} cannot be read ({why})", "put the secret there")
        return ""
    if not found:
        findings.add(mark, "secret-missing", f"{place.secret_file} is empty", "put the secret there")
    return found


def _guarded(read: _Read) -> tuple[Guarded, ...]:
    return tuple(
        Guarded(address_of(text), place_of(read.blocks[name], ("addresses", number)))
        for name, declared in sorted(read.declared.items())
        if declared.production
        for number, text in enumerate(declared.addresses)
    )


def settings_at(root: Path, home: Path, environ: Mapping[str, str]) -> Settings:
    """The engine's own settings under the environment that is chosen.

    Raises ProblemsError with everything that is wrong, also where they lead to what is production's and this is not.
    """
    findings = Findings()
    folder = root / FOLDER
    files = {
        f"{FOLDER}{path.name}": read_text(root, f"{FOLDER}{path.name}", findings) for path in folder.glob("*.yaml")
    }
    around = surroundings(files, environ, root, findings)
    if around.name:  # files that nobody chose are told of by `hp24 check`
        findings.raise_any()
    settings = read_settings(root, home, around.environ)
    wrong = Findings()
    text = read_text(root, SETTINGS_FILE, wrong) if around.guarded and (root / SETTINGS_FILE).is_file() else ""
    own = read_document(SETTINGS_FILE, text, wrong) if text.strip() else None
    refuse(uses({}, {}, settings, own), ((one.address, one.mark) for one in around.guarded), around.name, wrong)
    wrong.raise_any()
    return settings
