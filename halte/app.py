"""The product assembled: one Litestar application over Postgres and Redis. Knows everything."""

from __future__ import annotations

import gc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from http import HTTPStatus

from litestar import Litestar, Response, Router
from litestar.datastructures import State
from litestar.handlers import WebsocketRouteHandler
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin

from halte import VERSION
from halte.clock_routes import put_clock, read_clock
from halte.envelope import Envelope
from halte.health import healthz, readyz
from halte.node import Node
from halte.pages import page_routes
from halte.tiles import tile_routes
from halte.watching import metrics
from inventory.model.audience import Audience
from inventory.routes import inventory_routes
from inventory.routes.answering import audience_of
from inventory.routes.door import ReportDoor
from kernel.access.model import ACCOUNT_ROLES, Principal, Role, Verb
from kernel.access.policies import OPEN, allow, enforce_policy
from kernel.access.routes import access_routes
from kernel.live.hub import Hub
from kernel.live.socket import live_route
from kernel.problems import NotFound
from kernel.reading import StrictRequest
from kernel.refusing import EXCEPTION_HANDLERS
from kernel.settings import Settings
from orientation.model.audience import DESK, Insider, staff_of
from orientation.routes import orientation_routes


def create_app(settings: Settings) -> Litestar:
    """Build the application; servers are connected to when it starts, not before."""
    node = Node(settings)
    app = Litestar(
        route_handlers=[
            Router("/api/v1", route_handlers=[*inventory_routes(), read_clock, put_clock], tags=["inventory"]),
            Router("/api/v1", route_handlers=orientation_routes(), tags=["orientation"]),
            *access_routes(prefix="/api/v1"),
            *_live_routes(node),
            healthz,
            readyz,
            metrics,
            *page_routes(settings),
            *tile_routes(settings),
        ],
        guards=[enforce_policy],
        exception_handlers=EXCEPTION_HANDLERS,
        lifespan=[partial(_running, node)],
        request_class=StrictRequest,
        request_max_body_size=settings.body_max_bytes,
        openapi_config=_openapi(),
        logging_config=None,  # Litestar's own would print every library's INFO and tracebacks, whatever the level is
        state=State({"settings": settings}),
    )
    app.asgi_handler = Envelope(ReportDoor(app.asgi_handler, app.state), lambda: node.clock.silent_s)
    return app


@asynccontextmanager
async def _running(node: Node, app: Litestar) -> AsyncIterator[None]:
    await node.start()
    app.state.pool, app.state.links = node.pool, node.links
    app.state.access, app.state.regions, app.state.clock = node.access, node.regions, node.clock
    app.state.watch = node.watch
    # What lives as long as the process need not be looked at by every collection.
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()
        await node.stop()


def _live_routes(node: Node) -> list[WebsocketRouteHandler]:
    """The board for who is signed in; the desk's with requests and placements; a shelter's own units and who comes."""

    def hub_of(principal: Principal) -> Hub:
        return node.regions.at_hand(principal.region_id).live.hub

    def shelter_of(principal: Principal) -> Audience | Insider:
        # A machine counts; who is coming is told to people.
        if principal.role is Role.STAFF:
            return staff_of(principal.shelters)
        return Audience(own=principal.shelters, only_own=True)

    settings = node.settings
    build = partial(live_route, settings=settings, hub_of=hub_of)
    everybody, staff = allow(*ACCOUNT_ROLES, verb=Verb.READ), allow(Role.STAFF, verb=Verb.READ)
    desk = allow(Role.DESK, Role.SUPERVISOR, Role.ADMINISTRATOR)
    board_ms, desk_ms = settings.board_tick_ms, settings.desk_tick_ms
    return [
        build("/live/board", audience_of=audience_of, tick_ms=board_ms, opt={"policy": everybody}),
        build("/live/desk", audience_of=lambda _: DESK, tick_ms=desk_ms, opt={"policy": desk}),
        build("/live/shelter", audience_of=shelter_of, tick_ms=board_ms, opt={"policy": staff}),
    ]


def _openapi() -> OpenAPIConfig:
    return OpenAPIConfig(
        title="Halte",
        version=VERSION,
        description="Live regional inventory of shelter places. Refusals are problem documents (RFC 9457).",
        openapi_router=Router(
            "/schema", route_handlers=[], opt={"policy": OPEN}, include_in_schema=False, after_request=_refuse_in_words
        ),
        render_plugins=[JsonRenderPlugin()],
    )


def _refuse_in_words(response: Response[object]) -> Response[object]:
    """Litestar answers an unknown path below /schema with a page of its own: make it a problem document."""
    if response.status_code == HTTPStatus.NOT_FOUND:
        raise NotFound
    return response
