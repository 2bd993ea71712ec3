"""Heads: how long what stands before a request's body may be. The parser itself takes it in without end."""

from __future__ import annotations

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

# More than any browser or proxy sends.
HEAD_MAX_BYTES = 65_536


class BoundedHttp(HttpToolsProtocol):
    """Uvicorn's quick protocol, which refuses whoever goes on without a head, some body or an end coming of it."""

    # What was received since the last of these.
    _unread = 0

    def data_received(self, data: bytes) -> None:
        self._unread += len(data)
        super().data_received(data)
        if self._unread > HEAD_MAX_BYTES and not self.transport.is_closing():
            self.send_400_response("The head of this request is too long.")

    def on_headers_complete(self) -> None:
        self._unread = 0
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self._unread = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._unread = 0
        super().on_message_complete()
