"""HTTP/1.1 read by httptools, with a bound on what stands before a body: the reader itself takes whatever comes."""

from typing import Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

LONGEST_HEAD: Final = (
    65_536  # bytes of a request line and its headers; what is over by one read of the socket may be taken, too
)


class BoundedHttp(HttpToolsProtocol):
    """Closes a connection whose headers do not end."""

    _head_bytes = 0
    _is_in_body = False

    def data_received(self, data: bytes) -> None:
        """Read on; a head that is not at its end by now counts."""
        super().data_received(data)
        if self._is_in_body:
            return
        self._head_bytes += len(data)
        if self._head_bytes > LONGEST_HEAD and not self.transport.is_closing():
            self.send_400_response("the headers of the request are too long")

    def on_headers_complete(self) -> None:
        """The head is at its end."""
        self._head_bytes, self._is_in_body = 0, True
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """What comes now is the next head."""
        self._is_in_body = False
        super().on_message_complete()
