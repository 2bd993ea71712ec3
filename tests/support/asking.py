"""What the desk says of a household, as it goes over the wire."""

from __future__ import annotations

from typing import Any

from kernel.ids import new_id
from tests.support.region import SmallRegion

A_MAN = {"age": "26-59", "gender": "man", "relation": "self"}
A_WOMAN = {"age": "26-59", "gender": "woman", "relation": "self"}


async def ask(
    region: SmallRegion, *party: dict[str, str], continues: str | None = None, login: str = "desk", **needs: Any
) -> dict[str, Any]:
    """Ask for a place tonight, as somebody at the desk; return the answer, with the request and its receipt."""
    body = {"id": str(new_id()), "regime": "night", "channel": "phone", "party": party, "continues": continues}
    async with region.client(login) as desk:
        answer = await desk.post("/requests", json=body | {"needs": needs})
    assert answer.status_code == 201, answer.text
    told: dict[str, Any] = answer.json()
    return told
