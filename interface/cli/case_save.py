"""`hp24 test --save`: a case of stored messages."""

from collections.abc import Sequence
from pathlib import Path

from interface.cli.asked import Asked
from interface.cli.exit import ExitCode


def save(asked: Asked, root: Path, ids: Sequence[int], name: str, *, with_earlier: bool) -> int:
    """Make the case and tell where it lies. Exit code 1 where it does something else than the originals did."""

    from interface.app import case_save
    from interface.app.cases import edited
    from interface.cli.table import print_json

    configuration = edited(root, asked.environ())
    with asked.app() as app:
        made = case_save.save(app.store, asked.by(), root, configuration, ids, name, with_earlier=with_earlier)
    if asked.as_json:
        found = {"file": made.file, "steps": made.steps, "earlier": made.earlier, "otherwise": list(made.otherwise)}
        print_json(found)
        return ExitCode.PROBLEMS if made.otherwise else ExitCode.OK
    earlier = f", {made.earlier} of them earlier ones" if made.earlier else ""
    print(f"{made.file}: {made.steps} step{'s' * (made.steps != 1)}{earlier}. Read it before you pass it on.")
    for number in made.otherwise:
        print(f"step {number} does something else than the message did before it was de-identified")
    return ExitCode.PROBLEMS if made.otherwise else ExitCode.OK
