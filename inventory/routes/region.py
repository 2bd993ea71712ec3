"""GET /region: what a screen is to know of its region, its outline and the names of its communes among it."""

from __future__ import annotations

from hashlib import blake2b

import msgspec
from litestar import Response, get
from litestar.openapi.datastructures import ResponseSpec

from inventory.mapping import background
from inventory.problems import NotReady
from inventory.routes.answering import ApiRequest, region_of
from inventory.routes.board import READERS
from inventory.routes.looking import UNCHANGED, names_it
from inventory.routes.refusals import WHO
from inventory.routes.views import RegionView
from kernel.access.schemas import refusals


@get(
    "/region",
    opt={"policy": READERS},
    responses={200: ResponseSpec(RegionView, generate_examples=False)} | UNCHANGED | refusals(*WHO, NotReady),
    summary="Read what the region is: its name, its communes, its outline",
)
async def read_region(request: ApiRequest) -> Response[bytes]:
    region = await region_of(request)
    card = await region.card.read()
    lying_below = background(request.app.state.settings)
    body = msgspec.json.encode(RegionView(region.id, card.slug, card.name, card.timezone, card.map, lying_below))
    etag = f'"{blake2b(body, digest_size=12).hexdigest()}"'
    headers = {"ETag": etag, "Cache-Control": "no-cache", "Vary": "Cookie, Authorization"}
    if names_it(request.headers.get("if-none-match"), etag):
        return Response(b"", status_code=304, headers=headers)
    return Response(body, media_type="application/json", headers=headers)
