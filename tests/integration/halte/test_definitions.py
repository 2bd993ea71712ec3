"""What an administrator says of a shelter and its units comes back as it was said, from everywhere it is shown."""

from __future__ import annotations

from kernel.ids import new_id
from tests.support.running import Running

SHELTER = {
    "name": "House of all attributes",
    "commune": "21004",
    "invented": True,
    "address": "Invented Street 9",
    "latitude": 50.85,
    "longitude": 4.35,
    "phone": "+32 2 000 00 00",
    "languages": ["fr", "nl", "ar"],
    "opens": "18:00:00",
    "closes": "09:00:00",
    "intake_from": "19:00:00",
    "intake_to": "22:30:00",
}
UNIT = {
    "name": "Rooms of four",
    "audience": ["families", "women"],
    "age_min": 18,
    "age_max": 65,
    "party_min": 2,
    "party_max": 4,
    "allotment": "room",
    "room_size": 4,
    "regime": "admission",
    "turnover": "continuing",
    "step_free": True,
    "pets": False,
    "tolerance": "supervised",
    "medical_care": True,
    "max_stay_nights": 270,
    "surge": True,
    "expires_at": "2199-01-01T11:00:00Z",
}


async def test_every_attribute_comes_back_as_it_was_said(halte: Running) -> None:
    shelter, unit = new_id(), new_id()
    async with halte.region.client("admin") as admin:
        said = SHELTER | {"operator": str(halte.region.operator)}
        assert (await admin.put(f"/shelters/{shelter}", json=said)).status_code == 200
        answer = await admin.put(f"/units/{unit}", json=UNIT | {"shelter": str(shelter), "capacity": 7})
        assert answer.status_code == 200, answer.text
        state = answer.json()["state"]
        assert (state["status"], state["free"], state["capacity"]) == ("awaiting-report", 0, 7)
        board = (await admin.get(f"/board?shelter={shelter}")).json()
        read = (await admin.get(f"/shelters/{shelter}")).json()
    for body in (board["shelters"][0], read["shelter"]):
        (about,) = body["units"]
        assert {name: about[name] for name in UNIT} == UNIT
        located = SHELTER | {"location": [SHELTER["longitude"], SHELTER["latitude"]]}
        for name in located.keys() - {"latitude", "longitude"}:
            assert body[name] == located[name], name
    async with halte.region.client("desk") as desk:
        assert (await desk.put(f"/shelters/{shelter}", json=said)).status_code == 403
    async with halte.region.client("admin") as admin:
        assert (await admin.delete(f"/units/{unit}")).status_code == 200
