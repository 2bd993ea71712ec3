from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from litestar import Litestar, Router, WebSocket, asgi, get, post, websocket
from litestar.types import Receive, Scope, Send

from kernel.access.model import ACCOUNT_ROLES, NO_REGION, Principal, Role, Verb, public_principal
from kernel.access.policies import OPEN, Policy, allow, enforce_policy, routes_without_policy
from kernel.access.problems import Forbidden, LoginRequired, VerbMissing
from kernel.access.routes import access_routes

SOMEBODY = UUID(int=7)


def account(role: Role) -> Principal:
    return Principal("account", SOMEBODY, NO_REGION, role)


def machine(*verbs: Verb) -> Principal:
    return Principal("key", SOMEBODY, NO_REGION, Role.MACHINE, verbs=frozenset(verbs))


@pytest.mark.parametrize("role", ACCOUNT_ROLES)
@pytest.mark.parametrize("admitted", ACCOUNT_ROLES)
def test_a_policy_admits_the_roles_it_names_and_no_other(role: Role, admitted: Role) -> None:
    if role is admitted:
        allow(admitted).check(account(role))
    else:
        with pytest.raises(Forbidden):
            allow(admitted).check(account(role))


def test_the_public_is_told_to_sign_in() -> None:
    with pytest.raises(LoginRequired):
        allow(*ACCOUNT_ROLES).check(public_principal(NO_REGION))
    allow(Role.PUBLIC).check(public_principal(NO_REGION))


@pytest.mark.parametrize("verb", Verb)
def test_a_key_needs_the_verb_itself(verb: Verb) -> None:
    policy = allow(Role.STAFF, verb=verb)
    policy.check(machine(verb))
    with pytest.raises(VerbMissing) as refused:
        policy.check(machine(*(other for other in Verb if other is not verb)))
    assert refused.value.facts == {"verb": verb}


def test_a_key_with_all_verbs_is_not_admitted_where_none_is_named() -> None:
    with pytest.raises(Forbidden):
        allow(*ACCOUNT_ROLES).check(machine(*Verb))


def test_a_policy_cannot_admit_keys_without_naming_a_verb() -> None:
    with pytest.raises(ValueError, match="naming the verb"):
        Policy(frozenset({Role.MACHINE}))
    with pytest.raises(ValueError, match="naming the verb"):
        Policy(frozenset({Role.STAFF}), Verb.READ)


@get("/declared", opt={"policy": OPEN})
async def declared() -> None: ...


@get("/forgotten")
async def forgotten() -> None: ...


@post("/mistyped", opt={"policy": "everybody"})
async def mistyped() -> None: ...


@websocket("/forgotten-socket")
async def forgotten_socket(socket: WebSocket[Any, Any, Any]) -> None: ...


@asgi("/forgotten-asgi", copy_scope=True)
async def forgotten_asgi(scope: Scope, receive: Receive, send: Send) -> None: ...


def test_the_helper_finds_every_kind_of_route_without_a_policy() -> None:
    routes = [declared, forgotten, mistyped, forgotten_socket, forgotten_asgi]
    app = Litestar(routes, guards=[enforce_policy], openapi_config=None)
    found = routes_without_policy(app)
    assert [line.split()[0] for line in sorted(found)] == [
        "/forgotten",
        "/forgotten-asgi",
        "/forgotten-socket",
        "/mistyped",
    ]


def test_the_helper_finds_a_policy_that_nobody_enforces() -> None:
    assert len(routes_without_policy(Litestar([declared], openapi_config=None))) == 1
    assert routes_without_policy(Litestar([declared], openapi_config=None, guards=[enforce_policy])) == []


def test_a_router_may_declare_for_its_routes() -> None:
    router = Router("/", route_handlers=[forgotten], opt={"policy": OPEN})
    assert routes_without_policy(Litestar([router], openapi_config=None, guards=[enforce_policy])) == []


def test_the_description_says_what_each_route_may_refuse() -> None:
    app = Litestar(access_routes())
    paths = app.openapi_schema.to_schema()["paths"]
    refused = paths["/api/v1/sessions"]["post"]["responses"]
    assert set(refused) == {"201", "400", "401", "403", "413", "415", "422", "429", "503"}
    assert refused["429"]["description"] == "too-many-attempts"
    assert list(refused["429"]["content"]) == ["application/problem+json"]
    assert set(paths) == {
        "/api/v1/sessions",
        "/api/v1/sessions/current",
        "/api/v1/sessions/tickets",
        "/api/v1/accounts",
        "/api/v1/accounts/{account_id}",
        "/api/v1/keys",
        "/api/v1/keys/{key_id}",
        "/api/v1/keys/{key_id}/rotate",
    }


def test_every_route_of_access_declares_its_policy() -> None:
    assert routes_without_policy(Litestar(access_routes(), guards=[enforce_policy], openapi_config=None)) == []
