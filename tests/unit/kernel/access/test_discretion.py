"""What must not be seen is not in any repr."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

import pytest

from kernel.access.keeping_accounts import Account, Change
from kernel.access.key_secrets import KeySecrets
from kernel.access.model import NO_REGION, Principal, Role
from kernel.access.schemas import AccountBody, AccountChangeBody, KeyMadeView, KeyView, SignInBody, TicketView
from kernel.access.signing_in import SignedIn, session_credential
from kernel.settings import Settings, SettingsError

SECRET = "s3cret-s3cret-s3cret-s3cret-s3cret-s3cret-x"
SETTINGS = Settings(secret_key="the installation's own secret key")
KEY = KeyView(NO_REGION, "feed", [], "net", 0, [], [], datetime.now(UTC), None)


def principal() -> Principal:
    return Principal("account", UUID(int=5), NO_REGION, Role.DESK, credential=session_credential(SECRET))


def signed_in() -> SignedIn:
    credential = session_credential(SECRET)
    assert credential is not None
    return SignedIn(SECRET, credential, None)


@pytest.mark.parametrize(
    "shown",
    [
        SignInBody(SECRET, SECRET),
        AccountBody(SECRET, SECRET, "desk"),
        AccountChangeBody(password=SECRET),
        Change(password=SECRET),
        Account(NO_REGION, NO_REGION, SECRET, Role.DESK, "nl", frozenset(), datetime.now(UTC), None),
        TicketView(SECRET, 30),
        KeyMadeView(KEY, SECRET),
        principal(),
        signed_in(),
        KeySecrets(SETTINGS),
        KeySecrets(SETTINGS).credential(f"Bearer {NO_REGION}.{SECRET}"),
    ],
    ids=lambda shown: type(shown).__name__,
)
def test_reprs_are_silent(shown: object) -> None:
    said = repr(shown) + str(shown)
    digest = session_credential(SECRET)
    assert digest is not None
    assert "s3cret" not in said
    assert repr(digest.id) not in said
    assert "the installation" not in said


def test_without_a_secret_nothing_starts() -> None:
    for weak in (None, "", "too short"):
        with pytest.raises(SettingsError, match="HALTE_SECRET_KEY"):
            KeySecrets(Settings(secret_key=weak))


def test_the_same_secret_is_known_by_something_else_in_another_installation() -> None:
    header = f"Bearer {NO_REGION}.{SECRET}"
    here = KeySecrets(SETTINGS).credential(header)
    there = KeySecrets(Settings(secret_key="another installation's secret key")).credential(header)
    assert here is not None
    assert there is not None
    assert here.id == there.id
    assert here.proof != there.proof


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Bearer",
        "Bearer x",
        f"Basic {NO_REGION}.{SECRET}",
        f"Bearer {NO_REGION}",
        f"Bearer {NO_REGION}.",
        f"Bearer {NO_REGION}.{SECRET}x",
        f"Bearer {NO_REGION}.{SECRET[:-1]}é",
        f"Bearer {'-' * 36}.{SECRET}",
        f"Bearer {NO_REGION}.{SECRET}, Bearer {NO_REGION}.{SECRET}",
    ],
)
def test_what_is_no_key_is_not_looked_up(header: str) -> None:
    assert KeySecrets(SETTINGS).credential(header) is None


@pytest.mark.parametrize("token", ["", "x", SECRET + "x", SECRET[:-1] + "é", "\0" * 42])
def test_what_is_no_token_is_not_looked_up(token: str) -> None:
    assert session_credential(token) is None
