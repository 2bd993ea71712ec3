"""Marking: a database says itself that it is a demonstration, for its log-ins are published (README)."""

from __future__ import annotations

from ipaddress import ip_address

from kernel.postgres import Connection
from kernel.settings import Settings, SettingsError

_NOT_A_DEMONSTRATION = (
    "This database holds regions and is no demonstration: it would get log-ins whose passwords everybody can read. "
    "Leave out DATABASE_URL, REDIS_URL and HALTE_DATA_DIR, or name an empty database or directory."
)
_FOUND = "SELECT to_regclass('region') IS NOT NULL AS region, to_regclass('demonstration') IS NOT NULL AS mark"
# One statement: a region that somebody adds meanwhile is seen, or comes after the mark.
_MARK = "INSERT INTO demonstration (id) SELECT 1 WHERE NOT EXISTS (SELECT FROM region) ON CONFLICT (id) DO NOTHING"


def refuse_public_host(settings: Settings) -> None:
    """Whoever can reach a demonstration can sign in as its administrator."""
    if not _is_loopback(settings.host):
        raise SettingsError(
            f"A demonstration's passwords are published, so it listens on this machine only and not on "
            f"{settings.host}: leave out --host and HALTE_HOST. From elsewhere: "
            f"ssh -L {settings.port}:localhost:{settings.port} and this machine's name."
        )


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


async def refuse_real_database(connection: Connection) -> None:
    """Before anything is changed, migrations included: the database may be of an older release, or have no tables."""
    (found,) = await connection.fetch(_FOUND)
    marked = found["mark"] and await connection.fetchval("SELECT count(*) FROM demonstration")
    if not marked and found["region"] and await connection.fetchval("SELECT count(*) FROM region"):
        raise SettingsError(_NOT_A_DEMONSTRATION)


async def mark(connection: Connection) -> None:
    """Mark an empty database; one that holds regions is marked already, or refused."""
    await connection.execute(_MARK)
    if not await connection.fetchval("SELECT count(*) FROM demonstration"):
        raise SettingsError(_NOT_A_DEMONSTRATION)
