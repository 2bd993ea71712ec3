"""PUT /reports/{id} and POST /reports: what shelters say is free."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
from litestar import Response, post, put
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import FromPath, JSONBody

from inventory.model.audience import Audience
from inventory.problems import (
    AbsurdCount,
    ChangedMeanwhile,
    NotYourShelter,
    ObservedAfterSent,
    RepeatedUnit,
    UnknownUnit,
    WrongNight,
)
from inventory.reporting import Report, ReportAnswer
from inventory.routes.answering import ApiRequest, answer, audience_of, region_of, reporter_of, shown, submit, wire
from inventory.routes.dating import dated
from inventory.routes.refusals import BODY, WHO, WRITE
from inventory.routes.views import BatchedView, BatchView, ReportView, UnitAnswerView
from inventory.schemas import BatchBody, BatchedReportBody, ReportBody, check_instant, hash_of
from kernel.access.model import Principal, Role, Verb
from kernel.access.policies import allow
from kernel.access.schemas import refusals
from kernel.problems import IdReused, Problem, document, negotiate
from kernel.reading import invalid

_REPORTERS = allow(Role.STAFF, Role.DESK, Role.ADMINISTRATOR, verb=Verb.REPORT)
_REFUSALS = (
    AbsurdCount,
    ChangedMeanwhile,
    IdReused,
    NotYourShelter,
    ObservedAfterSent,
    RepeatedUnit,
    UnknownUnit,
    WrongNight,
)


def report_of(report_id: UUID, body: ReportBody, principal: Principal, received_at: datetime) -> Report:
    """Turn a parsed body into the lane's work. `sent_at` is not part of the body's identity (I10)."""
    check_instant("observed_at", body.observed_at)
    check_instant("sent_at", body.sent_at)
    return Report(
        id=report_id,
        reporter=reporter_of(principal, body.shelter),
        shelter_id=body.shelter,
        lines=tuple(line.line(body.observed_at, body.night) for line in body.units),
        body_hash=hash_of((body.shelter, body.units, body.observed_at, body.night)),
        observed_at=body.observed_at,
        sent_at=body.sent_at,
        night=body.night,
        received_at=received_at,
    )


def view_of(told: ReportAnswer, audience: Audience) -> ReportView:
    return ReportView(told.report_id, told.repeated, _units(told, audience))


def _units(told: ReportAnswer, audience: Audience) -> list[UnitAnswerView]:
    return [UnitAnswerView(one.unit_id, one.outcome, wire(one.subject, audience)) for one in told.units]


@put(
    "/reports/{report_id:uuid}",
    opt={"policy": _REPORTERS},
    responses={200: ResponseSpec(ReportView, generate_examples=False)} | refusals(*WHO, *BODY, *WRITE, *_REFUSALS),
    summary="Report how many places are free",
)
async def put_report(request: ApiRequest, report_id: FromPath[UUID], data: JSONBody[ReportBody]) -> Response[bytes]:
    region = await region_of(request)
    received_at = region.clock.now()
    report = report_of(report_id, data, request.user, received_at)
    times = dated(request, data.observed_at, data.sent_at, received_at)
    report = replace(report, observed_at=times.client_at, sent_at=times.sent_at)
    told: ReportAnswer = await submit(request, report)
    return answer(view_of(told, audience_of(request.user)))


@post(
    "/reports",
    status_code=200,
    opt={"policy": _REPORTERS},
    responses={200: ResponseSpec(BatchView, generate_examples=False)} | refusals(*WHO, *BODY, *WRITE),
    summary="Send up to 1,000 reports, with an answer for each",
)
async def post_reports(request: ApiRequest, data: JSONBody[BatchBody]) -> Response[bytes]:
    language = negotiate(request.headers.get("accept-language"))
    region = await region_of(request)
    received_at = region.clock.now()
    # They came in this order, and those that name no time of their own are told in it.
    arrivals = (received_at + timedelta(microseconds=n) for n in range(len(data.reports)))
    works = [_parse(item, request.user, arrived) for item, arrived in zip(data.reports, arrivals, strict=True)]
    good = [work for work in works if isinstance(work, Report)]
    outcomes = iter(await region.lane.submit_all(good))
    audience = audience_of(request.user)
    answers = [
        _batched(item, next(outcomes) if isinstance(work, Report) else work, audience, language)
        for item, work in zip(data.reports, works, strict=True)
    ]
    return answer(BatchView(answers))


def _parse(item: Any, principal: Principal, received_at: datetime) -> Report | Problem:
    try:
        body = msgspec.convert(item, BatchedReportBody)
        return report_of(body.report, body, principal, received_at)
    except msgspec.ValidationError as error:
        return invalid(error, "item")
    except Problem as problem:
        return problem


def _batched(item: Any, outcome: ReportAnswer | Problem, audience: Audience, language: str) -> BatchedView:
    named = item.get("report") if isinstance(item, dict) else None
    report = named if isinstance(named, str) else None
    if isinstance(outcome, Problem):
        problem = document(shown(outcome, audience), language)
        return BatchedView(report, outcome.status, problem=problem)
    return BatchedView(report, 200, repeated=outcome.repeated, units=_units(outcome, audience))
