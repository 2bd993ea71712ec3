from __future__ import annotations

import pytest
from litestar.datastructures import Headers

from kernel.access.origins import allowed_origin
from kernel.settings import Settings

SETTINGS = Settings(origins=("https://board.example", "https://other.example:8443/"))


def allowed(origin: str | None, host: str = "halte.example") -> bool:
    headers = {"host": host} | ({} if origin is None else {"origin": origin})
    return allowed_origin(SETTINGS, Headers(headers))


@pytest.mark.parametrize(
    "origin,host",
    [
        ("https://halte.example", "halte.example"),
        ("http://halte.example", "halte.example"),
        ("https://halte.example", "halte.example:443"),
        ("https://halte.example:443", "halte.example"),
        ("http://halte.example:80", "halte.example"),
        ("http://localhost:8018", "localhost:8018"),
        ("http://[::1]:8018", "[::1]:8018"),
        ("https://HALTE.example", "Halte.Example"),
        ("https://board.example", "halte.example"),
        ("https://board.example:443", "halte.example"),
        ("https://other.example:8443", "halte.example"),
    ],
)
def test_own_and_listed_origins_are_allowed(origin: str, host: str) -> None:
    assert allowed(origin, host)


@pytest.mark.parametrize(
    "origin,host",
    [
        (None, "halte.example"),
        ("null", "halte.example"),
        ("", "halte.example"),
        ("https://halte.example.evil.example", "halte.example"),
        ("https://evil-halte.example", "halte.example"),
        ("https://sub.halte.example", "halte.example"),
        ("https://halte.example:8443", "halte.example"),
        ("http://localhost:8019", "localhost:8018"),
        ("https://user@halte.example", "halte.example"),
        ("https://halte.example@evil.example", "halte.example"),
        ("https://halte.example/", "halte.example"),
        ("https://halte.example/path", "halte.example"),
        ("https://halte.example?x", "halte.example"),
        ("https://halte.example evil.example", "halte.example"),
        ("https://halte.example\tx", "halte.example"),
        ("ftp://halte.example", "halte.example"),
        ("chrome-extension://halte.example", "halte.example"),
        ("halte.example", "halte.example"),
        ("https://halte.example:", "halte.example"),
        ("http://board.example", "halte.example"),
        ("https://board.example:8443", "halte.example"),
        ("https://other.example", "halte.example"),
    ],
)
def test_everything_else_is_refused(origin: str | None, host: str) -> None:
    assert not allowed(origin, host)


def test_two_origins_or_two_hosts_are_no_origin() -> None:
    good = (b"origin", b"https://halte.example")
    host = (b"host", b"halte.example")
    assert allowed_origin(SETTINGS, Headers([good, host]))
    assert not allowed_origin(SETTINGS, Headers([good, (b"origin", b"https://evil.example"), host]))
    assert not allowed_origin(SETTINGS, Headers([good, host, (b"host", b"evil.example")]))
    assert not allowed_origin(SETTINGS, Headers([good]))
