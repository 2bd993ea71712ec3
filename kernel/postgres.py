"""Postgres: the only truth. Builds the pools, names the connections, ties the epoch to the cluster (I6).

The lane uses asyncpg directly; cold paths use SQLAlchemy Core over the same driver.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, TypeAlias
from uuid import UUID

import asyncpg
from asyncpg.transaction import Transaction
from sqlalchemy import URL, MetaData, make_url
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from kernel.ids import new_id
from kernel.settings import Settings

if TYPE_CHECKING:
    Connection: TypeAlias = asyncpg.Connection[asyncpg.Record] | asyncpg.pool.PoolConnectionProxy[asyncpg.Record]
    Pool: TypeAlias = asyncpg.Pool[asyncpg.Record]
    _Connection: TypeAlias = asyncpg.Connection[asyncpg.Record]
else:
    Connection: TypeAlias = asyncpg.Connection
    _Connection: TypeAlias = asyncpg.Connection
    Pool: TypeAlias = asyncpg.Pool

Isolation: TypeAlias = Literal["read_committed", "read_uncommitted", "serializable", "repeatable_read"]

# Everything that asking says when Postgres does not answer, or not now. The client's own error is what asyncpg
# raises where a connection dies while the pool takes it back.
POSTGRES_GONE = (
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    OSError,
    TimeoutError,
)

# One metadata for all packages: a test compares it with the migrated database.
metadata = MetaData(
    naming_convention={
        "ix": "ix_%(column_0_N_label)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# A transaction that forgets itself would hold the region's counter against everybody, and a lock
# that is not had in 2 s will not be had in time for the person who waits.
BOUNDS = {
    "lock_timeout": "2s",
    "idle_in_transaction_session_timeout": "1s",
    "jit": "off",
    # Statements take lists of ids. For a short one Postgres would rather plan anew each time, which takes ten times as
    # long as to carry it out.
    "plan_cache_mode": "force_generic_plan",
}
# Behind a pooler in transaction mode a session is nobody's: each transaction says itself what bounds it.
_BOUND = "; ".join(f"SET LOCAL {name} = '{value}'" for name, value in BOUNDS.items())
_STATEMENTS_KEPT = 200
# Connections of the cold paths at once; half of them are kept open.
COLD_SLOTS = 8
# What was prepared may be on another server than the one that is asked next. asyncpg then parses each statement where
# it runs; SQLAlchemy's driver gives names to what it prepares, unless it is told that there is none.
UNPREPARED: dict[str, Any] = {"statement_cache_size": 0}
UNPREPARED_BY_SQLALCHEMY = UNPREPARED | {
    "prepared_statement_cache_size": 0,
    "prepared_statement_name_func": lambda: "",
}


def begin_statement(settings: Settings) -> str:
    """Return how the lane begins: bounded by its session or, behind a pooler, in the same message."""
    return f"BEGIN; {_BOUND}" if settings.pooler else "BEGIN"


class _Bounded(Transaction):
    _connection: _Connection

    async def start(self) -> None:
        await super().start()
        await self._connection.execute(_BOUND)


class PooledConnection(_Connection):
    """A connection through a pooler; SQLAlchemy begins its transactions by this as well."""

    def transaction(
        self, *, isolation: Isolation | None = None, readonly: bool = False, deferrable: bool = False
    ) -> Transaction:
        return _Bounded(self, isolation, readonly, deferrable)


def sqlalchemy_url(database_url: str) -> URL:
    """Turn a libpq-style URL into SQLAlchemy's, with the asyncpg driver."""
    url = make_url(database_url).set(drivername="postgresql+asyncpg")
    if (sslmode := url.query.get("sslmode")) is None:
        return url
    # libpq's name. SQLAlchemy hands what stands in the query to asyncpg's connect, which knows it by another.
    return url.difference_update_query(["sslmode"]).update_query_dict({"ssl": sslmode})


def _connect_arguments(settings: Settings, name: str) -> dict[str, Any]:
    """Return what asyncpg is told for each connection; `name` shows in pg_stat_activity."""
    session = {"application_name": f"halte {name}", "timezone": "UTC"}
    arguments: dict[str, Any] = {"timeout": settings.command_timeout_s, "command_timeout": settings.command_timeout_s}
    if settings.pooler:
        # It refuses to be told more of a session at its start than these two.
        return arguments | UNPREPARED | {"connection_class": PooledConnection, "server_settings": session}
    return arguments | {"statement_cache_size": _STATEMENTS_KEPT, "server_settings": session | BOUNDS}


async def _keep(_connection: _Connection) -> None:
    """Nothing of a session is ever set, listened to or locked beyond its transaction: there is nothing to reset.

    An open transaction is rolled back all the same, by the pool.
    """


async def open_pool(settings: Settings, name: str) -> Pool:
    """Open the pool of the lane and of short reads."""
    return await asyncpg.create_pool(
        settings.database_url,
        min_size=1,
        max_size=settings.pool_max,
        reset=_keep,
        # Rolling restarts behind a proxy should find their way back to a balanced spread.
        max_inactive_connection_lifetime=300.0,
        **_connect_arguments(settings, name),
    )


def open_engine(settings: Settings, name: str) -> AsyncEngine:
    """Build the engine of the cold paths (accounts, keys, definitions)."""
    if settings.database_url is None:
        raise ValueError("open_engine needs settings.database_url")
    return create_async_engine(
        sqlalchemy_url(settings.database_url),
        pool_size=COLD_SLOTS // 2,
        max_overflow=COLD_SLOTS // 2,
        pool_timeout=settings.command_timeout_s,
        pool_pre_ping=True,
        # An SQL error's text goes to the log; what was to be stored must not go with it.
        hide_parameters=True,
        connect_args=_connect_arguments(settings, f"{name} cold")
        | (UNPREPARED_BY_SQLALCHEMY if settings.pooler else {"prepared_statement_cache_size": _STATEMENTS_KEPT}),
    )


_CLUSTER = """
SELECT (SELECT system_identifier FROM pg_control_system()) || ':' ||
       (SELECT timeline_id FROM pg_control_checkpoint()) || ':' ||
       (SELECT oid FROM pg_database WHERE datname = current_database())
"""


async def tie_epoch(connection: Connection, region_id: UUID) -> UUID:
    """Return the region's epoch; make a new one where the tables came from elsewhere (I6).

    A restored dump or a promoted standby has another system identifier, timeline or database:
    screens and Redis must then not trust the sequence numbers they remember.
    """
    async with connection.transaction():
        row = await connection.fetchrow("SELECT epoch, cluster FROM region WHERE id = $1 FOR UPDATE", region_id)
        if row is None:
            raise LookupError(f"no region {region_id}")
        cluster = await connection.fetchval(_CLUSTER)
        if row["cluster"] == cluster:
            return UUID(str(row["epoch"]))
        epoch = new_id()
        await connection.execute("UPDATE region SET epoch = $2, cluster = $3 WHERE id = $1", region_id, epoch, cluster)
        return epoch
