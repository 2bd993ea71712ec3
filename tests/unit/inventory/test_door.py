"""A fault of ours at the door of reports is told as one behind it: a problem document, without what broke."""

from __future__ import annotations

from typing import Any, cast

import msgspec
from litestar.types import HTTPScope

from inventory.region import Region
from inventory.reporting import Report
from inventory.routes import door
from kernel.access.model import public_principal
from kernel.ids import new_id


class _Broken:
    """A region whose lane has a fault."""

    @property
    def lane(self) -> _Broken:
        return self

    async def submit(self, _work: object) -> object:
        raise RuntimeError("which nobody outside may read")


async def test_a_fault_is_a_problem_document() -> None:
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    scope = cast("HTTPScope", {"type": "http", "method": "PUT", "path": "/api/v1/reports/1", "headers": []})
    region = cast("Region", _Broken())
    await door._answer(scope, send, public_principal(new_id()), region, cast("Report", None))
    start, body = sent
    assert start["status"] == 500
    assert dict(start["headers"])[b"content-type"] == b"application/problem+json"
    assert msgspec.json.decode(body["body"])["slug"] == "internal"
    assert b"nobody outside" not in body["body"]
