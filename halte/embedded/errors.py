"""What can go wrong before the servers stand, each with a sentence that says what to do about it.

The command line prints the message and leaves; none of these is worth a traceback.
"""

from __future__ import annotations

from pathlib import Path


class EmbeddedError(Exception):
    """The embedded servers cannot be had; `str()` is written for the person at the keyboard."""


class BinaryMissing(EmbeddedError):
    def __init__(self, what: str, looked: str, install: str) -> None:
        super().__init__(
            f"No {what} found (looked at {looked}). Install {install}, or set DATABASE_URL and REDIS_URL to use servers"
            " that already run."
        )


class BinaryNotExecutable(EmbeddedError):
    def __init__(self, path: Path, why: str) -> None:
        super().__init__(
            f"{path} cannot be executed: {why}. Is it on a file system mounted noexec, or made for another machine?"
        )


class AccountUnusable(EmbeddedError):
    """Postgres refuses to run as root, and only root can become somebody else."""


class DataDirNotWritable(EmbeddedError):
    def __init__(self, path: Path, why: OSError) -> None:
        super().__init__(
            f"Cannot write to the data directory ({path}: {why.strerror or why}). Give its owner the right to, or"
            " choose another one with HALTE_DATA_DIR."
        )


class DataDirNotReachable(EmbeddedError):
    def __init__(self, path: Path, account: str) -> None:
        super().__init__(
            f"The user {account}, as whom the servers run, cannot reach {path}: a folder above it is closed to them."
            " Choose a place such as /var/lib/halte with HALTE_DATA_DIR, or another user with HALTE_RUN_AS."
        )


class DataDirOfAnotherUser(EmbeddedError):
    def __init__(self, path: Path, owner: str, account: str) -> None:
        super().__init__(
            f"{path} belongs to {owner}, and the servers would run as {account}. Start as before"
            f" (HALTE_RUN_AS={owner}), or hand the data over while nothing runs: chown -R {account} {path.parent}"
        )


class SocketDirUnsafe(EmbeddedError):
    def __init__(self, path: Path) -> None:
        super().__init__(
            f"{path}, where the sockets would stand, exists and is not a private folder of ours. Remove it, or choose a"
            " data directory with a path shorter than 90 characters (HALTE_DATA_DIR)."
        )


class AlreadyRunning(EmbeddedError):
    def __init__(self, data_dir: Path, pid: int | None) -> None:
        self.pid = pid
        who = f"process {pid}" if pid else "another process"
        super().__init__(
            f"Halte already runs on {data_dir} ({who}). Stop it first, or give this one a directory of its own with"
            " HALTE_DATA_DIR."
        )


class OtherMajorVersion(EmbeddedError):
    def __init__(self, home: Path, found: int, ours: int) -> None:
        self.found, self.ours = found, ours
        super().__init__(
            f"{home} was written by Postgres {found}, and Postgres {ours} cannot read it. Nothing was changed.\n"
            f"To go on as before: install Postgres {found} and set HALTE_POSTGRES_BIN to the folder of its programs"
            f" (on Debian /usr/lib/postgresql/{found}/bin).\n"
            f"To move to Postgres {ours}: start that way once, write everything out with pg_dump, stop, rename"
            f" {home.name} to keep it, unset HALTE_POSTGRES_BIN, start again and load the dump with psql."
        )


class ServerDidNotStart(EmbeddedError):
    def __init__(self, name: str, log: Path, why: str, last_lines: str) -> None:
        said = f" It said:\n{last_lines}" if last_lines else ""
        super().__init__(f"{name} did not start: {why}. Its log is {log}.{said}")


class StartGivenUp(EmbeddedError):
    """Somebody ended us while a server was on its way."""
