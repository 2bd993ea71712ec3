"""Orientation's routes under /api/v1."""

from __future__ import annotations

from litestar.types import ControllerRouterHandler

from orientation.routes.requests import get_events, get_request, get_requests, post_request


def orientation_routes() -> list[ControllerRouterHandler]:
    return [post_request, get_requests, get_request, get_events]
