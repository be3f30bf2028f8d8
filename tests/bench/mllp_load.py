"""The load generator for machines without a Rust compiler: same arguments and JSON as `mllp_load.rs`, at a higher cost.

One asyncio loop drives every connection. `python -m tests.bench.mllp_load PORT CONNECTIONS TOTAL TEMPLATE [options]`.
"""

import argparse
import asyncio
import json
import os
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import TextIO

START, END = b"\x0b", b"\x1c\x0d"
REPLY_TIMEOUT_SECS = 60
FIRST_MRN = 100_000
STRIDE = 7919  # a prime, so that neighbours in time are different patients


@dataclass(slots=True)
class Tally:
    """What all connections have met so far."""

    micros: list[int] = field(default_factory=list)
    refused: int = 0
    errors: int = 0

    def at(self, share: float) -> float:
        """The latency in milliseconds below which `share` of the exchanges lie; `micros` is sorted."""
        return round(self.micros[round((len(self.micros) - 1) * share)] / 1000, 2) if self.micros else 0.0

    def told(self, connections: int, seconds: float) -> dict[str, float]:
        """What was met, as the program prints it."""
        self.micros.sort()
        found = {"connections": connections, "messages": len(self.micros), "seconds": round(seconds, 3)}
        found |= {"p50_ms": self.at(0.5), "p95_ms": self.at(0.95), "p99_ms": self.at(0.99), "max_ms": self.at(1)}
        return found | {"refused": self.refused, "errors": self.errors}


def frames(template: str, prefix: str, pool: int) -> Iterator[tuple[str, bytes]]:
    """Endless control ids with their frames."""
    number = 0
    while True:
        control_id = f"{prefix}-{number}"
        values = {
            "CTL": control_id,
            "MRN": str(FIRST_MRN + number * STRIDE % pool),
            "N": str(number),
            "TS": time.strftime("%Y%m%d%H%M%S", time.gmtime()),
        }
        text = template
        for name, value in values.items():
            text = text.replace(f"{{{name}}}", value)
        yield control_id, START + text.encode() + END
        number += 1


def is_positive(reply: bytes, control_id: str) -> bool:
    """Whether MSA-1 accepts and MSA-2 echoes the control id."""
    msa = next((segment for segment in reply[:-2].decode().split("\r") if segment.startswith("MSA|")), "")
    return msa.split("|")[1:3] in (["AA", control_id], ["CA", control_id])


async def connect(port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    return await asyncio.open_connection("127.0.0.1", port)


async def drive(port: int, work: Iterator[tuple[str, bytes]], once: bool, tally: Tally, log: TextIO | None) -> None:
    """One connection's life: take the next message until none is left or the connection fails."""
    wire = None
    for control_id, frame in work:
        begun = time.perf_counter_ns()
        try:
            if wire is None:
                wire = await connect(port)
            wire[1].write(frame)
            reply = (await asyncio.wait_for(wire[0].readuntil(END), REPLY_TIMEOUT_SECS)).lstrip(START)
        except (OSError, EOFError, TimeoutError):
            tally.errors += 1
            return
        tally.micros.append((time.perf_counter_ns() - begun) // 1000)
        if not is_positive(reply, control_id):
            tally.refused += 1
        elif log:
            log.write(f"{control_id}\n")
        if once:
            wire[1].close()
            wire = None
    if wire:
        wire[1].close()


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="mllp_load")
    parser.add_argument("port", type=int)
    parser.add_argument("connections", type=int)
    parser.add_argument("total", type=int)
    parser.add_argument("template", type=Path)
    parser.add_argument("--pool", type=int, default=5000)
    parser.add_argument("--prefix", default=f"L{os.getpid()}")
    parser.add_argument("--log", type=Path)
    parser.add_argument("--once", action="store_true")
    return parser.parse_args()


async def run(chosen: argparse.Namespace) -> None:
    template = chosen.template.read_text(encoding="utf-8").replace("\n", "\r")
    work = islice(frames(template, chosen.prefix, chosen.pool), chosen.total)
    tally = Tally()
    with ExitStack() as stack:
        log = stack.enter_context(chosen.log.open("w", encoding="utf-8")) if chosen.log else None
        begun = time.perf_counter()
        drives = (drive(chosen.port, work, chosen.once, tally, log) for _ in range(chosen.connections))
        await asyncio.gather(*drives)
        seconds = time.perf_counter() - begun
    print(json.dumps(tally.told(chosen.connections, seconds)))  # noqa: T201 - the program's one result


if __name__ == "__main__":
    asyncio.run(run(options()))
