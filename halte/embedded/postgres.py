"""The embedded Postgres: fsync and checksums on, SCRAM for everybody, one unix socket, no TCP.

The product's role is not a superuser, for row-level security does not bind one; a second password, kept apart, is the
superuser's (backups, tests that make databases). A folder of another major version is refused before it is touched.
"""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import subprocess
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote

from halte.embedded.binaries import Binaries
from halte.embedded.errors import OtherMajorVersion, ServerDidNotStart
from halte.embedded.layout import Layout
from halte.embedded.processes import Server

ROLE = DATABASE = "halte"
SUPERUSER = "postgres"
_READY_LINE = 7  # of postmaster.pid: what pg_ctl reads too, and it needs no connection
_INITDB_TIMEOUT_S = 120.0
_INITDB_OPTIONS = ("-A", "scram-sha-256", "--data-checksums", "--locale=C.UTF-8", "-E", "UTF8")
# A failed statement is a failed start, and its text, which holds a password, does not go to the log.
_SINGLE_USER_OPTIONS = ("-c", "exit_on_error=on", "-c", "log_min_error_statement=panic")

_OPTIONS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "cluster_name": "halte",  # shown by ps: a host may run other clusters
    "log_checkpoints": "off",  # this log is not rotated while the server runs
    "log_error_verbosity": "terse",  # the DETAIL of a violated constraint quotes the row (I9)
    "log_timezone": "UTC",
    "timezone": "UTC",
}


class Postgres(Server):
    name = "Postgres"
    process_names = frozenset({"postgres"})
    # Fast shutdown, then immediate: the first ends transactions and writes a checkpoint, the second leaves recovery.
    endings = ((signal.SIGINT, 20.0), (signal.SIGQUIT, 5.0))

    def __init__(self, layout: Layout, binaries: Binaries) -> None:
        super().__init__(layout, layout.postgres)
        self._binaries = binaries

    def url(self, role: str = ROLE, database: str = DATABASE) -> str:
        password, _ = self._layout.secret(_secret_of(role))
        return f"postgresql://{role}:{password}@/{database}?host={quote(str(self._layout.sockets), safe='/')}"

    def prepare(self) -> None:
        if not self.home.exists():
            self._initialise()
        self._check_version()
        self._drop_stale_pid_files()
        self._ensure_passwords()

    def command(self) -> list[str | Path]:
        # A comma or a space would end the folder's name where the setting is parsed.
        sockets = '"' + str(self._layout.sockets).replace('"', '""') + '"'
        options = _OPTIONS | {"unix_socket_directories": sockets}
        return [
            self._binaries.postgres,
            "-D",
            self.home,
            *(word for name, value in options.items() for word in ("-c", f"{name}={value}")),
        ]

    def is_ready(self) -> bool:
        lines = self._pid_file_lines()
        return len(lines) > _READY_LINE and lines[0] == str(self.pid) and lines[_READY_LINE].strip() == "ready"

    def _pid_file_lines(self) -> list[str]:
        try:
            return (self.home / "postmaster.pid").read_text().splitlines()
        except OSError:
            return []

    def _check_version(self) -> None:
        try:
            found = int((self.home / "PG_VERSION").read_text().strip())
        except (OSError, ValueError):
            raise ServerDidNotStart(
                self.name, self.log, f"{self.home} is not a data directory of Postgres; move it aside", ""
            ) from None
        if found != self._binaries.postgres_major:
            raise OtherMajorVersion(self.home, found, self._binaries.postgres_major)

    def _drop_stale_pid_files(self) -> None:
        """After a crash their number may be a stranger's by now, and Postgres would then refuse to start.

        Sound only here: the lock is ours, and no process of this folder is left (`end_orphans` saw to both).
        """
        if not self._processes():
            (self.home / "postmaster.pid").unlink(missing_ok=True)
            (self._layout.sockets / ".s.PGSQL.5432.lock").unlink(missing_ok=True)

    def _initialise(self) -> None:
        """Make a cluster aside and rename it: one that was interrupted half-way is never taken for a whole one."""
        unfinished = self.home.with_name("postgres.unfinished")
        shutil.rmtree(unfinished, ignore_errors=True)
        self._layout.folder_of_the_account(unfinished)
        for role in (ROLE, SUPERUSER):  # whatever passwords lie there were another cluster's
            self._layout.forget_secret(_secret_of(role))
        self._run_initdb(unfinished)
        role_password, _ = self._layout.secret(_secret_of(ROLE))
        superuser_password, _ = self._layout.secret(_secret_of(SUPERUSER))
        self._run_single_user(
            unfinished,
            f"ALTER ROLE {SUPERUSER} PASSWORD '{superuser_password}'",
            f"CREATE ROLE {ROLE} LOGIN PASSWORD '{role_password}'",
            f"CREATE DATABASE {DATABASE} OWNER {ROLE}",
            f"REVOKE ALL ON DATABASE {DATABASE} FROM PUBLIC",
        )
        unfinished.rename(self.home)

    def _run_initdb(self, home: Path) -> None:
        """initdb insists on a password file, and its account must read it: it gets one that opens nothing later."""
        password_file = self._layout.sockets / "initdb-password"
        password_file.unlink(missing_ok=True)
        with os.fdopen(os.open(password_file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(32))
        self._layout.account.own(password_file)
        try:
            self._run(
                [self._binaries.initdb, "-D", home, "-U", SUPERUSER, *_INITDB_OPTIONS, "--pwfile", password_file],
                "",
            )
        finally:
            password_file.unlink(missing_ok=True)

    def _ensure_passwords(self) -> None:
        """A cluster restored from a backup comes without our password files: new ones are made and set."""
        for role in (ROLE, SUPERUSER):
            password, new = self._layout.secret(_secret_of(role))
            if new:
                try:
                    self._run_single_user(self.home, f"ALTER ROLE {role} PASSWORD '{password}'")
                except BaseException:
                    # Else the next start would take it for the one in force.
                    self._layout.forget_secret(_secret_of(role))
                    raise

    def _run_single_user(self, home: Path, *statements: str) -> None:
        """Talk to a cluster that nobody can connect to; the passwords travel on its standard input, not in `ps`."""
        self._run(
            [self._binaries.postgres, "--single", "-D", home, *_SINGLE_USER_OPTIONS, "postgres"],
            "\n".join(statements) + "\n",
        )

    def _run(self, command: Sequence[str | Path], said: str) -> None:
        program = Path(command[0]).name
        try:
            with self.log.open("w") as log:
                done = subprocess.run(
                    command,
                    input=said,
                    stdout=log,
                    stderr=log,
                    text=True,
                    timeout=_INITDB_TIMEOUT_S,
                    check=False,
                    **self._layout.account.popen_options(),
                )
        except subprocess.TimeoutExpired:
            raise self._did_not_start(f"{program} was not done within {_INITDB_TIMEOUT_S:.0f} s") from None
        if done.returncode:
            raise self._did_not_start(f"{program} ended with code {done.returncode}")


def _secret_of(role: str) -> str:
    return f"postgres-{role}"
