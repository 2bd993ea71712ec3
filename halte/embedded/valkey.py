"""The embedded Valkey (or Redis): a password, an append-only file synced every second, one unix socket, no TCP.

It holds nothing that Postgres does not know: an append-only file that cannot be read is put aside, and it starts empty.
"""

from __future__ import annotations

import shutil
import signal
import socket
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

from halte.embedded.binaries import Binaries
from halte.embedded.errors import ServerDidNotStart
from halte.embedded.layout import Layout
from halte.embedded.processes import Server

_PROBE_TIMEOUT_S = 1.0
_UNREADABLE = ("Bad file format reading the append only file", "AOF manifest", "append only file", "RDB file")


class Valkey(Server):
    name = "Valkey"
    process_names = frozenset({"valkey-server", "redis-server"})
    endings = ((signal.SIGTERM, 15.0),)

    def __init__(self, layout: Layout, binaries: Binaries) -> None:
        super().__init__(layout, layout.valkey)
        self._binaries = binaries
        # HALTE_VALKEY_SERVER may have any name, and its orphan must be found: two on one file would spoil it.
        self.process_names = self.process_names | {binaries.valkey_server.name}
        self.socket_path = layout.sockets / "valkey.sock"

    def url(self) -> str:
        return f"unix://:{self._password()}@{quote(str(self.socket_path), safe='/')}?db=0"

    def start(self) -> None:
        try:
            super().start()
        except ServerDidNotStart as error:
            if not any(text in self.last_lines() for text in _UNREADABLE):
                raise
            self._put_aside(error)
            super().start()

    def prepare(self) -> None:
        self._layout.folder_of_the_account(self.home)
        self.socket_path.unlink(missing_ok=True)

    def command(self) -> list[str | Path]:
        return [self._binaries.valkey_server, "-"]  # `-`: configured by standard input, so that `ps` shows no password

    def configuration(self) -> bytes:
        lines = (
            "port 0",
            f"unixsocket {_quoted(self.socket_path)}",
            "unixsocketperm 700",
            f"requirepass {self._password()}",
            f"dir {_quoted(self.home)}",
            "appendonly yes",
            "appendfsync everysec",
            'save ""',  # the append-only file is enough
            "maxmemory-policy noeviction",  # a board with units missing would be worse than a refused write
            "daemonize no",
        )
        return ("\n".join(lines) + "\n").encode()

    def is_ready(self) -> bool:
        """True once PING is answered: while the append-only file is read it says LOADING."""
        said = b""
        with suppress(OSError), socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(_PROBE_TIMEOUT_S)
            connection.connect(str(self.socket_path))
            connection.sendall(f"AUTH {self._password()}\r\nPING\r\nQUIT\r\n".encode())
            while part := connection.recv(1024):
                said += part
        return b"+PONG" in said

    def _password(self) -> str:
        return self._layout.secret("valkey")[0]

    def _put_aside(self, error: ServerDidNotStart) -> None:
        """Keep one unreadable copy for whoever wants to know why."""
        written = self.home / "appendonlydir"
        if not written.exists():
            raise error
        aside = self.home / "appendonlydir.unreadable"
        shutil.rmtree(aside, ignore_errors=True)
        written.rename(aside)


def _quoted(path: Path) -> str:
    return '"' + str(path).replace("\\", "\\\\").replace('"', '\\"') + '"'
