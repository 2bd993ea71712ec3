"""A small application with the real guard, routes and servers, and two nodes of it where a test needs them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, cast
from uuid import UUID

import httpx
import pytest
import uvicorn
from argon2 import PasswordHasher
from litestar import Litestar, Request, Response, WebSocket, get, post, websocket
from litestar.datastructures import Headers, State
from redis.asyncio import Redis

from kernel.access import keeping_accounts, keeping_keys
from kernel.access.access import Access
from kernel.access.model import ACCOUNT_ROLES, COMMAND_LINE, NO_REGION, Principal, Role, Verb
from kernel.access.passwords import Passwords
from kernel.access.policies import OPEN, admit_socket, allow, enforce_policy
from kernel.access.problems import COOKIE
from kernel.access.routes import access_routes
from kernel.access.schemas import PrincipalView
from kernel.postgres import open_engine
from kernel.problems import Problem, document
from kernel.settings import Settings

BASE = "https://halte.test"
PASSWORD = "cactus lamp zondag vier"
SHELTER = UUID(int=77)


@get("/open", opt={"policy": OPEN})
async def open_page(request: Request[Any, Any, Any]) -> PrincipalView:
    return PrincipalView.of(request.user)


@get("/board", opt={"policy": allow(*ACCOUNT_ROLES, Role.PUBLIC, verb=Verb.READ)})
async def board(request: Request[Any, Any, Any]) -> PrincipalView:
    return PrincipalView.of(request.user)


@post("/report", opt={"policy": allow(Role.STAFF, Role.DESK, verb=Verb.REPORT)})
async def report(request: Request[Any, Any, Any]) -> PrincipalView:
    return PrincipalView.of(request.user)


@get("/forgotten")
async def forgotten() -> str:
    return "nobody should read this"


@websocket("/live", opt={"policy": allow(*ACCOUNT_ROLES, verb=Verb.READ)})
async def live(socket: WebSocket[Any, Any, Any]) -> None:
    await socket.accept(subprotocols="halte.v1")
    hello = await socket.receive_json()
    try:
        principal = await admit_socket(socket, hello.get("ticket"))
    except Problem as problem:
        await socket.send_json({"t": "bye", "slug": problem.slug})
    else:
        await socket.send_json({"t": "snapshot", "role": principal.role})
    await socket.close()


@websocket("/forgotten-live")
async def forgotten_live(socket: WebSocket[Any, Any, Any]) -> None:
    await socket.accept()


def _answer_problem(_: Request[Any, Any, Any], problem: Problem) -> Response[dict[str, Any]]:
    return Response(document(problem), status_code=problem.status, headers=problem.headers)


def build_app(access: Access) -> Litestar:
    return Litestar(
        [*access_routes(), open_page, board, report, forgotten, live, forgotten_live],
        guards=[enforce_policy],
        state=State({"access": access}),
        exception_handlers={Problem: _answer_problem},
        openapi_config=None,
        logging_config=None,
    )


@dataclass(slots=True)
class Node:
    """One process' worth of the product."""

    access: Access
    app: Litestar
    region_id: UUID = NO_REGION
    clients: list[httpx.AsyncClient] = field(default_factory=list)

    def client(self, **headers: str) -> httpx.AsyncClient:
        """Return a browser of its own: an empty cookie jar, our own origin unless told otherwise."""
        defaults = {"origin": BASE} | {name.replace("_", "-"): value for name, value in headers.items()}
        transport = httpx.ASGITransport(cast("Any", self.app), raise_app_exceptions=False)
        client = httpx.AsyncClient(transport=transport, base_url=BASE, headers=defaults)
        self.clients.append(client)
        return client

    async def sign_in(self, login: str, password: str = PASSWORD) -> httpx.AsyncClient:
        client = self.client()
        answer = await client.post("/api/v1/sessions", json={"login": login, "password": password})
        assert answer.status_code == 201, answer.text
        return client

    async def principal_of(self, client: httpx.AsyncClient) -> Principal:
        """Return whom this client's cookie or key stands for, as a socket would hold it."""
        headers = Headers(dict(client.headers) | {"host": "halte.test"})
        principal = await self.access.identify(headers, dict(client.cookies), ambient=True)
        assert principal is not None
        return principal

    def with_key(self, secret: str) -> httpx.AsyncClient:
        client = self.client(authorization=f"Bearer {secret}")
        del client.headers["origin"]
        return client


