"""What every route of the inventory shares: who asks, of which region, and what they may see of an answer (I11)."""

from __future__ import annotations

from typing import Any, TypeAlias
from uuid import UUID

import msgspec
from litestar import Request, Response

from inventory.model.audience import Audience, project, sees_exactly
from inventory.model.counting import Basis, Spoke
from inventory.problems import ChangedMeanwhile
from inventory.region import Region, Regions
from inventory.reporting import Reporter
from kernel.access.model import Principal, Role
from kernel.journal import Subject
from kernel.problems import Problem

ApiRequest: TypeAlias = Request[Principal, Any, Any]


def regions_of(request: ApiRequest) -> Regions:
    regions = request.app.state.regions
    if not isinstance(regions, Regions):
        raise TypeError("app.state.regions must hold the Regions of this node")
    return regions


async def region_of(request: ApiRequest) -> Region:
    return await regions_of(request).running(request.user.region_id)


def audience_of(principal: Principal) -> Audience:
    """Staff and machine keys see their own shelters exactly; nobody else sees a secret one so."""
    if principal.role in {Role.STAFF, Role.MACHINE}:
        return Audience(own=principal.shelters)
    return Audience()


def reporter_of(principal: Principal, shelter_id: UUID) -> Reporter:
    blind = shelter_id not in audience_of(principal).own
    if principal.kind == "key":
        basis = Basis(principal.basis or Basis.PHYSICAL)
        return Reporter(principal.id, Spoke.FEED, basis, principal.settle_lag_s, blind)
    return Reporter(principal.id, Spoke.PERSON, blind=blind)


def wire(subject: Subject, audience: Audience) -> msgspec.Raw:
    """Return one subject as this audience sees it, with its seq first; null where it may not."""
    shown = project(subject.kind, subject.body, audience)
    if shown is None:
        return msgspec.Raw(b"null")
    seq = subject.seq if sees_exactly(subject.kind, subject.body, audience) else subject.visible_seq
    return msgspec.Raw(b'{"seq":%d,%b' % (seq, shown[1:]))


def shown(problem: Problem, audience: Audience) -> Problem:
    """Put the states that a refusal carries into it, as this audience sees them."""
    if isinstance(problem, ChangedMeanwhile):
        problem.facts["units"] = [wire(subject, audience) for subject in problem.subjects]
    return problem


def answer(body: object, status: int = 200) -> Response[bytes]:
    return Response(
        msgspec.json.encode(body),
        status_code=status,
        media_type="application/json",
        headers={"Cache-Control": "no-store"},
    )


async def submit(request: ApiRequest, work: Any) -> Any:
    """Send one work through the lane of the caller's region; a refusal shows what the caller may see."""
    region = await region_of(request)
    try:
        return await region.lane.submit(work)
    except Problem as problem:
        raise shown(problem, audience_of(request.user)) from None
