"""The refusals of orientation, each with its own slug (docs/problems.md)."""

from __future__ import annotations

from kernel.problems import Problem


class UnknownRequest(Problem):
    slug = "unknown-request"
    status = 404


class UnknownPlacement(Problem):
    slug = "unknown-placement"
    status = 404


class RequestClosed(Problem):
    """Nothing more is held for it: it has its outcome."""

    slug = "request-closed"
    status = 409


class PartyTooLarge(Problem):
    """No allotment of the unit takes a party of that size."""

    slug = "party-too-large"
    status = 409
