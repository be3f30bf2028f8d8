"""One target under atheris, which sees what lines an input reaches: a process of its own, for libFuzzer ends where it ends.

`python -m tests.fuzz.guided TARGET FINDINGS CORPUS -max_total_time=60 ...`: libFuzzer's own options and folders follow. Findings go
to a JSON file; the search goes on behind them.
"""

import json
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

_LOOKED_INTO = ["interface.hl7", "interface.card", "interface.channel", "interface.mapping", "interface.settings"]


def atheris() -> ModuleType | None:
    """The library where it is installed: it has wheels for some machines only."""
    try:
        import atheris as found  # type: ignore[import-not-found]  # installed by `make fuzz` only
    except ImportError:
        return None
    return found if isinstance(found, ModuleType) else None


def main() -> None:
    """Look until libFuzzer's budget is spent."""
    name, findings, *options = sys.argv[1:]
    library: Any = atheris()
    with library.instrument_imports(include=_LOOKED_INTO):
        from tests.fuzz.search import Found, run_one
        from tests.fuzz.targets import BY_NAME
    target, found, known = BY_NAME[name], Found(), 0

    def one(data: bytes) -> None:
        nonlocal known
        run_one(target, data, found)
        if len(found.findings) > known:
            known = len(found.findings)
            told = [{"where": one.where, "what": one.what, "hex": one.data.hex()} for one in found.findings.values()]
            Path(findings).write_text(json.dumps(told), encoding="utf-8")

    library.Setup([sys.argv[0], *options], one)
    library.Fuzz()


if __name__ == "__main__":
    main()
