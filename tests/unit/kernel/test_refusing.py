"""What is told of an error that no route expected."""

from __future__ import annotations

import asyncpg
import msgspec
import pytest
from litestar.testing import RequestFactory

from kernel.refusing import answer_unexpected


@pytest.mark.parametrize(
    "error, status, slug",
    [
        (ConnectionRefusedError(), 503, "outcome-unknown"),
        (asyncpg.InterfaceError("connection is closed"), 503, "outcome-unknown"),
        (asyncpg.AdminShutdownError("terminating"), 503, "outcome-unknown"),
        (asyncpg.TooManyConnectionsError("no more"), 503, "busy"),
        (asyncpg.UndefinedColumnError("a slip of ours"), 500, "internal"),
        (ValueError("another"), 500, "internal"),
    ],
)
def test_a_postgres_that_is_away_is_no_fault_of_ours(error: Exception, status: int, slug: str) -> None:
    request = RequestFactory().get("/anything")
    request.scope["path_template"] = "/anything"
    answer = answer_unexpected(request, error)
    assert (answer.status_code, msgspec.json.decode(answer.content)["slug"]) == (status, slug)
