"""Remembering how far a replay came, so that the next run goes on there: after Ctrl-C, and after a kill -9.

Written whole and put in place after every finished step; one that was under way is pushed again, with the same ids.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import msgspec

from halte.replay.accounting import Told


class NotOurs(Exception):
    """There is a file at the state's path, and it is not a replay's; the message says which."""


@dataclass(slots=True)
class Progress:
    """Of which source into which region, from which step on, up to which step, and what became of its rows."""

    file: str
    region: UUID
    first: str
    told: Told
    finished: str | None = None

    def finish(self, step: str, told: Told) -> None:
        self.finished = step
        self.told.add(told)


def recall(path: Path) -> Progress | None:
    """Return what the last run left; None where there was none."""
    try:
        written = path.read_bytes()
    except FileNotFoundError:
        return None
    try:
        return msgspec.json.decode(written, type=Progress)
    except msgspec.MsgspecError:
        # It was put in place whole, so this was never ours: it is not for us to overwrite.
        raise NotOurs(f"{path} is not the state of a replay. Name another file with --state.") from None


def remember(path: Path, progress: Progress) -> None:
    put_in_place(path, msgspec.json.encode(progress))


def put_in_place(path: Path, content: bytes) -> None:
    """Write a file whole, or leave the old one as it was.

    The folder may belong to the account of our servers, and we may be root: whatever that account has put at the
    partial file's name is taken away, never followed or written into.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    partial = path.with_name(f"{path.name}.part")
    partial.unlink(missing_ok=True)
    handle = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    with os.fdopen(handle, "wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())
    partial.replace(path)
