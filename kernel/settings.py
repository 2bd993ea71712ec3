"""Settings: one frozen object, built once from the environment and passed in.

Every field is read from HALTE_<NAME> (and the two customary names DATABASE_URL, REDIS_URL);
docs/settings.md explains each, and a test fails when one is missing there.
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

_TRUE = {"1", "true", "yes", "on"}
_FALSE = {"0", "false", "no", "off", ""}

_LOG_LEVELS = ("debug", "info", "warning", "error")
_SECRET_KEY_MIN_BYTES = 32
_PORT_MAX = 65_535
_MAY_BE_ZERO = {"port"}
_DATABASE_SCHEMES = ("postgres", "postgresql")
_WEB = re.compile(r"https?://[A-Za-z0-9.\-\[\]:]+(/[^\s;,'\"<>\\]*)?", re.ASCII)
_REDIS_SCHEMES = ("redis", "rediss", "unix", "sentinel")


class SettingsError(Exception):
    """A setting has a value that cannot be meant; the message says which and what would do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    database_url: str | None = field(default=None, repr=False)
    redis_url: str | None = field(default=None, repr=False)
    data_dir: Path | None = None
    run_as: str | None = None
    secret_key: str | None = field(default=None, repr=False)
    contact_key: tuple[str, ...] = field(default=(), repr=False)
    host: str = "127.0.0.1"
    port: int = 8018
    origins: tuple[str, ...] = ()
    metrics_token: str | None = field(default=None, repr=False)
    backup_dir: Path | None = None
    demo: bool = False
    log_level: str = "info"
    map_style_url: str | None = None
    map_pmtiles: str | None = None

    pooler: bool = False
    pool_max: int = 8
    command_timeout_s: float = 5.0
    redis_timeout_s: float = 0.25

    lane_queue_max: int = 2_000
    lane_batch_max: int = 512
    lane_bulk_max: int = 128
    body_max_bytes: int = 1_048_576
    websocket_max_bytes: int = 16_384

    board_tick_ms: int = 100
    desk_tick_ms: int = 20
    relay_poll_ms: int = 200
    beat_s: float = 15.0
    sweep_s: float = 5.0
    session_check_s: float = 2.0

    staff_idle_s: int = 43_200
    desk_idle_s: int = 1_800
    session_max_s: int = 86_400

    request_retention_days: int = 365

    def __post_init__(self) -> None:
        """Refuse what cannot be meant, wherever it comes from: the environment, the command line, a test."""
        for one in fields(self):
            value = getattr(self, one.name)
            if one.type in {"int", "float"}:
                _check_number(one.name, value)
        if self.port > _PORT_MAX:
            raise SettingsError(f"The port {self.port} does not exist: choose one up to {_PORT_MAX} (HALTE_PORT).")
        if self.log_level.lower() not in _LOG_LEVELS:
            raise SettingsError(f"HALTE_LOG_LEVEL={self.log_level!r}: expected one of {', '.join(_LOG_LEVELS)}.")
        _check_secret("HALTE_SECRET_KEY is too short: it needs", self.secret_key)
        _check_secret("HALTE_CONTACT_KEY is too short: each key needs", *self.contact_key)
        _check_secret("HALTE_METRICS_TOKEN is too short: it needs", self.metrics_token)
        _check_map(self.map_style_url, self.map_pmtiles)
        _check_url("DATABASE_URL", self.database_url, _DATABASE_SCHEMES, "postgresql://user:password@host/database")
        _check_url("REDIS_URL", self.redis_url, _REDIS_SCHEMES, "redis://:password@host:6379/0")

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] | None = None) -> Self:
        """Read HALTE_* variables; an empty one is as good as none."""
        source = os.environ if environ is None else environ
        values: dict[str, Any] = {}
        for one in fields(cls):
            raw = source.get(f"HALTE_{one.name.upper()}")
            if raw is None and one.name in {"database_url", "redis_url"}:
                raw = source.get(one.name.upper())
            if raw is not None and raw != "":
                values[one.name] = _parse(one.name, str(one.type), raw)
        return cls(**values)

    @property
    def map_pmtiles_file(self) -> Path | None:
        """The tiles, where they lie on this machine and not elsewhere on the web."""
        return None if self.map_pmtiles is None or _is_web(self.map_pmtiles) else Path(self.map_pmtiles)

    @property
    def map_origin(self) -> str | None:
        """The one other origin that the board's page must reach for its map."""
        address = self.map_style_url or self.map_pmtiles
        if address is None or not _is_web(address):
            return None
        parts = urlsplit(address)
        return f"{parts.scheme}://{parts.netloc}"

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


def _check_number(name: str, value: float) -> None:
    may_be_zero = name in _MAY_BE_ZERO
    # Not-a-number is neither above nor below anything, and so is asked for first.
    if math.isfinite(value) and (value > 0 or (value == 0 and may_be_zero)):
        return
    wanted = "0 or more" if may_be_zero else "more than 0"
    raise SettingsError(f"HALTE_{name.upper()}={value}: expected {wanted}.")


def _check_secret(lacking: str, *secrets: str | None) -> None:
    if any(secret is not None and len(secret.encode()) < _SECRET_KEY_MIN_BYTES for secret in secrets):
        raise SettingsError(f"{lacking} {_SECRET_KEY_MIN_BYTES} characters or more, by chance.")


def _is_web(address: str) -> bool:
    return address.startswith(("https://", "http://"))


def _check_map(style_url: str | None, pmtiles: str | None) -> None:
    """Refuse what no browser could load. The origin goes into a header, so it is looked at sign by sign."""
    if style_url is not None and pmtiles is not None:
        raise SettingsError("HALTE_MAP_STYLE_URL and HALTE_MAP_PMTILES: name one background of the map, not both.")
    for name, address in (("HALTE_MAP_STYLE_URL", style_url), ("HALTE_MAP_PMTILES", pmtiles)):
        if address is not None and _is_web(address) and not _WEB.fullmatch(address):
            raise SettingsError(
                f"{name}={address!r}: write it like https://tiles.example.org/brussels.json, without a log-in in it."
            )
    if style_url is not None and not _is_web(style_url):
        raise SettingsError(f"HALTE_MAP_STYLE_URL={style_url!r}: a style is an address, https://… .")
    if pmtiles is not None and not _is_web(pmtiles) and not Path(pmtiles).is_file():
        raise SettingsError(f"HALTE_MAP_PMTILES={pmtiles!r}: no such file. Name one, or an address https://… .")


def _check_url(name: str, url: str | None, schemes: tuple[str, ...], like: str) -> None:
    """Refuse an address of the wrong kind. It holds a password, so nothing of it is repeated."""
    if url is None:
        return
    try:
        parts = urlsplit(url)
        # Sentinel's address lists several hosts, in which this would look for one port.
        understood = parts.scheme in schemes and (parts.scheme == "sentinel" or parts.port is None or parts.port > 0)
    except ValueError:
        understood = False
    if not understood:
        raise SettingsError(
            f"{name} cannot be understood: write it like {like}, and signs such as / @ : # % in a password as %2F "
            "and so on."
        )
