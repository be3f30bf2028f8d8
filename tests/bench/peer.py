"""The peers as servers of their own: they parse each message and acknowledge it, and store nothing.

`python -m tests.bench.peer python-hl7|hl7apy PORT` serves until it is terminated. Each is used as its own documentation
shows; where there is a choice, the cheaper way is taken.
"""

import asyncio
import sys
from typing import Any

ACK = "MSH|^~\\&|HP24|HP24|PEER|PEER|20260101||ACK^A08^ACK|1|P|2.5.1\rMSA|AA|{control_id}\r"


async def serve_python_hl7(port: int) -> None:
    """python-hl7: its asyncio MLLP server, `readmessage`, `create_ack`, `writemessage`."""
    from hl7 import mllp

    async def converse(reader: Any, writer: Any) -> None:
        try:
            while True:
                message = await reader.readmessage()
                writer.writemessage(message.create_ack())
                await writer.drain()
        except asyncio.IncompleteReadError:
            writer.close()

    server = await mllp.start_hl7_server(converse, "127.0.0.1", port, encoding="utf-8")
    async with server:
        await server.serve_forever()


def serve_hl7apy(port: int) -> None:
    """hl7apy: its threading MLLPServer, which takes one message a connection, and `parse_message`."""
    from hl7apy.mllp import AbstractHandler, MLLPServer
    from hl7apy.parser import parse_message

    class Acknowledge(AbstractHandler):  # type: ignore[misc]  # the library has no types
        def reply(self) -> str:
            message = parse_message(self.incoming_message)
            # A ready-made text: building an ACK out of hl7apy's elements would cost as much again.
            return "\x0b" + ACK.format(control_id=message.msh.msh_10.value) + "\x1c\x0d"

    class Server(MLLPServer):  # type: ignore[misc]  # the library has no types
        request_queue_size = 128  # the default of 5 would measure TCP retries

    Server("127.0.0.1", port, {"ADT^A08^ADT_A01": (Acknowledge,)}).serve_forever()


if __name__ == "__main__":
    if sys.argv[1] == "python-hl7":
        asyncio.run(serve_python_hl7(int(sys.argv[2])))
    else:
        serve_hl7apy(int(sys.argv[2]))
