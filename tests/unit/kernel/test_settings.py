"""Settings from the environment: what is read, and what is refused with a sentence that names it."""

from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path

import pytest

from kernel.settings import Settings, SettingsError

NUMBERS = [one.name for one in fields(Settings) if one.type in {"int", "float"}]
MAY_BE_ZERO = {"port"}


def read(**environ: str) -> Settings:
    return Settings.from_environment(environ)


def test_an_empty_value_is_as_good_as_none() -> None:
    assert read(HALTE_PORT="", HALTE_SECRET_KEY="", DATABASE_URL="", HALTE_DATA_DIR="") == Settings()


def test_each_kind_of_value_is_read() -> None:
    found = read(
        HALTE_PORT="0", HALTE_BEAT_S="0.5", HALTE_DEMO="yes", HALTE_ORIGINS="https://a.example, https://b.example"
    )
    assert (found.port, found.beat_s, found.demo) == (0, 0.5, True)
    assert found.origins == ("https://a.example", "https://b.example")
    assert read(HALTE_DATA_DIR="/srv/halte").data_dir == Path("/srv/halte")
    assert (
        read(HALTE_DATABASE_URL="postgres://a@b/c", DATABASE_URL="postgres://x@y/z").database_url == "postgres://a@b/c"
    )


@pytest.mark.parametrize("name", NUMBERS)
@pytest.mark.parametrize("value", ["-1", "0", "many", "nan", "inf"])
def test_a_number_that_cannot_be_meant_is_named(name: str, value: str) -> None:
    if value == "0" and name in MAY_BE_ZERO:
        assert getattr(read(**{f"HALTE_{name.upper()}": value}), name) == 0
        return
    with pytest.raises(SettingsError, match=f"HALTE_{name.upper()}="):
        read(**{f"HALTE_{name.upper()}": value})


@pytest.mark.parametrize(
    "name, value, words",
    [
        ("HALTE_PORT", "70000", "port 70000 does not exist"),
        ("HALTE_LOG_LEVEL", "loud", "debug, info, warning, error"),
        ("HALTE_DEMO", "perhaps", "HALTE_DEMO='perhaps'"),
        ("HALTE_SECRET_KEY", "x" * 31, "32 characters or more"),
        ("DATABASE_URL", "mysql://halte:s3cret@db/halte", "DATABASE_URL cannot be understood"),
        ("DATABASE_URL", "postgresql://halte:s3/cret@db/halte", "DATABASE_URL cannot be understood"),
        ("DATABASE_URL", "host=db password=s3cret", "DATABASE_URL cannot be understood"),
        ("REDIS_URL", "http://:s3cret@cache", "REDIS_URL cannot be understood"),
        ("REDIS_URL", "redis://:s3/cret@cache:6379", "REDIS_URL cannot be understood"),
    ],
)
def test_what_cannot_be_meant_is_refused_without_repeating_a_password(name: str, value: str, words: str) -> None:
    with pytest.raises(SettingsError, match=words) as refused:
        read(**{name: value})
    assert "s3" not in str(refused.value)
    assert refused.value.__cause__ is None


@pytest.mark.parametrize(
    "url",
    [
        "redis://:p@cache:6379/0",
        "rediss://cache",
        "unix://:p@/run/valkey.sock?db=0",
        "sentinel://a:26379,b:26379/halte",
    ],
)
def test_every_kind_of_redis_address_passes(url: str) -> None:
    assert read(REDIS_URL=url).redis_url == url


def test_the_command_line_is_held_to_the_same() -> None:
    with pytest.raises(SettingsError, match="70000"):
        replace(Settings(), port=70_000)


def test_a_secret_key_of_32_characters_is_enough() -> None:
    assert read(HALTE_SECRET_KEY="x" * 32).secret_key == "x" * 32
