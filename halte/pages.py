"""The screens: an HTML entry each and their assets, served from frontend/dist under a strict policy.

Beside them the few files that must keep their address: the service worker of the shelter's page, its
manifest and icons.
"""

from __future__ import annotations

from pathlib import Path

from litestar import Response, get
from litestar.datastructures import CacheControlHeader
from litestar.handlers import HTTPRouteHandler
from litestar.router import Router
from litestar.static_files import create_static_files_router

from kernel.access.policies import OPEN
from kernel.settings import Settings

DIST = Path(__file__).resolve().parent.parent / "frontend" / "dist"

PAGES = {
    "/": "index.html",
    "/watch": "watch.html",
    "/desk": "desk.html",
    "/shelter": "shelter.html",
    "/receipt": "receipt.html",
}

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; manifest-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'"
)
# A worker obeys the policy of its own file: it may fetch the page's files, and nothing else.
_WORKER_POLICY = "default-src 'none'; connect-src 'self'"

# Without a hash in their names, so that they are asked for each time: an old worker would keep an old page alive.
NAMED = {
    "sw.js": ("text/javascript", {"Content-Security-Policy": _WORKER_POLICY}),
    "manifest.webmanifest": ("application/manifest+json", {}),
    "icon-192.png": ("image/png", {}),
    "icon-512.png": ("image/png", {}),
}

_UNBUILT = "The screens are not built. Run `make screens`, then reload this page."


def content_security_policy(settings: Settings) -> str:
    """Return the policy of the board's page: where a background of the map lies elsewhere, that origin and no more."""
    if settings.map_origin is None:
        return CONTENT_SECURITY_POLICY
    policy = CONTENT_SECURITY_POLICY
    for directive in ("connect-src 'self'", "img-src 'self' data:"):
        policy = policy.replace(directive, f"{directive} {settings.map_origin}")
    return policy


def page_routes(settings: Settings, dist: Path = DIST) -> list[HTTPRouteHandler | Router]:
    """Return a route per page and per named file, and the assets where the screens are built."""
    # Only the board has a map: a phone's page opens to nobody.
    policies = dict.fromkeys(PAGES, CONTENT_SECURITY_POLICY) | {"/watch": content_security_policy(settings)}
    routes: list[HTTPRouteHandler | Router] = [
        *(
            _file(path, dist / name, "text/html", {"Content-Security-Policy": policies[path]})
            for path, name in PAGES.items()
        ),
        *(_file(f"/{name}", dist / name, media_type, headers) for name, (media_type, headers) in NAMED.items()),
    ]
    if (dist / "assets").is_dir():
        routes.append(
            create_static_files_router(
                path="/assets",
                directories=[dist / "assets"],
                name="assets",
                opt={"policy": OPEN},
                # Their names carry a hash of their content: what is fetched once need never be asked for again.
                cache_control=CacheControlHeader(max_age=31_536_000, immutable=True, public=True),
                include_in_schema=False,
            )
        )
    return routes


def _file(path: str, file: Path, media_type: str, headers: dict[str, str]) -> HTTPRouteHandler:
    @get(path, name=f"page {file.name}", opt={"policy": OPEN}, include_in_schema=False, sync_to_thread=False)
    def show() -> Response[bytes]:
        if not file.is_file():
            return Response(_UNBUILT.encode(), status_code=503, media_type="text/plain")
        return Response(file.read_bytes(), media_type=media_type, headers=headers | {"Cache-Control": "no-cache"})

    return show
