"""Who may act: roles, verbs, and the principal that every request carries. Standard library only.

A principal is an opaque id with its rights; names, logins and addresses are not part of it, so that
nothing built from one (logs, metrics, causes in the journal) can carry facts about people (I9).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal
from uuid import UUID

# The actor of whoever is not signed in, and of the command line: rows always name an actor.
NOBODY = UUID(int=0)
COMMAND_LINE = UUID(int=1)
NO_REGION = UUID(int=0)

LOGIN = re.compile(r"[a-z0-9][a-z0-9._@+-]{2,63}", re.ASCII)


class Role(StrEnum):
    STAFF = "staff"
    DESK = "desk"
    SUPERVISOR = "supervisor"
    ADMINISTRATOR = "administrator"
    MACHINE = "machine"
    PUBLIC = "public"


# What a person's account may have. A machine has a key, and the public has nothing.
ACCOUNT_ROLES = (Role.STAFF, Role.DESK, Role.SUPERVISOR, Role.ADMINISTRATOR)


class Verb(StrEnum):
    """What a machine key may be allowed to do; each key names its verbs."""

    REPORT = "report"
    MOVE = "move"
    CLOSE = "close"
    READ = "read"


Kind = Literal["account", "key", "public"]
Basis = Literal["physical", "net"]


@dataclass(frozen=True, slots=True)
class Credential:
    """What proved an identity, in a form that proves nothing to whoever reads it.

    A session: `id` is the SHA-256 of its token. A key: `id` is the key's id, `proof` the HMAC of
    the secret that was shown (a key has two secrets while it is being rotated).
    """

    kind: Literal["session", "key"]
    id: bytes = field(repr=False)
    proof: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True)
class Principal:
    """Who acts. Two principals are equal when their rights are: the revocation check relies on it."""

    kind: Kind
    id: UUID
    region_id: UUID
    role: Role
    shelters: frozenset[UUID] = frozenset()
    verbs: frozenset[Verb] = frozenset()
    language: str = field(default="en", compare=False)
    basis: Basis | None = None
    settle_lag_s: int = 0
    credential: Credential | None = None


def public_principal(region_id: UUID, language: str = "en") -> Principal:
    """Return whoever is not signed in, looking at one region."""
    return Principal("public", NOBODY, region_id, Role.PUBLIC, language=language)
