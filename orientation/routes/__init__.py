"""Orientation's routes under /api/v1."""

from __future__ import annotations

from litestar.types import ControllerRouterHandler

import orientation.problems  # noqa: F401  registered with the product


def orientation_routes() -> list[ControllerRouterHandler]:
    return []
