"""GET /board.geojson: the live board for maps, by the same filters, masks and ETags as GET /board (I11)."""

from __future__ import annotations

from uuid import UUID

import msgspec
from litestar import Response, get
from litestar.openapi.datastructures import ResponseSpec

from inventory.directory import Filter
from inventory.model.features import features
from inventory.model.unit import Admits, Regime
from inventory.problems import NotReady
from inventory.routes.answering import ApiRequest
from inventory.routes.board import READERS, Code, decoded
from inventory.routes.looking import UNCHANGED, Look, look
from inventory.routes.refusals import WHO
from inventory.routes.views import FeatureCollectionView
from kernel.access.schemas import refusals
from kernel.problems import InvalidParameter

MEDIA_TYPE = "application/geo+json"


@get(
    "/board.geojson",
    opt={"policy": READERS},
    responses={200: ResponseSpec(FeatureCollectionView, media_type=MEDIA_TYPE, generate_examples=False)}
    | UNCHANGED
    | refusals(*WHO, InvalidParameter, NotReady),
    summary="Read the live board as GeoJSON, a feature per shelter",
)
async def read_map(
    request: ApiRequest,
    commune: Code = None,
    audience: Admits | None = None,
    regime: Regime | None = None,
    shelter: UUID | None = None,
) -> Response[bytes]:
    seen = await look(request, Filter(commune, audience, regime, shelter), "geojson")
    return seen.unchanged() if seen.known else seen.answer(msgspec.json.encode(_collection(seen)), MEDIA_TYPE)


def _collection(seen: Look) -> FeatureCollectionView:
    board = seen.board
    found = features(decoded(board, "shelter"), decoded(board, "unit"))
    return FeatureCollectionView("FeatureCollection", board.epoch, board.seq, seen.now, board.live, found)
