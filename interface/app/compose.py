"""Putting the engine together from its settings: store, clock, configuration. Commands and parts begin here."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from interface.app.root import default_root
from interface.channel.environment import VARIABLE, settings_at
from interface.engine.clock import SystemClock
from interface.errors import ConfigurationError, StoreError
from interface.operate.act import By
from interface.operate.configuration import Version, make_active
from interface.operate.status import Known
from interface.ports import Clock
from interface.settings import Settings
from interface.store import keyfile
from interface.store.database import Limits
from interface.store.files import files_translated
from interface.store.store import SqlStore, open_store
from interface.view.configuration import How

if TYPE_CHECKING:
    from interface.channel.loader import Configuration


@dataclass(frozen=True, slots=True)
class App:
    """An opened engine home. `root` holds channels/, mappings/ and config/, as people edit them."""

    home: Path
    root: Path
    settings: Settings
    store: SqlStore
    clock: Clock
    environ: Mapping[str, str]

    def edited(self) -> "Configuration":
        """The files as they are edited now; ConfigurationError carries every problem at once."""
        from interface.channel.loader import load, read_files

        return load(read_files(self.root), self.environ, self.root)

    def active(self) -> "tuple[int, Configuration]":
        """The configuration version that engines run, and its id; ConfigurationError where there is none yet."""
        with self.store.snapshot() as reader:
            found = reader.active_config()
            last = reader.activations(1)
        if found is None:
            raise ConfigurationError(
                "no-active-version",
                "no configuration version was ever published",
                advice="run `hp24 check`, then `hp24 run`, whose first start publishes the files when they pass",
            )
        from interface.channel.loader import load

        config_id, files = found
        chosen = self.environ.get(VARIABLE, "")
        if last and last[0].environment != chosen:
            meant, is_ = (f"`{name}`" if name else "none" for name in (last[0].environment, chosen))
            raise ConfigurationError(
                "environment-differs",
                f"the active version was applied for environment {meant}, and {is_} is chosen here",
                place=f"configuration:{config_id}",
                advice=f"choose the same one with {VARIABLE}, or make this one active: hp24 config plan",
            )
        return config_id, load(files, self.environ, self.root)

    def is_processing(self) -> bool:
        """Whether an engine processes messages on this store: it holds this lock; if we can have it, nobody does."""
        with self.store.exclusive("process") as is_free:
            return not is_free

    def known(self) -> Known:
        """Channels and destinations of the active configuration; none where nothing was published, or it cannot be read."""
        try:
            return known_of(self.active()[1])
        except ConfigurationError:
            return Known()

    def wake(self) -> None:
        """Let a running engine look for work now, instead of at its next poll."""
        from interface.engine.wake import Ringer

        ringer = Ringer(self.home)
        ringer.ring("process")
        ringer.close()

    def publish(self, configuration: "Configuration", actor: str) -> int:
        """Keep these files as a version and make it the active one; gives its id. The same files give the same version."""
        version = Version(configuration.files, configuration.digest, configuration.surroundings.name)
        return make_active(self.store, self.clock, By(actor), version, How.RUN)


def default_home(environ: Mapping[str, str]) -> Path:
    """HP24_HOME, else ~/.local/share/hp24."""
    return Path(environ.get("HP24_HOME") or Path.home() / ".local" / "share" / "hp24")


def known_of(configuration: "Configuration") -> Known:
    """The names that a configuration declares."""
    specs = configuration.specs
    return Known(
        tuple(specs),
        tuple(name for spec in specs.values() for name in spec.destination_names()),
        tuple(name for name, spec in specs.items() if spec.source.fhir is not None),
    )


def limits_of(settings: Settings, *, is_part: bool = False) -> Limits:
    """The store's limits as configured. A part of the engine waits for no answer without end; a person may."""
    return Limits(
        turn_limit_micros=settings.turn_limit_millis * 1000,
        connect_secs=settings.database_connect_secs,
        answer_secs=settings.database_answer_secs if is_part else 0.0,
        key_command_secs=settings.key_command_secs,
    )


def keep_key_apart(root: Path, environ: Mapping[str, str]) -> None:
    """Raise `key-exposed` where the master key lies among the files that channel editors write."""
    given = environ.get(keyfile.VARIABLE)
    edited = [(root / name).resolve() for name in ("channels", "mappings", "config")]
    if given and any(folder in Path(given).expanduser().resolve().parents for folder in edited):
        raise StoreError(
            "key-exposed",
            "the master key lies where channels are edited",
            place=given,
            advice="move it to a folder that only the engine's user may enter",
        )


@contextmanager
def open_app(
    home: Path | None = None,
    root: Path | None = None,
    environ: Mapping[str, str] | None = None,
    *,
    makes: bool = True,
    is_part: bool = False,
) -> Iterator[App]:
    """Open a home. One that was never used is made, with its database and its key, if `makes`; else it is `home-empty`."""
    known = dict(os.environ) if environ is None else dict(environ)
    home = (home or default_home(known)).absolute()
    root = (root or default_root(known)).absolute()
    if makes:
        with files_translated():
            home.mkdir(parents=True, exist_ok=True)
    settings = settings_at(root, home, known)
    keep_key_apart(root, known)
    clock = SystemClock()
    store = open_store(
        settings.database_url, clock, environ=known, limits=limits_of(settings, is_part=is_part), makes=makes
    )
    try:
        yield App(home, root, settings, store, clock, known)
    finally:
        store.close()
