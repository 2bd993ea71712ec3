"""I1: what an error means depends on how far the write had come."""

from __future__ import annotations

import asyncpg
import pytest

from kernel.blaming import Contradiction, Sent, blame
from kernel.problems import Busy, OutcomeUnknown, Problem

# The error, what it means before COMMIT was sent, and what it means once it was.
MEANINGS: list[tuple[Exception, type[Problem] | None, type[Problem] | None]] = [
    (ConnectionRefusedError(), Busy, OutcomeUnknown),
    (TimeoutError(), Busy, OutcomeUnknown),
    (asyncpg.InterfaceError("connection is closed"), Busy, OutcomeUnknown),
    (asyncpg.InternalClientError(), Busy, OutcomeUnknown),
    (asyncpg.ConnectionDoesNotExistError(), Busy, OutcomeUnknown),
    (asyncpg.AdminShutdownError(), Busy, OutcomeUnknown),
    (asyncpg.CrashShutdownError(), Busy, OutcomeUnknown),
    (asyncpg.CannotConnectNowError(), Busy, OutcomeUnknown),
    (asyncpg.QueryCanceledError(), Busy, OutcomeUnknown),
    (asyncpg.TooManyConnectionsError(), Busy, Busy),
    (asyncpg.DiskFullError(), Busy, Busy),
    (asyncpg.OutOfMemoryError(), Busy, Busy),
    (asyncpg.InvalidPasswordError(), Busy, Busy),
    (asyncpg.InvalidAuthorizationSpecificationError(), Busy, Busy),
    (asyncpg.ReadOnlySQLTransactionError(), Busy, Busy),
    (asyncpg.CheckViolationError(), None, None),
    (asyncpg.DeadlockDetectedError(), None, None),
    (asyncpg.LockNotAvailableError(), None, None),
    (asyncpg.DataError(), None, None),
    (Contradiction(), None, None),
    (ZeroDivisionError(), None, None),
]


def _kind(problem: Problem | None) -> type[Problem] | None:
    return None if problem is None else type(problem)


@pytest.mark.parametrize("error, before, midst", MEANINGS, ids=lambda value: getattr(value, "__name__", repr(value)))
def test_who_is_to_blame(error: Exception, before: type[Problem] | None, midst: type[Problem] | None) -> None:
    assert _kind(blame(error, Sent.NOTHING)) is before
    assert _kind(blame(error, Sent.COMMIT)) is midst


@pytest.mark.parametrize("error", [error for error, _, _ in MEANINGS], ids=repr)
def test_no_item_is_to_blame_before_any_was_sent(error: Exception) -> None:
    assert _kind(blame(error, Sent.UNBEGUN)) is Busy


@pytest.mark.parametrize("error", [error for error, _, _ in MEANINGS], ids=repr)
def test_nothing_undoes_what_was_committed(error: Exception) -> None:
    assert _kind(blame(error, Sent.KEPT)) is OutcomeUnknown
