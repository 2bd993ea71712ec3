"""The refusals of plans, each with its own slug (docs/problems.md); some are why a plan failed."""

from __future__ import annotations

from kernel.problems import Problem


class UnknownPlan(Problem):
    slug = "unknown-plan"
    status = 404


class PlanRunning(Problem):
    """Another plan of the region is being worked out; `plan` is its id."""

    slug = "plan-running"
    status = 409


class PlanMovedOn(Problem):
    """It is past that: `state` says how it stands."""

    slug = "plan-moved-on"
    status = 409


class PlanNightOver(Problem):
    """It was made for a night that is past."""

    slug = "plan-night-over"
    status = 409


class PlanOutOfTime(Problem):
    """Working it out took longer than it may."""

    slug = "plan-out-of-time"
    status = 503


class PlanFailed(Problem):
    """What works plans out has ended without a result."""

    slug = "plan-failed"
    status = 503


class PlanInterrupted(Problem):
    """The node that worked it out was stopped, or is gone."""

    slug = "plan-interrupted"
    status = 503


class PreviewRunning(Problem):
    """Other rules are being tried on past nights already."""

    slug = "preview-running"
    status = 409


class UnknownPreview(Problem):
    """It is kept in one node's memory, and not for long."""

    slug = "unknown-preview"
    status = 404
