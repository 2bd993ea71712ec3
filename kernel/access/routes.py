"""The routes of sessions, accounts and keys. What an answer carries here is nobody else's: never cached."""

from __future__ import annotations

from typing import Annotated, Any, TypeAlias
from uuid import UUID

from litestar import Request, Response, Router, delete, get, patch, post
from litestar.datastructures import CacheControlHeader, Cookie
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter
from litestar.types import ControllerRouterHandler

from kernel.access import keeping_accounts, keeping_keys
from kernel.access.model import ACCOUNT_ROLES, Principal, Role, Verb
from kernel.access.policies import OPEN, access_of, allow
from kernel.access.problems import (
    COOKIE,
    FORGET_COOKIE,
    Forbidden,
    KeyRefused,
    LastAdministrator,
    LoginFailed,
    LoginRequired,
    LoginTaken,
    OriginRefused,
    PasswordTooWeak,
    SessionEnded,
    TicketsUnavailable,
    TooManyAttempts,
)
from kernel.access.schemas import (
    AccountBody,
    AccountChangeBody,
    AccountsView,
    AccountView,
    KeyBody,
    KeyMadeView,
    KeysView,
    KeyView,
    PrincipalView,
    RotationBody,
    SignInBody,
    TicketView,
    refusals,
)
from kernel.access.tickets import LIFETIME_S
from kernel.problems import (
    BodyTooLarge,
    Busy,
    InvalidBody,
    InvalidParameter,
    MalformedJson,
    NotFound,
    UnsupportedMediaType,
)

_Request: TypeAlias = Request[Principal, Any, Any]
_Limit: TypeAlias = Annotated[int, QueryParameter(ge=1, le=keeping_accounts.LIST_MAX)]

_PEOPLE = allow(*ACCOUNT_ROLES)
_WATCHERS = allow(*ACCOUNT_ROLES, verb=Verb.READ)
_ADMINISTRATORS = allow(Role.ADMINISTRATOR)

_BODY = (BodyTooLarge, InvalidBody, MalformedJson, UnsupportedMediaType)
_WHO = (Busy, Forbidden, KeyRefused, LoginRequired, OriginRefused, SessionEnded)


@post(
    "/sessions",
    opt={"policy": OPEN},
    responses=refusals(*_BODY, Busy, LoginFailed, OriginRefused, TooManyAttempts),
    summary="Sign in",
)
async def sign_in(request: _Request, data: JSONBody[SignInBody]) -> Response[PrincipalView]:
    address = request.client.host if request.client else ""
    signed_in, principal = await access_of(request).sign_in(
        data.login, data.password, address, request.cookies.get(COOKIE)
    )
    cookie = Cookie(
        COOKIE, value=signed_in.token, max_age=signed_in.lasts_s, path="/", secure=True, httponly=True, samesite="lax"
    )
    return Response(PrincipalView.of(principal), cookies=[cookie])


@get("/sessions/current", opt={"policy": _PEOPLE}, responses=refusals(*_WHO), summary="Who is signed in")
async def read_session(request: _Request) -> PrincipalView:
    return PrincipalView.of(request.user)


@delete("/sessions/current", opt={"policy": _PEOPLE}, responses=refusals(*_WHO), summary="Sign out")
async def sign_out(request: _Request) -> Response[None]:
    await access_of(request).sign_out(request.user)
    return Response(None, headers={"Set-Cookie": FORGET_COOKIE})


@post(
    "/sessions/tickets",
    opt={"policy": _WATCHERS},
    responses=refusals(*_WHO, TicketsUnavailable),
    summary="Get a ticket for one websocket",
)
async def issue_ticket(request: _Request) -> TicketView:
    if request.user.credential is None:
        raise LoginRequired
    ticket = await access_of(request).issue_ticket(request.user.credential)
    return TicketView(ticket, LIFETIME_S)


@post(
    "/accounts",
    opt={"policy": _ADMINISTRATORS},
    responses=refusals(*_WHO, *_BODY, LoginTaken, PasswordTooWeak),
    summary="Add an account",
)
async def add_account(request: _Request, data: JSONBody[AccountBody]) -> AccountView:
    access = access_of(request)
    account = await keeping_accounts.add_account(
        access.engine,
        access.passwords,
        region_id=request.user.region_id,
        login=data.login,
        password=data.password,
        role=Role(data.role),
        language=data.language,
        shelters=set(data.shelters),
        actor_id=request.user.id,
    )
    return AccountView.of(account)


