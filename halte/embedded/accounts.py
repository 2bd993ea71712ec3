"""As whom the servers run: ourselves, or, started as root, an account that may do less.

Postgres refuses to run as root, and neither server needs a root's rights to hold shelters' counts.
"""

from __future__ import annotations

import os
import pwd
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from halte.embedded.errors import AccountUnusable

_PREFERRED = ("postgres", "nobody")
# A child inherits nothing that could steer it: PGDATA, PGPORT or LD_PRELOAD of whoever started us are not meant for it.
_ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "TZ": "UTC"}


@dataclass(frozen=True, slots=True)
class Account:
    name: str
    uid: int
    gid: int
    # Whether it is somebody else than this process: then files are handed over and children change user.
    other: bool

    def own(self, path: Path) -> None:
        """Hand over something this process has just made."""
        if self.other:
            os.chown(path, self.uid, self.gid, follow_symlinks=False)

    def popen_options(self) -> dict[str, Any]:
        """Keyword arguments for subprocess: who the child is, and what it inherits."""
        options: dict[str, Any] = {"cwd": "/", "umask": 0o077, "env": dict(_ENVIRONMENT)}
        if self.other:
            options |= {"user": self.uid, "group": self.gid, "extra_groups": []}
        return options

    def can(self, command: Sequence[str | Path], timeout_s: float = 10) -> bool:
        """Run a short command as this account: only the kernel knows what permissions, mounts and namespaces allow."""
        try:
            done = subprocess.run(
                command,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=timeout_s,
                check=False,
                **self.popen_options(),
            )
        except (OSError, subprocess.SubprocessError):
            return False
        return done.returncode == 0


def resolve_account(run_as: str | None) -> Account:
    """`run_as` is HALTE_RUN_AS; without it root chooses `postgres`, else `nobody`."""
    if os.geteuid() != 0:
        return _ourselves(run_as)
    for name in (run_as,) if run_as else _PREFERRED:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        if entry.pw_uid == 0:
            raise AccountUnusable(f"HALTE_RUN_AS={name} is root, as whom Postgres refuses to run: name another user.")
        return Account(name, entry.pw_uid, entry.pw_gid, other=True)
    wanted = run_as or " or ".join(_PREFERRED)
    raise AccountUnusable(f"There is no user {wanted} on this machine: name one that exists with HALTE_RUN_AS.")


def _ourselves(run_as: str | None) -> Account:
    uid = os.geteuid()
    name = user_name(uid)
    if run_as and run_as != name:
        raise AccountUnusable(f"Only root can run the servers as {run_as}: unset HALTE_RUN_AS, or start as root.")
    return Account(name, uid, os.getegid(), other=False)


def user_name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:  # containers run under ids that no passwd file knows
        return str(uid)
