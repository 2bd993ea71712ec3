"""The exact Origin check: a page of another site must not act with somebody's cookie.

Scheme, host and port must all match, either the Host this request came to or one of
settings.origins. SameSite=Lax is the first wall; neighbours on the same site are why there is a second.
"""

from __future__ import annotations

import re

from litestar.datastructures import Headers

from kernel.settings import Settings

_PORTS = {"http": 80, "https": 443}
_ORIGIN = re.compile(r"(https?)://([a-z0-9._-]+|\[[0-9a-f:.]+\])(?::([0-9]{1,5}))?", re.ASCII)
_Address = tuple[str, str, int]


def allowed_origin(settings: Settings, headers: Headers) -> bool:
    """Say whether the request's one Origin is this site itself or a listed one."""
    origins, hosts = headers.getall("origin", []), headers.getall("host", [])
    if len(origins) != 1 or len(hosts) != 1:
        return False
    origin = _parse(origins[0])
    if origin is None:
        return False
    # Behind a proxy that ends TLS the scheme is not known here: the page's own one is taken for
    # the Host, which the proxy must forward unchanged.
    if origin == _parse(f"{origin[0]}://{hosts[0]}"):
        return True
    return any(origin == _parse(listed.rstrip("/")) for listed in settings.origins)


def _parse(origin: str) -> _Address | None:
    """Split `scheme://host[:port]` and nothing more; None for `null`, paths, users and the rest."""
    match = _ORIGIN.fullmatch(origin.lower())
    if match is None:
        return None
    scheme, host, port = match.groups()
    return scheme, host, int(port) if port else _PORTS[scheme]
