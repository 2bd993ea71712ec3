"""PUT /clock: in a demonstration an administrator sets the shown time and its speed (I12)."""

from __future__ import annotations

from datetime import datetime

from litestar import Response, get, put
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import JSONBody

from inventory.model.night import night_of
from inventory.problems import DemoOnly
from inventory.region import Region
from inventory.routes.answering import ApiRequest, answer, region_of, regions_of
from inventory.routes.refusals import BODY, WHO, WRITE
from inventory.routes.views import ClockView
from inventory.schemas import ClockBody, check_instant
from kernel.access.model import ACCOUNT_ROLES, Role, Verb
from kernel.access.policies import allow
from kernel.access.schemas import refusals

_ANSWER = {200: ResponseSpec(ClockView, generate_examples=False)}
_SET = """
INSERT INTO demo_clock (id, real_anchor, shown_anchor, speed) VALUES (1, clock_timestamp(), $1, $2)
ON CONFLICT (id) DO UPDATE SET real_anchor = excluded.real_anchor, shown_anchor = excluded.shown_anchor,
    speed = excluded.speed
"""


@get(
    "/clock",
    opt={"policy": allow(*ACCOUNT_ROLES, verb=Verb.READ)},
    responses=_ANSWER | refusals(*WHO),
    summary="Read the time that decides",
)
async def read_clock(request: ApiRequest) -> Response[bytes]:
    return await _told(await region_of(request))


@put(
    "/clock",
    opt={"policy": allow(Role.ADMINISTRATOR)},
    responses=_ANSWER | refusals(*WHO, *BODY, *WRITE, DemoOnly),
    summary="Set the shown time of a demonstration",
)
async def put_clock(request: ApiRequest, data: JSONBody[ClockBody]) -> Response[bytes]:
    region = await region_of(request)
    if not request.app.state.settings.demo:
        raise DemoOnly
    check_instant("now", data.now)
    if data.now is None:
        await region.pool.execute("DELETE FROM demo_clock")
    else:
        await region.pool.execute(_SET, data.now, data.speed)
    await region.clock.refresh()
    for one in regions_of(request).all():
        # Noon may lie between the old time and the new one: do not wait for the next sweep.
        await one.turn()
    return await _told(region)


async def _told(region: Region) -> Response[bytes]:
    row = await region.pool.fetchrow(
        "SELECT halte_now() AS now, coalesce((SELECT speed FROM demo_clock), 1.0) AS speed"
    )
    now: datetime = row["now"] if row else region.clock.now()
    return answer(ClockView(now, row["speed"] if row else 1.0, night_of(now, region.zone)))
