"""Settings: one frozen object, built once from the environment and passed in.

Every field is read from HALTE_<NAME> (and the two customary names DATABASE_URL, REDIS_URL);
docs/settings.md explains each, and a test fails when one is missing there.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Self

_TRUE = {"1", "true", "yes", "on"}
_FALSE = {"0", "false", "no", "off", ""}


class SettingsError(Exception):
    """A setting has a value that cannot be meant; the message says which and what would do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    database_url: str | None = field(default=None, repr=False)
    redis_url: str | None = field(default=None, repr=False)
    data_dir: Path | None = None
    run_as: str | None = None
    secret_key: str | None = field(default=None, repr=False)
    host: str = "127.0.0.1"
    port: int = 8018
    origins: tuple[str, ...] = ()
    demo: bool = False
    log_level: str = "info"

    pool_max: int = 8
    statement_cache_size: int = 200
    command_timeout_s: float = 5.0
    redis_timeout_s: float = 0.25

    lane_queue_max: int = 2_000
    lane_batch_max: int = 512
    lane_bulk_max: int = 128
    body_max_bytes: int = 1_048_576
    websocket_max_bytes: int = 16_384

    board_tick_ms: int = 100
    relay_poll_ms: int = 200
    beat_s: float = 15.0
    sweep_s: float = 5.0
    session_check_s: float = 2.0

    staff_idle_s: int = 43_200
    desk_idle_s: int = 1_800
    session_max_s: int = 86_400

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] | None = None, **overrides: Any) -> Self:
        """Read HALTE_* variables; `overrides` (the command line) win over them."""
        source = os.environ if environ is None else environ
        values: dict[str, Any] = {}
        for one in fields(cls):
            raw = source.get(f"HALTE_{one.name.upper()}")
            if raw is None and one.name in {"database_url", "redis_url"}:
                raw = source.get(one.name.upper())
            if raw is not None and raw != "":
                values[one.name] = _parse(one.name, str(one.type), raw)
        values |= {name: value for name, value in overrides.items() if value is not None}
        return cls(**values)

    def with_servers(self, database_url: str, redis_url: str) -> Self:
        return replace(self, database_url=database_url, redis_url=redis_url)


def _parse(name: str, kind: str, raw: str) -> Any:
    try:
        if kind.startswith("bool"):
            return _parse_bool(raw)
        if kind.startswith("int"):
            return int(raw)
        if kind.startswith("float"):
            return float(raw)
    except ValueError:
        raise SettingsError(f"HALTE_{name.upper()}={raw!r}: expected {kind}") from None
    if kind.startswith("tuple"):
        return tuple(part.strip() for part in raw.split(",") if part.strip())
    return Path(raw) if kind.startswith("Path") else raw


def _parse_bool(raw: str) -> bool:
    word = raw.strip().lower()
    if word not in _TRUE | _FALSE:
        raise ValueError(raw)
    return word in _TRUE
