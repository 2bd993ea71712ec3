"""One server process: started, asked whether it is ready, ended; and found again after a crash of ours.

A process is ours if it bears the server's name, runs under the servers' account and stands in the server's own data
folder: both servers change into theirs. A pid file alone may name a stranger.
"""

from __future__ import annotations

import signal
import subprocess
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

import psutil

from halte.embedded.errors import BinaryNotExecutable, ServerDidNotStart, StartGivenUp
from halte.embedded.layout import Layout

_POLL_S = 0.02
_LOG_TAIL_LINES = 12
_NAME_MAX = 15  # of a process' name, as the kernel keeps it; psutil asks argv for the rest, and Valkey overwrites that


class Server(ABC):
    """What Postgres and Valkey have in common. Not for several threads at once."""

    name: str
    process_names: frozenset[str]
    # Politely first. Too short a wait costs a recovery at the next start, too long a one keeps an operator waiting.
    endings: tuple[tuple[signal.Signals, float], ...]
    ready_timeout_s = 60.0  # after a power cut the log is replayed first

    def __init__(self, layout: Layout, home: Path) -> None:
        self._layout = layout
        self.home = home
        self.log = layout.logs / f"{self.name.lower()}.log"
        self._child: subprocess.Popen[bytes] | None = None
        # Set by another thread: nothing is started any more, and whoever waits for a start waits no longer.
        self.given_up = threading.Event()

    @abstractmethod
    def prepare(self) -> None:
        """Make the data folder fit to start on; nothing of this server runs meanwhile."""

    @abstractmethod
    def command(self) -> list[str | Path]: ...

    @abstractmethod
    def is_ready(self) -> bool: ...

    def configuration(self) -> bytes:
        """What the server reads on its standard input."""
        return b""

    @property
    def pid(self) -> int | None:
        """The running server's process id, or None."""
        return self._child.pid if self._child and self._child.poll() is None else None

    def start(self) -> None:
        """Return when it answers. A server that a crashed process of ours left behind is ended first."""
        if self.pid is not None:
            return
        self.end_orphans()
        self.prepare()
        self._spawn()
        self._wait_until_ready()

    def stop(self) -> None:
        child = self._child
        if child is None or child.poll() is not None:
            return
        for ending, wait_s in self.endings:
            child.send_signal(ending)
            if _waited(child, wait_s):
                return
        self.kill()

    def kill(self) -> None:
        """End it as a power cut would: no warning, no clean-up."""
        if self._child:
            self._child.kill()
            self._child.wait()

    def restart(self) -> None:
        self.stop()
        self.start()

    def end_orphans(self) -> None:
        """End servers on our folder whose starter died, cleanly if they let us: two on one folder would destroy it."""
        orphans = self._processes()
        heads = [orphan for orphan in orphans if _parent_id(orphan) not in {other.pid for other in orphans}]
        for ending, wait_s in self.endings:
            if not orphans:
                return
            _signal_all(heads, ending)
            orphans = _still_there(orphans, wait_s)
        _signal_all(orphans, signal.SIGKILL)
        _still_there(orphans, 5)

    def _processes(self) -> list[psutil.Process]:
        return [process for process in psutil.process_iter(["name"]) if self._is_ours(process)]

    def _is_ours(self, process: psutil.Process) -> bool:
        if (process.info["name"] or "")[:_NAME_MAX] not in {name[:_NAME_MAX] for name in self.process_names}:
            return False
        try:
            return process.uids().real == self._layout.account.uid and Path(process.cwd()) == self.home.resolve()
        except (psutil.Error, OSError):  # ended meanwhile, or another user's
            return False

    def _spawn(self) -> None:
        self._go_on()
        if self.log.exists():
            self.log.replace(self.log.with_suffix(".log.1"))  # one older log is enough to look at after a crash
        command = self.command()
        try:
            with self.log.open("wb") as log:
                # A session of its own: Ctrl-C is for us, and the servers outlive our last transactions.
                self._child = subprocess.Popen(
                    command,
                    stdin=subprocess.PIPE,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                    **self._layout.account.popen_options(),
                )
        except OSError as error:
            raise BinaryNotExecutable(Path(command[0]), str(error)) from error
        assert self._child.stdin is not None  # noqa: S101 - it was asked for two lines above
        with suppress(BrokenPipeError), self._child.stdin as stdin:  # it ended already: the wait below says why
            stdin.write(self.configuration())

    def _wait_until_ready(self) -> None:
        until = time.monotonic() + self.ready_timeout_s
        while not self.is_ready():
            self._go_on()
            if self.pid is None:
                code = self._child.returncode if self._child else None
                raise self._did_not_start(f"it ended with code {code}")
            if time.monotonic() > until:
                self.stop()
                raise self._did_not_start(f"it did not answer within {self.ready_timeout_s:.0f} s")
            time.sleep(_POLL_S)

    def _go_on(self) -> None:
        if self.given_up.is_set():
            self.stop()
            raise StartGivenUp(f"{self.name} is not needed any more: its start was given up.")

    def _did_not_start(self, why: str) -> ServerDidNotStart:
        return ServerDidNotStart(self.name, self.log, why, self.last_lines())

    def last_lines(self) -> str:
        try:
            return "\n".join(self.log.read_text(errors="replace").splitlines()[-_LOG_TAIL_LINES:])
        except OSError:
            return ""


def _waited(child: subprocess.Popen[bytes], timeout_s: float) -> bool:
    try:
        child.wait(timeout_s)
    except subprocess.TimeoutExpired:
        return False
    return True


def _still_there(processes: list[psutil.Process], timeout_s: float) -> list[psutil.Process]:
    """Wait for processes that are not our children. A zombie is gone: whoever should reap it may take its time."""
    until = time.monotonic() + timeout_s
    while processes := [process for process in processes if _lives(process)]:
        if time.monotonic() > until:
            break
        time.sleep(_POLL_S)
    return processes


def _parent_id(process: psutil.Process) -> int | None:
    try:
        return process.ppid()
    except psutil.NoSuchProcess:
        return None


def _lives(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _signal_all(processes: Iterable[psutil.Process], ending: signal.Signals) -> None:
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            process.send_signal(ending)
