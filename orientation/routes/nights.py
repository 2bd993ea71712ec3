"""GET /nights/{date}: what became of those who asked. Unmet need is counted from requests."""

from __future__ import annotations

from collections import Counter
from datetime import date

import msgspec
from litestar import Response, get
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import FromPath

from inventory.routes.answering import ApiRequest, answer, region_of
from inventory.routes.refusals import WHO
from kernel.access.schemas import refusals
from kernel.problems import InvalidParameter
from orientation.counting import Count, count_night
from orientation.model.counts import Kind
from orientation.routes.requests import READERS


class CountView(msgspec.Struct):
    """`reason` is null where the outcome has none."""

    regime: str
    party: str
    outcome: str
    reason: str | None
    requests: int
    people: int


class NightView(msgspec.Struct):
    """Requests by outcome (`waiting` and `held` while there is none), and the numbers that they are sums of."""

    night: date
    asked: int
    people: int
    outcomes: dict[str, int]
    reasons: dict[str, int]
    regimes: dict[str, int]
    parties: dict[str, int]
    counts: list[CountView]


@get(
    "/nights/{night:date}",
    opt={"policy": READERS},
    responses={200: ResponseSpec(NightView, generate_examples=False)} | refusals(*WHO, InvalidParameter),
    summary="Count the requests of a night by outcome, reason, regime and group",
)
async def get_night(request: ApiRequest, night: FromPath[date]) -> Response[bytes]:
    region = await region_of(request)
    return answer(_view(night, await count_night(region.pool, region.id, night)))


def _view(night: date, counts: dict[Kind, Count]) -> NightView:
    def by(name: str) -> dict[str, int]:
        sums: Counter[str] = Counter()
        for kind, count in counts.items():
            sums[getattr(kind, name)] += count.requests
        return {value: number for value, number in sorted(sums.items()) if value}

    return NightView(
        night=night,
        asked=sum(count.requests for count in counts.values()),
        people=sum(count.people for count in counts.values()),
        outcomes=by("outcome"),
        reasons=by("reason"),
        regimes=by("regime"),
        parties=by("party"),
        counts=[
            CountView(kind.regime, kind.party, kind.outcome, kind.reason or None, count.requests, count.people)
            for kind, count in sorted(counts.items())
        ],
    )
