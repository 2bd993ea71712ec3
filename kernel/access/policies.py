"""A policy per route, enforced before anything of the request's body is read; without one: refused.

`enforce_policy` is a guard of the whole application. It finds out who acts only where the policy
asks for it, leaves the principal in `connection.user`, and for websockets leaves the refusal to
`admit_socket`, because a browser shows nothing of a handshake that failed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias

import structlog
from litestar import Litestar
from litestar.connection import ASGIConnection
from litestar.enums import ScopeType
from litestar.exceptions import WebSocketException
from litestar.handlers import BaseRouteHandler, HTTPRouteHandler
from litestar.routes import ASGIRoute, HTTPRoute, WebSocketRoute

from kernel.access.access import Access
from kernel.access.model import NO_REGION, Principal, Role, Verb, public_principal
from kernel.access.origins import allowed_origin
from kernel.access.problems import Forbidden, LoginRequired, OriginRefused, VerbMissing
from kernel.problems import negotiate

log = structlog.get_logger(__name__)

Connection: TypeAlias = ASGIConnection[Any, Any, Any, Any]


@dataclass(frozen=True, slots=True)
class Policy:
    """Which roles a route admits; for machine keys also the verb, without which none is admitted."""

    roles: frozenset[Role]
    verb: Verb | None = None
    asks: bool = True

    def __post_init__(self) -> None:
        if self.asks and (Role.MACHINE in self.roles) != (self.verb is not None):
            raise ValueError("a policy admits machine keys by naming the verb, and only so")

    def check(self, principal: Principal) -> None:
        """Return when the principal is admitted; raise the refusal otherwise."""
        if principal.role not in self.roles:
            raise LoginRequired if principal.role is Role.PUBLIC else Forbidden
        if principal.role is Role.MACHINE and self.verb not in principal.verbs:
            raise VerbMissing(verb=self.verb)


def allow(*roles: Role, verb: Verb | None = None) -> Policy:
    """Admit these roles, and the machine keys that have the verb where one is named."""
    return Policy(frozenset(roles) | ({Role.MACHINE} if verb else frozenset()), verb)


# For what everybody may fetch without saying who they are: pages, health, signing in. Credentials
# are not looked at, so these answer without Postgres, and with a stale cookie.
OPEN = Policy(frozenset(Role), asks=False)

_READS = frozenset({"GET", "HEAD", "OPTIONS"})
_CLOSE_FORBIDDEN = 4403


def access_of(connection: Connection) -> Access:
    access = connection.app.state.access
    if not isinstance(access, Access):
        raise TypeError("app.state.access must hold the Access of this node")
    return access


async def enforce_policy(connection: Connection, handler: BaseRouteHandler) -> None:
    """Guard of the whole application: find out who acts, and refuse whom the route does not admit."""
    # Until it is known who acts, so that a refusal can at least be said in their language.
    connection.scope["user"] = public_principal(NO_REGION, negotiate(connection.headers.get("accept-language")))
    if _only_names_methods(handler):
        return
    policy = handler.opt.get("policy")
    if connection.scope["type"] == ScopeType.WEBSOCKET:
        _greet(connection, policy)
        return
    if not isinstance(policy, Policy):
        log.error("access.route_without_policy", handler=str(handler))
        raise Forbidden
    if policy.asks:
        connection.scope["user"] = await _admit(connection, policy)
    elif connection.scope["method"] not in _READS:
        _refuse_foreign_pages(connection)


async def admit_socket(socket: Connection, ticket: str | None) -> Principal:
    """Return who is at the other end of a websocket once it has said hello, or raise the refusal.

    A ticket wins over cookie and header, and is used up. The caller says the refusal in a `bye`.
    """
    policy = socket.route_handler.opt["policy"]
    if ticket is None:
        principal = await _admit(socket, policy)
    else:
        principal = await access_of(socket).authenticate_ticket(ticket)
        policy.check(principal)
    socket.scope["user"] = principal
    return principal


async def _admit(connection: Connection, policy: Policy) -> Principal:
    access = access_of(connection)
    ambient = connection.scope["type"] == ScopeType.HTTP and connection.scope["method"] in _READS
    principal = await access.identify(connection.headers, connection.cookies, ambient=ambient)
    if principal is None and Role.PUBLIC in policy.roles:
        named = connection.query_params.get("region")
        return await access.public(named, connection.headers.get("accept-language"))
    if principal is None:
        raise LoginRequired
    policy.check(principal)
    return principal


def _greet(socket: Connection, policy: object) -> None:
    """Let a handshake through, or not; who it is will be asked at the hello."""
    if not isinstance(policy, Policy):
        log.error("access.socket_without_policy", path=socket.scope["path"])
        raise WebSocketException(detail=Forbidden.slug, code=_CLOSE_FORBIDDEN)
    try:
        _refuse_foreign_pages(socket)
    except OriginRefused:
        raise WebSocketException(detail=OriginRefused.slug, code=_CLOSE_FORBIDDEN) from None


def _refuse_foreign_pages(connection: Connection) -> None:
    """Whoever names an Origin must name a good one; a program without a browser names none."""
    named = "origin" in connection.headers
    if named and not allowed_origin(access_of(connection).settings, connection.headers):
        raise OriginRefused


def _only_names_methods(handler: BaseRouteHandler) -> bool:
    """Say whether this is the OPTIONS handler that Litestar itself adds to every path."""
    return isinstance(handler, HTTPRouteHandler) and handler.fn.__module__ == HTTPRoute.__module__


def routes_without_policy(app: Litestar) -> list[str]:
    """Name every route that would be refused for want of a policy, or that nobody guards."""
    found = []
    for path, handler in _handlers(app):
        guarded = any(getattr(guard, "func", guard) is enforce_policy for guard in handler.resolve_guards())
        if not guarded or not isinstance(handler.opt.get("policy"), Policy):
            found.append(f"{path} {handler}")
    return found


def _handlers(app: Litestar) -> Iterator[tuple[str, BaseRouteHandler]]:
    for route in app.routes:
        match route:
            case HTTPRoute():
                yield from ((route.path, h) for h in route.route_handlers if not _only_names_methods(h))
            case WebSocketRoute() | ASGIRoute():
                yield route.path, route.route_handler
