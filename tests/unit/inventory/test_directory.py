"""The directory of a board is one of its moment: who tells a large board in portions goes on with the one they have."""

from __future__ import annotations

from uuid import UUID

import msgspec

from inventory.bodies import OperatorBody, ShelterBody, UnitAbout
from inventory.directory import Directory
from kernel.journal import Head, Range, Subject
from kernel.live.mirror import Mirror

REGION, EPOCH, SHELTER, UNIT = (UUID(int=number) for number in range(1, 5))
_NOTHING: dict[str, None] = dict.fromkeys(ShelterBody.__struct_fields__ + UnitAbout.__struct_fields__)


def _shelter(seq: int, commune: str, *units: UUID) -> Subject:
    about = {"name": "A", "audience": ["men"], "party_min": 1, "allotment": "place", "regime": "night"}
    about |= {"turnover": "nightly", "surge": False}
    body = _NOTHING | {"id": SHELTER, "operator": OperatorBody(SHELTER, "B"), "name": "C", "commune": commune}
    body |= {"secret": False, "invented": False, "closed": False, "languages": []}
    body |= {"units": [_NOTHING | about | {"id": unit} for unit in units]}
    return Subject("shelter", SHELTER, seq, seq, False, msgspec.json.encode(body))


def test_what_was_given_does_not_change_any_more() -> None:
    mirror = Mirror(REGION)
    directory = Directory(mirror)
    mirror.replace(Head(EPOCH, 1), [_shelter(1, "21004", UNIT)])
    given = directory.units()
    assert given[str(UNIT)]["commune"] == "21004"
    mirror.apply(Range(REGION, EPOCH, 1, 2, (_shelter(2, "21009", UNIT),)))
    assert directory.units()[str(UNIT)]["commune"] == "21009"
    assert given[str(UNIT)]["commune"] == "21004"
    mirror.apply(Range(REGION, EPOCH, 2, 3, (_shelter(3, "21009"),)))
    assert not directory.units()
    assert given[str(UNIT)]["commune"] == "21004"
    assert directory.units() is directory.units(), "made anew only after a change"
