"""The HTTP load generator for machines without a Rust compiler: same arguments, file and JSON as `http_load.rs`, at a higher cost.

One asyncio loop drives every connection over plain streams. `python -m tests.bench.http_load PORT CONNECTIONS TOTAL REQUESTS`.
"""

import argparse
import asyncio
import json
import os
import time
from collections.abc import Iterator
from pathlib import Path

from tests.bench.mllp_load import REPLY_TIMEOUT_SECS, Tally, connect

_BODILESS = (204, 304)


def request(line: str, port: int, token: str) -> bytes:
    """One line of the file as the bytes that go out."""
    target, _, rest = line.partition("\t")
    body, *headers = rest.split("\t")
    lines = [f"{target} HTTP/1.1", f"Host: 127.0.0.1:{port}", "Accept: application/fhir+json", *headers]
    if token:
        lines.append(f"Authorization: Bearer {token}")
    content = body.encode()
    if content:
        lines += ["Content-Type: application/fhir+json", f"Content-Length: {len(content)}"]
    return "\r\n".join([*lines, "", ""]).encode() + content


async def exchange(wire: tuple[asyncio.StreamReader, asyncio.StreamWriter], asked: bytes) -> int:
    """The status of the answer, read to its end."""
    wire[1].write(asked)
    head = (await wire[0].readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    status = int(head[0].split(" ")[1])
    if asked.startswith(b"HEAD ") or status in _BODILESS:
        return status
    length = next(int(one.partition(":")[2]) for one in head if one.lower().startswith("content-length:"))
    await wire[0].readexactly(length)
    return status


async def drive(port: int, work: Iterator[bytes], tally: Tally) -> None:
    """One connection's life: take the next request until none is left or the connection fails."""
    try:
        wire = await connect(port)
    except OSError:
        tally.errors += 1
        return
    for asked in work:
        begun = time.perf_counter_ns()
        try:
            status = await asyncio.wait_for(exchange(wire, asked), REPLY_TIMEOUT_SECS)
        except (OSError, EOFError, TimeoutError, StopIteration):
            tally.errors += 1
            return
        tally.micros.append((time.perf_counter_ns() - begun) // 1000)
        tally.refused += status // 100 != 2
    wire[1].close()


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="http_load")
    parser.add_argument("port", type=int)
    parser.add_argument("connections", type=int)
    parser.add_argument("total", type=int)
    parser.add_argument("requests", type=Path)
    parser.add_argument("--first", type=int, default=0)
    return parser.parse_args()


async def run(chosen: argparse.Namespace) -> None:
    token = os.environ.get("HTTP_LOAD_TOKEN", "")
    lines = [line for line in chosen.requests.read_text(encoding="utf-8").splitlines() if line]
    ready = [request(line, chosen.port, token) for line in lines]
    work = iter([ready[(chosen.first + number) % len(ready)] for number in range(chosen.total)])
    tally = Tally()
    begun = time.perf_counter()
    await asyncio.gather(*(drive(chosen.port, work, tally) for _ in range(chosen.connections)))
    print(json.dumps(tally.told(chosen.connections, time.perf_counter() - begun)))  # noqa: T201 - the program's one result


if __name__ == "__main__":
    asyncio.run(run(options()))
