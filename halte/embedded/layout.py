"""The data directory: what lies where, whose it is, who holds it.

Made with mode 0700. What somebody else made is never chmodded or chowned: the folders below it are ours, and private.
One process at a time holds the lock; the kernel lets it go when that process ends, however it ends.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import secrets
import stat
from contextlib import suppress
from pathlib import Path

from halte.embedded.accounts import Account, user_name
from halte.embedded.errors import (
    AlreadyRunning,
    DataDirNotReachable,
    DataDirNotWritable,
    DataDirOfAnotherUser,
    SocketDirUnsafe,
)

# sun_path holds 108 bytes with its closing NUL.
_SOCKET_PATH_MAX_BYTES = 107
_LONGEST_SOCKET_NAME = "/.s.PGSQL.5432"


def default_data_dir(name: str = "halte") -> Path:
    """HALTE_DATA_DIR, else /var/lib/NAME for root, else NAME below the user's data directory."""
    if named := os.environ.get("HALTE_DATA_DIR"):
        return Path(named).expanduser()
    if os.geteuid() == 0:
        return Path("/var/lib") / name
    # The specification says that a relative path there is to be ignored.
    base = os.environ.get("XDG_DATA_HOME", "")
    return (Path(base) if base.startswith("/") else Path.home() / ".local" / "share") / name


def write_private(path: Path, words: str) -> None:
    """Put words into a file that only this process' user reads, all of them or none, whatever stood there before.

    As root we write into a folder of an account with fewer rights: a link that it put there is not followed.
    """
    unfinished = path.with_name(f"{path.name}.new")
    unfinished.unlink(missing_ok=True)
    with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(words + "\n")
        file.flush()
        os.fsync(file.fileno())
    unfinished.rename(path)


def read_private(path: Path) -> str | None:
    """Return the words of such a file, None where there are none; OSError where they cannot be read."""
    with suppress(FileNotFoundError), os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW), encoding="utf-8") as file:
        return file.read().strip() or None
    return None


class Layout:
    """Paths below one data directory, and the lock on it."""

    def __init__(self, data_dir: Path, account: Account) -> None:
        self.data_dir = data_dir.expanduser().absolute()
        self.account = account
        self.postgres = self.data_dir / "postgres"
        self.valkey = self.data_dir / "valkey"
        self.logs = self.data_dir / "log"
        self.binaries = self.data_dir / "binaries"
        self._secrets = self.data_dir / "secrets"
        self.sockets = self._choose_sockets()
        self._sockets_are_ours = False
        self._lock: int | None = None

    def prepare(self) -> None:
        """Make what is missing, take the lock, and see that the servers' account can work here."""
        try:
            self._make_data_dir()
            self._take_lock()
            for folder in (self._secrets, self.logs):
                _private_folder(folder)
            self.binaries.mkdir(mode=0o755, exist_ok=True)
            self._check_owner()
        except OSError as error:
            raise DataDirNotWritable(self.data_dir, error) from error
        self._make_sockets_dir()
        if not self.account.can(["/bin/sh", "-c", 'test -w "$1" && test -x "$2"', "sh", self.sockets, self.data_dir]):
            raise DataDirNotReachable(self.data_dir, self.account.name)

    def release(self) -> None:
        """Let go of the lock. The file stays: removing it would let two processes hold two files of one name."""
        if self._lock is not None:
            if self._sockets_are_ours and self.sockets.parent != self.data_dir:
                with suppress(OSError):  # not empty after a crash: the next start uses it again
                    self.sockets.rmdir()
            self._sockets_are_ours = False
            os.close(self._lock)
            self._lock = None

    def folder_of_the_account(self, path: Path) -> Path:
        """Make a private folder and hand it over."""
        try:
            if _private_folder(path):
                self.account.own(path)
        except OSError as error:
            raise DataDirNotWritable(path, error) from error
        return path

    def secret(self, name: str) -> tuple[str, bool]:
        """A password made once and kept in a file that only this process' user reads; true if it was made just now."""
        path = self._secrets / name
        if kept := read_private(path):
            return kept, False
        value = secrets.token_urlsafe(32)
        write_private(path, value)
        return value, True

    def forget_secret(self, name: str) -> None:
        (self._secrets / name).unlink(missing_ok=True)

    def _make_data_dir(self) -> None:
        if self.data_dir.is_dir():
            return
        self.data_dir.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
        self.data_dir.mkdir(mode=0o700)
        self.account.own(self.data_dir)

    def _check_owner(self) -> None:
        for path in (self.postgres, self.valkey, self.data_dir / "run"):
            if path.exists() and (owner := path.stat().st_uid) != self.account.uid:
                raise DataDirOfAnotherUser(path, user_name(owner), self.account.name)

    def _take_lock(self) -> None:
        path = self.data_dir / "halte.lock"
        # Not followed: as root we write into a folder that belongs to an account with fewer rights.
        lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(lock, 32).strip()
            os.close(lock)
            raise AlreadyRunning(self.data_dir, int(holder) if holder.isdigit() else None) from None
        os.ftruncate(lock, 0)
        os.write(lock, f"{os.getpid()}\n".encode())
        self._lock = lock

    def _choose_sockets(self) -> Path:
        if _fits(self.data_dir / "run"):
            return self.data_dir / "run"
        name = "halte-" + hashlib.sha256(os.fsencode(self.data_dir)).hexdigest()[:12]
        runtime = "/run" if os.geteuid() == 0 else os.environ.get("XDG_RUNTIME_DIR", "")
        if runtime.startswith("/") and os.access(runtime, os.W_OK) and _fits(Path(runtime) / name):
            return Path(runtime) / name
        return Path("/tmp") / f"{name}-{self.account.uid}"  # noqa: S108 - checked to be private before it is used

    def _make_sockets_dir(self) -> None:
        self.folder_of_the_account(self.sockets)
        status = self.sockets.lstat()
        # Below /tmp a stranger could have put a folder or a link of that name first, and would then hold our sockets.
        ours = stat.S_ISDIR(status.st_mode) and status.st_uid == self.account.uid
        if not ours or stat.S_IMODE(status.st_mode) != 0o700:
            raise SocketDirUnsafe(self.sockets)
        self._sockets_are_ours = True


def _fits(folder: Path) -> bool:
    if "," in str(folder):
        return False  # a client would read the rest as the name of another host
    return len(os.fsencode(folder)) + len(_LONGEST_SOCKET_NAME) <= _SOCKET_PATH_MAX_BYTES


def _private_folder(path: Path) -> bool:
    """Make it, with no moment in which it is open; false if it stood already."""
    try:
        path.mkdir(mode=0o700)
    except FileExistsError:
        return False
    return True
