"""Blaming: what an error of Postgres means for whoever waits for a write (I1).

Before COMMIT is sent, nothing can have been kept, whatever broke. Once it is sent, a connection that breaks leaves the
outcome unknown. Where COMMIT has answered, the write stands, whatever comes after it.
"""

from __future__ import annotations

from enum import Enum

import asyncpg

from kernel.problems import Busy, OutcomeUnknown, Problem


class Sent(Enum):
    """How far a write had come."""

    UNBEGUN = "no connection was had"
    NOTHING = "its COMMIT was not sent"
    COMMIT = "its COMMIT was sent"
    KEPT = "its COMMIT was answered"


class Contradiction(Exception):
    """A guarded statement did not find what the batch was decided on: nothing of it may be kept."""


# The transaction is dead on the server, and what it was about is to blame; nothing of it was kept.
ROLLED_BACK = (asyncpg.PostgresError, Contradiction)

# The connection is gone or silent.
_LOST = (
    OSError,
    TimeoutError,
    asyncpg.InterfaceError,
    # What asyncpg says of a connection that was killed while it lay idle in the pool.
    asyncpg.InternalClientError,
)
# SQLSTATE classes: a connection that broke (08), a server that is shut down, crashed or starting, or an operator who
# ended it (57). Said in the midst of a COMMIT, they leave open whether it happened.
_LOST_CLASSES = ("08", "57")
# No room, no memory, no connection left (53); not let in (28). Said of a COMMIT, they mean that it was rolled back.
_AWAY_CLASSES = ("53", "28")
# The old primary after a switch: its successor will take it.
_READ_ONLY = "25006"


def blame(error: Exception, sent: Sent) -> Problem | None:
    """Return the answer for everybody in the batch; None where an item may be to blame, and nothing is kept."""
    if sent is Sent.KEPT:
        return OutcomeUnknown()
    if sent is Sent.UNBEGUN:
        return Busy()
    state = (error.sqlstate or "") if isinstance(error, asyncpg.PostgresError) else ""
    if isinstance(error, _LOST) or state[:2] in _LOST_CLASSES:
        return Busy() if sent is Sent.NOTHING else OutcomeUnknown()
    if state[:2] in _AWAY_CLASSES or state == _READ_ONLY:
        return Busy()
    return None
