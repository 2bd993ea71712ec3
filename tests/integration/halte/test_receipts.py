"""Receipts: a request is followed without an account, coarsely, never where, and not by guessing."""

from __future__ import annotations

from kernel.ids import new_id
from orientation.routes.receipts import RECEIPT_RATION
from tests.integration.halte.test_requests import asked, refused
from tests.support.running import Running

COARSE = {"state", "asked_at", "refreshed_at", "expires_at"}


async def test_a_receipt_says_how_it_stands_and_no_more(halte: Running) -> None:
    told = await asked(halte)
    request, receipt = told["request"], told["receipt"]
    async with halte.region.client() as public, halte.region.client("desk") as desk:
        shown = (await public.get(f"/receipts/{receipt}")).json()
        assert shown.keys() == COARSE
        assert (shown["state"], shown["expires_at"]) == ("waiting", request["expires_at"])
        assert (await public.get(f"/receipts/{receipt.lower().replace('-', '')}")).json() == shown
        # Said again within the minute, it is said already.
        refreshed = await public.post(f"/receipts/{receipt}/refresh")
        assert (refreshed.status_code, refreshed.json()) == (200, shown)
        placed = {"request": request["id"], "unit": str(halte.region.men), "replaces": None}
        assert (await desk.put(f"/placements/{new_id()}", json=placed)).status_code == 200
        held = await public.get(f"/receipts/{receipt}")
        assert (held.json()["state"], held.json()["expires_at"]) == ("place-held", None)
        assert held.headers["cache-control"] == "no-store"
        closing = {"id": str(new_id()), "base_version": 1, "outcome": "withdrawn"}
        # The place was held after whoever closes it had looked: they must see it before it is given away.
        unseen = refused(await desk.post(f"/requests/{request['id']}/close", json=closing), 409, "request-changed")
        assert unseen["request"]["state"] == "held"
        closing["base_version"] = unseen["request"]["version"]
        assert (await desk.post(f"/requests/{request['id']}/close", json=closing)).status_code == 200
        assert (await public.get(f"/receipts/{receipt}")).json()["state"] == "closed"
        refused(await public.post(f"/receipts/{receipt}/refresh"), 409, "request-closed")


async def test_nonsense_and_a_stranger_are_told_the_same_and_a_guesser_is_slowed(halte: Running) -> None:
    async with halte.region.client() as public:
        secrets = ("ABCD-EFGH-JKLM", "0", "%C3%A9", "x" * 500)
        answers = [await public.get(f"/receipts/{secret}") for secret in secrets]
        documents = [answer.json() | {"instance": None} for answer in answers]
        assert documents == [documents[0]] * 4
        assert (answers[0].status_code, documents[0]["slug"]) == (404, "unknown-receipt")
        for _ in range(RECEIPT_RATION.burst):
            answer = await public.post("/receipts/ABCD-EFGH-JKLM/refresh")
        assert refused(answer, 429, "too-often")["retry_after_s"] >= 1
        assert answer.headers["retry-after"].isdigit()
