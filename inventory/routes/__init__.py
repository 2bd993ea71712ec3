"""The inventory's routes under /api/v1."""

from __future__ import annotations

from litestar.types import ControllerRouterHandler

from inventory.routes.board import read_board, read_totals
from inventory.routes.definitions import (
    close_unit,
    list_shelters,
    put_operator,
    put_shelter,
    put_unit,
    read_shelter,
    remove_unit,
    reopen_unit,
)
from inventory.routes.geojson import read_map
from inventory.routes.history import read_history
from inventory.routes.imports import post_import
from inventory.routes.movements import put_movement, void_movement
from inventory.routes.policies import put_policy, read_policies
from inventory.routes.region import read_region
from inventory.routes.reports import post_reports, put_report
from inventory.routes.surges import end_surge, extend_surge, list_surges, post_surge, read_surge


def inventory_routes() -> list[ControllerRouterHandler]:
    return [
        read_board,
        read_map,
        read_totals,
        read_region,
        put_report,
        post_reports,
        put_movement,
        void_movement,
        read_history,
        put_operator,
        put_shelter,
        list_shelters,
        read_shelter,
        put_unit,
        remove_unit,
        close_unit,
        reopen_unit,
        read_policies,
        put_policy,
        list_surges,
        read_surge,
        post_surge,
        extend_surge,
        end_surge,
        post_import,
    ]
