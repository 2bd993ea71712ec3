"""POST /placements/{id}/…: seen, accepted, declined, arrived, not come, cancelled, extended, handed over."""

from __future__ import annotations

from uuid import UUID

from litestar import Response, post
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import FromPath, JSONBody

from inventory.problems import AbsurdCount, NotYourShelter, ObservedAfterSent
from inventory.routes.answering import ApiRequest, region_of, reporter_of
from inventory.routes.dating import dated
from inventory.routes.refusals import BODY, WHO, WRITE
from inventory.schemas import hash_of
from kernel.access.model import Role
from kernel.access.policies import Policy, allow
from kernel.access.schemas import refusals
from kernel.problems import IdReused, Problem
from orientation.acting import PlacementAct, Said
from orientation.answering import Accept, Arrive, Decline, MissArrival, See
from orientation.following import Cancel, Extend, HandOver
from orientation.model.placement import Act, Party
from orientation.placement_bodies import ActBody, ArriveBody, CancelBody, DeclineBody, HandOverBody
from orientation.placement_records import whereabouts
from orientation.problems import AlreadyExtended, PlacementMovedOn, UnknownColleague, UnknownPlacement
from orientation.routes.placing import told
from orientation.routes.views import PlacedView
from orientation.store import at_the_desk

_STAFF = allow(Role.STAFF)
_DESK = allow(Role.DESK, Role.ADMINISTRATOR)
_EITHER = allow(Role.STAFF, Role.DESK, Role.ADMINISTRATOR)
_ANSWER = {200: ResponseSpec(PlacedView, generate_examples=False)}
_REFUSALS = (*WHO, *BODY, *WRITE, IdReused, NotYourShelter, PlacementMovedOn, UnknownPlacement)


def _act(name: str, policy: Policy, summary: str, *refused: type[Problem]) -> post:
    """Return the route of an act, and what else it may be refused for than any other."""
    return post(
        f"/placements/{{placement_id:uuid}}/{name}",
        status_code=200,
        opt={"policy": policy},
        responses=_ANSWER | refusals(*_REFUSALS, *refused),
        summary=summary,
    )


def _said(request: ApiRequest, placement_id: UUID, act: Act, event_id: UUID, *facts: object) -> Said:
    party = Party.SHELTER if request.user.role is Role.STAFF else Party.DESK
    return Said(event_id, request.user.id, party, placement_id, hash_of((act, placement_id, *facts)))


async def _do(request: ApiRequest, act: PlacementAct) -> Response[bytes]:
    return await told(request, act, act.said.placement_id)


async def _where(request: ApiRequest, placement_id: UUID) -> tuple[UUID, UUID]:
    """Return unit and shelter of the placement; whoever has no part in that shelter is told that there is none."""
    region = await region_of(request)
    found = await whereabouts(region.pool, region.id, placement_id)
    if found is None or (request.user.role is Role.STAFF and found[1] not in request.user.shelters):
        raise UnknownPlacement(placement=str(placement_id))
    return found


@_act("seen", _STAFF, "Somebody at the shelter has it before their eyes: it lapses no sooner than a grace after that")
async def see(request: ApiRequest, placement_id: FromPath[UUID], data: JSONBody[ActBody]) -> Response[bytes]:
    await _where(request, placement_id)
    return await _do(request, See(_said(request, placement_id, Act.SEEN, data.id)))


@_act("accept", _EITHER, "They may come")
async def accept(request: ApiRequest, placement_id: FromPath[UUID], data: JSONBody[ActBody]) -> Response[bytes]:
    await _where(request, placement_id)
    return await _do(request, Accept(_said(request, placement_id, Act.ACCEPT, data.id)))


@_act("decline", _EITHER, "They may not come, and why; what the reason says of the unit is a report", AbsurdCount)
async def decline(request: ApiRequest, placement_id: FromPath[UUID], data: JSONBody[DeclineBody]) -> Response[bytes]:
    data.check()
    unit_id, shelter_id = await _where(request, placement_id)
    region = await region_of(request)
    work = Decline(
        _said(request, placement_id, Act.DECLINE, data.id, data.reason, data.free),
        unit_id,
        reporter_of(request.user, shelter_id),
        shelter_id,
        data.reason,
        data.free,
        region.clock.now(),
    )
    return await _do(request, work)


@_act(
    "arrive",
    _EITHER,
    "They are inside: also where it had lapsed, or they had not been expected any more",
    ObservedAfterSent,
)
async def arrive(request: ApiRequest, placement_id: FromPath[UUID], data: JSONBody[ArriveBody]) -> Response[bytes]:
    data.check()
    unit_id, _ = await _where(request, placement_id)
    region = await region_of(request)
    received_at = region.clock.now()
    times = dated(request, data.occurred_at, data.sent_at, received_at)
    work = Arrive(
        _said(request, placement_id, Act.ARRIVE, data.id, data.occurred_at, data.counted_in),
        unit_id,
        times.client_at,
        times.sent_at,
        data.counted_in,
        received_at,
    )
    return await _do(request, work)


@_act("no-show", _EITHER, "They were accepted, and did not come")
async def miss(request: ApiRequest, placement_id: FromPath[UUID], data: JSONBody[ActBody]) -> Response[bytes]:
    await _where(request, placement_id)
    return await _do(request, MissArrival(_said(request, placement_id, Act.NO_SHOW, data.id)))


@_act("cancel", _EITHER, "Let go of it; the request waits again")
async def cancel(request: ApiRequest, placement_id: FromPath[UUID], data: JSONBody[CancelBody]) -> Response[bytes]:
    await _where(request, placement_id)
    return await _do(request, Cancel(_said(request, placement_id, Act.CANCEL, data.id, data.reason), data.reason))


@_act("extend", _DESK, "Give it more time, once", AlreadyExtended)
async def extend(request: ApiRequest, placement_id: FromPath[UUID], data: JSONBody[ActBody]) -> Response[bytes]:
    return await _do(request, Extend(_said(request, placement_id, Act.EXTEND, data.id)))


@_act("hand-over", _DESK, "Let a colleague at the desk follow it, and its request", UnknownColleague)
async def hand_over(request: ApiRequest, placement_id: FromPath[UUID], data: JSONBody[HandOverBody]) -> Response[bytes]:
    region = await region_of(request)
    if not await at_the_desk(region.pool, region.id, data.to):
        raise UnknownColleague(account=str(data.to))
    return await _do(request, HandOver(_said(request, placement_id, Act.HAND_OVER, data.id, data.to), data.to))


ACTS = [see, accept, decline, arrive, miss, cancel, extend, hand_over]
