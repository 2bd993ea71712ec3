"""Programs of servers that have a library loaded before their own: a clock that can be set, a disk that can fail."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from shlex import quote

from halte.embedded import Binaries, locate_binaries, resolve_account
from halte.embedded.binaries import executable_by

_LIBFAKETIME = "/usr/lib/*/faketime/libfaketimeMT.so.1"


def preloaded_postgres(home: Path, environment: Mapping[str, str]) -> Binaries:
    """Return the programs there are, with a Postgres that runs in this environment too. initdb is as it was."""
    below = home / "programs"
    below.mkdir(mode=0o755)
    real = executable_by(resolve_account(None), locate_binaries(), below)
    wrapped = below / "wrapped"
    wrapped.mkdir(mode=0o755)
    (wrapped / "initdb").symlink_to(real.initdb)
    words = " ".join(f"{name}={quote(value)}" for name, value in environment.items())
    (wrapped / "postgres").write_text(f'#!/bin/sh\nexec env {words} {quote(str(real.postgres))} "$@"\n')
    (wrapped / "postgres").chmod(0o755)
    return replace(real, postgres_bin=wrapped)


def libfaketime() -> Path | None:
    return next(iter(sorted(Path("/").glob(_LIBFAKETIME.lstrip("/")))), None)


@dataclass(frozen=True, slots=True)
class FakedClock:
    """The wall clock of some processes, as far ahead of ours as its file says. Their monotonic clock is ours."""

    file: Path

    def environment(self) -> dict[str, str]:
        return {
            "LD_PRELOAD": str(libfaketime()),
            "FAKETIME_TIMESTAMP_FILE": str(self.file),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "DONT_FAKE_MONOTONIC": "1",
            "NO_FAKE_STAT": "1",
        }

    def set(self, ahead_s: float) -> None:
        """Set it at once for whoever runs by it."""
        new = self.file.with_suffix(".new")
        new.write_text(f"{ahead_s:+.3f}\n")
        new.chmod(0o644)
        new.rename(self.file)
