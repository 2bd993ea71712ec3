"""Reading: a body is JSON of exactly the type its operation takes, decoded once, or refused by name.

Litestar converts leniently, for the sake of query parameters: "4" would be 4 and 1 an instant.
What is decoded here is already of the handler's type, and passes its conversion as it is.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import msgspec
from litestar import Request
from litestar.datastructures.state import State

from kernel.problems import InvalidBody, MalformedJson, UnsupportedMediaType


class StrictRequest(Request[Any, Any, State]):
    """The request class of the application."""

    async def json(self) -> Any:
        """Return the body as the handler's type of `data`."""
        named = self.headers.get("content-type", "application/json").partition(";")[0].strip().lower()
        if named != "application/json" and not named.endswith("+json"):
            raise UnsupportedMediaType
        data = self.route_handler.parsed_data_field
        return _decode(await self.body(), _decoder(data.annotation if data is not None else Any))


@cache
def _decoder(annotation: Any) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(annotation)


def _decode(body: bytes, decoder: msgspec.json.Decoder[Any]) -> Any:
    try:
        return decoder.decode(body)
    except msgspec.ValidationError as error:
        raise invalid(error) from None
    except (msgspec.DecodeError, RecursionError, UnicodeError):
        raise MalformedJson from None


def invalid(error: msgspec.ValidationError, whole: str = "body") -> InvalidBody:
    """Name the member that is wrong; `whole` where it is all of it."""
    why, _, where = str(error).partition(" - at ")
    return InvalidBody(where=where.strip("`").removeprefix("$").removeprefix(".") or whole, why=why)
