"""Which configuration version is active: making one so, with who, why and what it changes, and finding the one before."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from interface.errors import ActRefusedError
from interface.operate.act import By
from interface.ports import Clock, Store
from interface.row.act import Act
from interface.view.configuration import Activation, How, Publishing

_MOST = 10_000  # activations that are looked through


@dataclass(frozen=True, slots=True)
class Version:
    """Files to be kept as a version. `summary` says in one line, `details` in names and numbers, what it changes."""

    files: Mapping[str, str]
    digest: str
    environment: str = ""
    summary: str = ""
    details: Mapping[str, Any] = field(default_factory=dict)


def make_active(
    store: Store, clock: Clock, by: By, version: Version, how: How, *, instead_of: int | None = None
) -> int:
    """Keep a version, make it the active one, and give its id; the same files are the same version.

    Errors: ActRefusedError `version-moved` where another version is active than `instead_of`.
    """
    now = clock.now()
    publishing = Publishing(now, by.actor, how, version.environment, by.reason, version.summary, instead_of)
    verb = "publish" if how is How.RUN else f"config-{how}"
    with store.turn("publish") as turn:
        config_id = turn.keep_config(version.files, version.digest, now)
        turn.activate_config(config_id, publishing)
        details = dict(version.details) | {"environment": version.environment, "instead_of": instead_of}
        turn.audit([Act(by.actor, verb, f"configuration:{config_id}", by.reason, details)])
    return config_id


def need_confirmation(money: Sequence[str], word: str, command: str) -> None:
    """Refuse what touches money where nobody said that it may. `money` are the lines of the plan, `word` is the reason given."""
    if not money or word.strip():
        return
    lines = "1 line touches money" if len(money) == 1 else f"{len(money)} lines touch money"
    raise ActRefusedError(
        "money-unconfirmed",
        f"{lines} ({'; '.join(money[:3])}{' ...' if len(money) > 3 else ''}); nothing was changed",
        place="configuration",
        advice=f'look at each, then: {command} --confirm-money "why this is right"',
    )


def need_cases(wrong: Sequence[str], word: str, command: str) -> None:
    """Refuse what makes cases fail where nobody said why that is right. `wrong` are their names, `word` is the reason given."""
    if not wrong or word.strip():
        return
    fail = "1 case fails" if len(wrong) == 1 else f"{len(wrong)} cases fail"
    raise ActRefusedError(
        "cases-fail",
        f"{fail} with the edited files ({', '.join(wrong[:3])}{' ...' if len(wrong) > 3 else ''}); nothing was changed",
        place="configuration",
        advice=f'mend the files or the cases (`hp24 test`), or: {command} --although-cases-fail "why it is right"',
    )


def history(store: Store, limit: int) -> list[Activation]:
    """What was made active, newest first."""
    with store.snapshot() as reader:
        return reader.activations(limit)


def version_before(store: Store) -> int:
    """The version that was active before the present one was applied.

    A rollback is no step of its own: rolled back twice, it is the version before that one. Errors: ActRefusedError
    `no-version-before`.
    """
    found = history(store, _MOST)
    if found:
        active = found[0].config_id
        came = next((at for at, one in enumerate(found) if _came(one, active)), len(found) - 1)
        for one in found[came + 1 :]:
            if one.config_id != active:
                return one.config_id
    raise ActRefusedError(
        "no-version-before",
        "no other version was active before this one",
        place="configuration",
        advice="`hp24 config versions` lists what there is",
    )


def _came(one: Activation, config_id: int) -> bool:
    return one.config_id == config_id and one.how is not How.ROLLBACK