# Signing in is in nearly every test here, and what a guess costs in few of them.
_CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
_NOBODYS = _CHEAP.hash("nobody's password")
# For the tests that are about the cost, or about the time that it takes.
at_real_cost = pytest.mark.parametrize("passwords", ["real"], indirect=True)


@pytest.fixture
def passwords(request: pytest.FixtureRequest) -> Passwords:
    return Passwords() if getattr(request, "param", "cheap") == "real" else Passwords(_CHEAP, _NOBODYS)


MakeNode = Callable[..., Awaitable[Node]]


@pytest.fixture
async def make_node(settings: Settings, passwords: Passwords) -> AsyncIterator[MakeNode]:
    """Build nodes on the same servers; settings may be replaced one by one."""
    opened: list[tuple[Node, Any, Redis | None]] = []

    async def make(used: Settings = settings, *, with_redis: bool = True) -> Node:
        engine = open_engine(used, "test")
        redis = Redis.from_url(str(used.redis_url), protocol=3) if with_redis else None
        access = Access(used, engine, redis, passwords)
        node = Node(access, build_app(access))
        opened.append((node, engine, redis))
        return node

    yield make
    for node, engine, redis in opened:
        for client in node.clients:
            await client.aclose()
        await node.access.close()
        await engine.dispose()
        if redis is not None:
            await redis.aclose()


@pytest.fixture
async def node(make_node: MakeNode, region_id: UUID) -> Node:
    node = await make_node()
    node.region_id = region_id
    return node


AddAccount = Callable[..., Awaitable[keeping_accounts.Account]]
AddKey = Callable[..., Awaitable[tuple[keeping_keys.Key, str]]]


@pytest.fixture
def add_account(node: Node, region_id: UUID) -> AddAccount:
    async def add(login: str, role: Role = Role.STAFF, **changes: Any) -> keeping_accounts.Account:
        defaults: dict[str, Any] = {"password": PASSWORD, "language": "fr", "shelters": {SHELTER}}
        defaults |= {"region_id": region_id, "actor_id": COMMAND_LINE}
        return await keeping_accounts.add_account(
            node.access.engine, node.access.passwords, login=login, role=role, **(defaults | changes)
        )

    return add


@pytest.fixture
def add_key(node: Node, region_id: UUID) -> AddKey:
    async def add(*verbs: Verb, **changes: Any) -> tuple[keeping_keys.Key, str]:
        values: dict[str, Any] = {"name": "a feed", "basis": "net", "settle_lag_s": 90, "shelters": [SHELTER]} | changes
        return await keeping_keys.add_key(
            node.access.engine,
            node.access.key_secrets,
            region_id=region_id,
            verbs=verbs,
            actor_id=COMMAND_LINE,
            **values,
        )

    return add


def token_of(client: httpx.AsyncClient) -> str:
    return next(cookie.value or "" for cookie in client.cookies.jar if cookie.name == COOKIE)


def slug_of(answer: httpx.Response) -> str:
    return str(answer.json()["slug"])


@asynccontextmanager
async def serving(app: Litestar) -> AsyncIterator[str]:
    """Serve on a real port, for what only a real websocket shows; yields host:port."""
    config = uvicorn.Config(app, port=0, log_config=None, lifespan="on", ws="websockets-sansio")
    server = uvicorn.Server(config)
    server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]  # pytest keeps its own
    task = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110 -- uvicorn has no event to wait for
        await asyncio.sleep(0.01)
    host, port = server.servers[0].sockets[0].getsockname()[:2]
    try:
        yield f"{host}:{port}"
    finally:
        server.should_exit = True
        await task
