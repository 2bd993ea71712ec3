"""The edge of access: what its routes take and give. What carries a password or a secret does not show it in a repr."""

from __future__ import annotations

from datetime import datetime
from itertools import groupby
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from litestar.openapi.datastructures import ResponseSpec

from kernel.access.keeping_accounts import SHELTERS_MAX, Account
from kernel.access.keeping_keys import SETTLE_LAG_MAX_S, Key
from kernel.access.model import Basis, Principal, Verb
from kernel.problems import Problem

_Login = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
# Longer than any password that may be set: what is too long gets the same answer as what is wrong.
_Password = Annotated[str, msgspec.Meta(min_length=1, max_length=1_024)]
_Shelters = Annotated[list[UUID], msgspec.Meta(max_length=SHELTERS_MAX)]
_AccountRole = Literal["staff", "desk", "supervisor", "administrator"]
_Language = Literal["en", "fr", "nl"]
_Verbs = Annotated[list[Verb], msgspec.Meta(min_length=1, max_length=len(Verb))]


class Discreet(msgspec.Struct, forbid_unknown_fields=True):
    """A body that no log and no traceback may show."""

    def __repr__(self) -> str:
        return f"{type(self).__name__}(…)"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        return []


class SignInBody(Discreet):
    login: _Login
    password: _Password


class AccountBody(Discreet):
    login: _Login
    password: _Password
    role: _AccountRole
    language: _Language = "fr"
    shelters: _Shelters = []


class AccountChangeBody(Discreet):
    """Members left out stay as they are."""

    role: _AccountRole | None = None
    language: _Language | None = None
    shelters: _Shelters | None = None
    disabled: bool | None = None
    password: _Password | None = None


class KeyBody(msgspec.Struct, forbid_unknown_fields=True):
    name: Annotated[str, msgspec.Meta(min_length=1, max_length=80)]
    verbs: _Verbs
    basis: Basis = "physical"
    settle_lag_s: Annotated[int, msgspec.Meta(ge=0, le=SETTLE_LAG_MAX_S)] = 0
    shelters: _Shelters = []


class RotationBody(msgspec.Struct, forbid_unknown_fields=True):
    """`old`: `keep` lets the newest old secret work until the next rotation, `end` stops it now, because it got out."""

    old: Literal["keep", "end"] = "keep"


class PrincipalView(msgspec.Struct):
    kind: str
    id: UUID
    region: UUID
    role: str
    shelters: list[UUID]
    verbs: list[str]
    language: str

    @classmethod
    def of(cls, principal: Principal) -> PrincipalView:
        return cls(
            kind=principal.kind,
            id=principal.id,
            region=principal.region_id,
            role=principal.role,
            shelters=sorted(principal.shelters),
            verbs=sorted(principal.verbs),
            language=principal.language,
        )


class TicketView(Discreet):
    ticket: str
    lasts_s: int


class AccountView(msgspec.Struct):
    id: UUID
    login: str
    role: str
    language: str
    shelters: list[UUID]
    created_at: datetime
    disabled_at: datetime | None

    @classmethod
    def of(cls, account: Account) -> AccountView:
        return cls(
            id=account.id,
            login=account.login,
            role=account.role,
            language=account.language,
            shelters=sorted(account.shelters),
            created_at=account.created_at,
            disabled_at=account.disabled_at,
        )


class AccountsView(msgspec.Struct):
    accounts: list[AccountView]


class KeyView(msgspec.Struct):
    """`secrets` says since when each live secret exists; two while the key is being rotated."""

    id: UUID
    name: str
    verbs: list[str]
    basis: str
    settle_lag_s: int
    shelters: list[UUID]
    secrets: list[datetime]
    created_at: datetime
    revoked_at: datetime | None

    @classmethod
    def of(cls, key: Key) -> KeyView:
        return cls(
            id=key.id,
            name=key.name,
            verbs=sorted(key.verbs),
            basis=key.basis,
            settle_lag_s=key.settle_lag_s,
            shelters=sorted(key.shelters),
            secrets=list(key.secrets),
            created_at=key.created_at,
            revoked_at=key.revoked_at,
        )


class KeysView(msgspec.Struct):
    keys: list[KeyView]


class KeyMadeView(Discreet):
    """`secret` is what goes behind `Authorization: Bearer`. It is shown this once and kept nowhere."""

    key: KeyView
    secret: str


class ProblemDocument(msgspec.Struct):
    """RFC 9457; further members are facts of the problem, see docs/problems.md."""

    type: str
    slug: str
    title: str
    status: int
    detail: str
    instance: str | None = None


def refusals(*problems: type[Problem]) -> dict[int, ResponseSpec]:
    """Declare in OpenAPI what an operation may refuse, by slug."""
    ordered = sorted(problems, key=lambda problem: (problem.status, problem.slug))
    return {
        status: ResponseSpec(
            data_container=ProblemDocument,
            media_type="application/problem+json",
            description=", ".join(problem.slug for problem in same),
            generate_examples=False,
        )
        for status, same in groupby(ordered, key=lambda problem: problem.status)
    }
