"""Orientation's routes under /api/v1."""

from __future__ import annotations

from litestar.types import ControllerRouterHandler

from orientation.routes.acts import ACTS
from orientation.routes.draws import DRAWS
from orientation.routes.nights import get_night
from orientation.routes.placements import read_address, read_must_moves, read_placement, read_placements
from orientation.routes.placing import post_placements, put_placement
from orientation.routes.plans import PLANS
from orientation.routes.policies import put_orientation_policy, read_orientation_policies
from orientation.routes.previews import get_preview, post_preview
from orientation.routes.receipts import get_receipt, refresh_receipt
from orientation.routes.request_acts import (
    close_request,
    patch_request,
    pause_request,
    put_step,
    refresh_request,
    take_request,
)
from orientation.routes.requests import get_events, get_request, get_requests, post_request
from orientation.routes.suggestions import read_suggestions


def orientation_routes() -> list[ControllerRouterHandler]:
    return [
        *(post_request, get_requests, get_request, get_events, read_suggestions),
        *(patch_request, take_request, refresh_request, pause_request, close_request, put_step),
        *DRAWS,
        *(get_receipt, refresh_receipt, get_night),
        *(put_placement, post_placements, *ACTS),
        *(read_placements, read_placement, read_address, read_must_moves),
        *PLANS,
        *(read_orientation_policies, put_orientation_policy, post_preview, get_preview),
    ]
