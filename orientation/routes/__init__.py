"""Orientation's routes under /api/v1."""

from __future__ import annotations

from litestar.types import ControllerRouterHandler

from orientation.routes.policies import put_orientation_policy, read_orientation_policies
from orientation.routes.requests import get_events, get_request, get_requests, post_request
from orientation.routes.suggestions import read_suggestions


def orientation_routes() -> list[ControllerRouterHandler]:
    return [
        post_request,
        get_requests,
        get_request,
        get_events,
        read_suggestions,
        read_orientation_policies,
        put_orientation_policy,
    ]
