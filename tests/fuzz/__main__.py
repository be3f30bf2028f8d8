"""`make fuzz MINUTES=10`: the budget of processor time is shared among the targets; new inputs and findings stay in `.fuzz/`.

Half of it goes to the seeded search, which runs anywhere, half to atheris where that is installed. `--keep` makes the corpus
beside the tests anew of all that was found. The exit code is 0 only without findings.
"""

import argparse
import json
import re
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.fuzz import corpus
from tests.fuzz.guided import atheris
from tests.fuzz.search import Finding, search
from tests.fuzz.target import Target
from tests.fuzz.targets import TARGETS

OWN = Path(".fuzz")
_RUNS = re.compile(r"stat::number_of_executed_units:\s+(\d+)")
_NEW = re.compile(r"stat::new_units_added:\s+(\d+)")
_SETTLE_SECS = 60  # for a process to start and end


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the table at the end."""

    target: str
    way: str
    executions: int
    secs: float
    kept: int
    findings: Sequence[Finding]


def seeded(target: Target, seed: int, secs: float) -> Line:
    """Change known inputs at random."""
    known = corpus.read(target) + corpus.read(target, OWN / "corpus")
    found = search(target, known, seed=seed, secs=secs)
    corpus.write(target, corpus.chosen(target, [*known, *found.kept]), OWN / "corpus")
    return Line(target.name, f"seed {seed}", found.executions, found.secs, len(found.kept), [*found.findings.values()])


def guided(target: Target, seed: int, secs: float) -> Line:
    """Follow the lines that inputs reach."""
    own, told = OWN / "atheris" / target.name, OWN / f"{target.name}.json"
    own.mkdir(parents=True, exist_ok=True)
    told.unlink(missing_ok=True)
    for number, data in enumerate([*target.seeds, *corpus.read(target), *corpus.read(target, OWN / "corpus")]):
        (own / f"known{number}").write_bytes(data)
    tokens = OWN / f"{target.name}.dict"
    quoted = ("".join(f"\\x{byte:02x}" for byte in token) for token in target.tokens if len(token) <= 64)
    tokens.write_text("".join(f'"{token}"\n' for token in quoted), encoding="ascii")
    options = [f"-max_total_time={max(1, int(secs))}", f"-seed={seed}", "-max_len=4096", f"-dict={tokens}"]
    command = [sys.executable, "-m", "tests.fuzz.guided", target.name, str(told), str(own)]
    run = subprocess.run(
        [*command, *options, "-print_final_stats=1"],
        capture_output=True,
        text=True,
        errors="replace",
        timeout=secs + _SETTLE_SECS,
        check=False,
    )
    findings = json.loads(told.read_text(encoding="utf-8")) if told.exists() else []
    return Line(
        target.name,
        "atheris",
        _number(_RUNS, run.stderr),
        secs,
        _number(_NEW, run.stderr),
        [Finding(target.name, bytes.fromhex(one["hex"]), one["where"], one["what"]) for one in findings],
    )


def _number(pattern: re.Pattern[str], text: str) -> int:
    found = pattern.search(text)
    return int(found[1]) if found else 0


def keep() -> None:
    """Make the corpus of what the searches kept: the shortest inputs that together do all of it."""
    for target in TARGETS:
        guided_ones = [path.read_bytes() for path in sorted((OWN / "atheris" / target.name).glob("*"))]
        known = corpus.read(target) + corpus.read(target, OWN / "corpus") + guided_ones
        corpus.write(target, corpus.chosen(target, known))


def main() -> int:
    """Fuzz everything."""
    parser = argparse.ArgumentParser(prog="make fuzz", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0, help="processor time for all targets together")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", action="store_true", help="make tests/fuzz/corpus anew of what was found so far")
    parser.add_argument("names", nargs="*", help="targets; all where none is named")
    asked = parser.parse_args()
    if asked.keep:
        keep()
        return 0
    targets = [target for target in TARGETS if not asked.names or target.name in asked.names]
    ways = [seeded, guided] if atheris() is not None else [seeded]
    secs = asked.minutes * 60 / len(targets) / len(ways)
    lines = []
    for target in targets:
        for way in ways:
            lines.append(way(target, asked.seed, secs))
            done = lines[-1]
            _say(f"{done.target} ({done.way}): {done.executions} executions, {len(done.findings)} findings")
    _print_table(lines, has_atheris=len(ways) > 1)
    return 1 if any(line.findings for line in lines) else 0


def _print_table(lines: Sequence[Line], *, has_atheris: bool) -> None:
    _say(f"\n{'target':<9} {'way':<9} {'executions':>11} {'per second':>11} {'kept':>6} {'findings':>9}")
    for line in lines:
        rate = round(line.executions / line.secs) if line.secs else 0
        _say(
            f"{line.target:<9} {line.way:<9} {line.executions:>11,} {rate:>11,} {line.kept:>6} {len(line.findings):>9}"
        )
    if not has_atheris:
        _say("atheris is not installed here (`pip install atheris`): only the seeded search ran")
    for finding in (one for line in lines for one in line.findings):
        path = OWN / f"finding-{finding.target}-{re.sub(r'[^A-Za-z0-9]+', '-', finding.where)}"
        path.write_bytes(finding.data)
        _say(f"{finding.target}: {finding.where}: {finding.what}; the input is in {path}")


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