@get(
    "/accounts",
    opt={"policy": _ADMINISTRATORS},
    responses=refusals(*_WHO, InvalidParameter),
    summary="List accounts by login",
)
async def list_accounts(
    request: _Request, after: FromQuery[str] = "", limit: _Limit = keeping_accounts.LIST_MAX
) -> AccountsView:
    if "\0" in after:
        raise InvalidParameter(where="after", why="a login")
    accounts = await keeping_accounts.list_accounts(access_of(request).engine, request.user.region_id, after, limit)
    return AccountsView([AccountView.of(account) for account in accounts])


@patch(
    "/accounts/{account_id:str}",
    opt={"policy": _ADMINISTRATORS},
    responses=refusals(*_WHO, *_BODY, NotFound, LastAdministrator, PasswordTooWeak),
    summary="Change or disable an account",
)
async def change_account(
    request: _Request, account_id: FromPath[str], data: JSONBody[AccountChangeBody]
) -> AccountView:
    access = access_of(request)
    change = keeping_accounts.Change(
        role=None if data.role is None else Role(data.role),
        language=data.language,
        shelters=None if data.shelters is None else frozenset(data.shelters),
        disabled=data.disabled,
        password=data.password,
    )
    account = await keeping_accounts.change_account(
        access.engine,
        access.passwords,
        change,
        region_id=request.user.region_id,
        account_id=_parse_id(account_id),
        actor_id=request.user.id,
    )
    access.forget()
    return AccountView.of(account)


@post("/keys", opt={"policy": _ADMINISTRATORS}, responses=refusals(*_WHO, *_BODY), summary="Make a machine key")
async def add_key(request: _Request, data: JSONBody[KeyBody]) -> KeyMadeView:
    access = access_of(request)
    key, secret = await keeping_keys.add_key(
        access.engine,
        access.key_secrets,
        region_id=request.user.region_id,
        name=data.name,
        verbs=data.verbs,
        basis=data.basis,
        settle_lag_s=data.settle_lag_s,
        shelters=data.shelters,
        actor_id=request.user.id,
    )
    return KeyMadeView(KeyView.of(key), secret)


@get("/keys", opt={"policy": _ADMINISTRATORS}, responses=refusals(*_WHO, InvalidParameter), summary="List machine keys")
async def list_keys(
    request: _Request, after: FromQuery[UUID | None] = None, limit: _Limit = keeping_keys.LIST_MAX
) -> KeysView:
    keys = await keeping_keys.list_keys(access_of(request).engine, request.user.region_id, after, limit)
    return KeysView([KeyView.of(key) for key in keys])


@post(
    "/keys/{key_id:str}/rotate",
    opt={"policy": _ADMINISTRATORS},
    responses=refusals(*_WHO, *_BODY, NotFound),
    summary="Give a machine key a new secret",
)
async def rotate_key(
    request: _Request, key_id: FromPath[str], data: JSONBody[RotationBody | None] = None
) -> KeyMadeView:
    access = access_of(request)
    key, secret = await keeping_keys.rotate_key(
        access.engine,
        access.key_secrets,
        request.user.region_id,
        _parse_id(key_id),
        end_old=data is not None and data.old == "end",
        actor_id=request.user.id,
    )
    access.forget()
    return KeyMadeView(KeyView.of(key), secret)


@delete(
    "/keys/{key_id:str}",
    opt={"policy": _ADMINISTRATORS},
    responses=refusals(*_WHO, NotFound),
    summary="Revoke a machine key",
)
async def revoke_key(request: _Request, key_id: FromPath[str]) -> None:
    access = access_of(request)
    await keeping_keys.revoke_key(access.engine, request.user.region_id, _parse_id(key_id), request.user.id)
    access.forget()


def _parse_id(written: str) -> UUID:
    """Read an id here and not in the path: a mismatch there is answered outside the problem format."""
    try:
        return UUID(written)
    except ValueError:
        raise NotFound from None


def access_routes(prefix: str = "/api/v1") -> list[ControllerRouterHandler]:
    """Return what the application mounts, below `prefix`."""
    handlers = [sign_in, read_session, sign_out, issue_ticket]
    handlers += [add_account, list_accounts, change_account, add_key, list_keys, rotate_key, revoke_key]
    return [Router(prefix, route_handlers=handlers, cache_control=CacheControlHeader(no_store=True), tags=["access"])]
