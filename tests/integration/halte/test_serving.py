"""What a node leaves beside its own servers' data, and the address that it greets with."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from halte.cli import _greet
from halte.serving import find_servers, with_servers
from kernel.settings import Settings
from tests.support.embedded import StartEmbedded


def test_the_key_is_made_once_and_the_servers_are_announced_while_they_run(embedded_at: StartEmbedded) -> None:
    data = embedded_at().data_dir
    asked = Settings(data_dir=data)
    with with_servers(asked) as first:
        assert find_servers(asked) == first
        assert first.contact_key[0] not in {"", first.secret_key}
        files = ("servers.json", "secret-key", "contact-key")
        assert {stat.S_IMODE((data / name).stat().st_mode) for name in files} == {0o600}
    assert not (data / "servers.json").exists()
    assert find_servers(asked) == asked
    with with_servers(asked) as second:
        assert (second.secret_key, second.contact_key) == (first.secret_key, first.contact_key)


def test_a_key_that_a_crash_left_empty_is_made_anew(embedded_at: StartEmbedded) -> None:
    data = embedded_at().data_dir
    (data / "secret-key").touch(mode=0o600)
    with with_servers(Settings(data_dir=data)) as served:
        assert served.secret_key
        assert (data / "secret-key").read_text().strip() == served.secret_key


@pytest.mark.parametrize("name", ["servers.json", "servers.json.new", "secret-key.new"])
def test_a_link_in_the_servers_folder_is_not_followed(embedded_at: StartEmbedded, open_folder: Path, name: str) -> None:
    """The folder belongs to an account with fewer rights than ours may be."""
    data, victim = embedded_at().data_dir, open_folder / "victim"
    victim.write_text("of somebody else")
    (data / name).symlink_to(victim)
    with with_servers(Settings(data_dir=data)):
        assert not (data / "servers.json").is_symlink()
        assert not (data / "secret-key").is_symlink()
    assert victim.read_text() == "of somebody else"


def test_a_link_is_not_read_for_the_key(embedded_at: StartEmbedded, open_folder: Path) -> None:
    data, other = embedded_at().data_dir, open_folder / "other"
    other.write_text("something that only root may read, and long enough")
    (data / "secret-key").symlink_to(other)
    with pytest.raises(OSError, match="secret-key"), with_servers(Settings(data_dir=data)):
        pass


@pytest.mark.parametrize(
    "host, address",
    [
        ("127.0.0.1", "http://localhost:8018"),
        ("::1", "http://localhost:8018"),
        ("127.0.0.2", "http://127.0.0.2:8018"),
        ("192.0.2.1", "http://192.0.2.1:8018"),
        ("2001:db8::1", "http://[2001:db8::1]:8018"),
        ("halte.example", "http://halte.example:8018"),
    ],
)
def test_the_greeting_names_the_address_it_listens_on(
    capsys: pytest.CaptureFixture[str], host: str, address: str
) -> None:
    _greet(host, 8018)
    assert capsys.readouterr().out == f"Halte is at {address}\n"
