"""Both servers as one thing: started together or not at all, ended in the order in which the product needs them.

Children run in sessions of their own. They end with us on every ordinary way out; after a SIGKILL of ours they live on,
and the next start ends them cleanly and starts them anew (started anew, they have the settings of this release).
"""

from __future__ import annotations

import atexit
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

import structlog

from halte.embedded.accounts import resolve_account
from halte.embedded.binaries import Binaries, executable_by, locate_binaries
from halte.embedded.layout import Layout
from halte.embedded.postgres import SUPERUSER, Postgres
from halte.embedded.processes import Server
from halte.embedded.valkey import Valkey

log = structlog.get_logger(__name__)

_WATCH_S = 0.5
# For what a restart does before it can be given up. After it the watcher starts nothing any more.
_LEAVE_S = 5.0


@dataclass(frozen=True, slots=True)
class EmbeddedServers:
    database_url: str
    redis_url: str
    # The superuser's, for backups and for tests that make databases of their own; the product never uses it.
    admin_url: str


class Embedded:
    """Our servers on one data directory."""

    postgres: Postgres
    valkey: Valkey

    def __init__(self, data_dir: Path, run_as: str | None = None, binaries: Binaries | None = None) -> None:
        self._account = resolve_account(run_as)
        self._layout = Layout(data_dir, self._account)
        self._binaries = binaries
        self._started_by: int | None = None

    @property
    def data_dir(self) -> Path:
        return self._layout.data_dir

    def start(self) -> EmbeddedServers:
        """Lock the directory, clear away what a crash left, start both; on any failure nothing stays behind."""
        found = self._binaries or locate_binaries()
        try:
            self._layout.prepare()
            binaries = executable_by(self._account, found, self._layout.binaries)
            self.postgres = Postgres(self._layout, binaries)
            self.valkey = Valkey(self._layout, binaries)
            self._started_by = os.getpid()
            atexit.register(self.stop)
            self.postgres.start()
            self.valkey.start()
        except BaseException:
            self.stop()
            raise
        return EmbeddedServers(
            database_url=self.postgres.url(),
            redis_url=self.valkey.url(),
            admin_url=self.postgres.url(SUPERUSER, "postgres"),
        )

    def give_up(self) -> None:
        """Start no server any more; a start that waits in another thread ends now."""
        self.postgres.given_up.set()
        self.valkey.given_up.set()

    def stop(self) -> None:
        """End both and let go of the directory. A forked child that comes by here leaves its parent's servers alone."""
        if self._started_by == os.getpid():
            try:
                self.valkey.stop()
            finally:
                self.postgres.stop()
            atexit.unregister(self.stop)
            self._started_by = None
        self._layout.release()


@contextmanager
def running(data_dir: Path, run_as: str | None = None) -> Iterator[EmbeddedServers]:
    """Run the servers for as long as the block lasts, however it ends.

    SIGTERM and SIGHUP unwind the stack like Ctrl-C does: uvicorn raises the signal that stopped it once more when it is
    done, and with the default action the process would end there and leave the servers behind.
    """
    embedded = Embedded(data_dir, run_as)
    with _unwinding(signal.SIGTERM, signal.SIGHUP):
        try:
            servers = embedded.start()
            with _watched(embedded):
                yield servers
        finally:
            embedded.stop()


@contextmanager
def _watched(embedded: Embedded) -> Iterator[None]:
    """Start a server of ours again when it died: the kernel may take one when memory runs short."""
    done = threading.Event()
    watcher = threading.Thread(target=_watch, args=(embedded, done), name="embedded watch", daemon=True)
    watcher.start()
    try:
        yield
    finally:
        done.set()
        embedded.give_up()
        watcher.join(_LEAVE_S)


def _watch(embedded: Embedded, done: threading.Event) -> None:
    while not done.wait(_WATCH_S):
        for name, server in (("postgres", embedded.postgres), ("valkey", embedded.valkey)):
            # Whatever it was, a log that nobody reads any more included: the next round tries again.
            with suppress(Exception):
                if server.pid is None and not done.is_set():
                    _start_again(name, server)


def _start_again(name: str, server: Server) -> None:
    log.error("embedded.server_died", server=name)
    try:
        server.start()
    except Exception as error:
        log.warning("embedded.restart_failed", server=name, error=str(error))
        raise


@contextmanager
def _unwinding(*signals: signal.Signals) -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread may set handlers; whoever runs us elsewhere stops us
        return
    before = {number: signal.signal(number, _leave) for number in signals if signal.getsignal(number) is signal.SIG_DFL}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _leave(number: int, _frame: FrameType | None) -> None:
    signal.signal(number, signal.SIG_IGN)  # once is enough: a second one must not interrupt the clean-up
    raise SystemExit(128 + number)
