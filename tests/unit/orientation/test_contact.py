"""What a household may leave, how it is compared, and that a sealed value opens in its own place alone (I9)."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import replace

import pytest

from kernel.ids import new_id
from kernel.settings import Settings, SettingsError
from orientation.model.contact import Contact, full_name, international, normalised, reachable, register_number
from orientation.problems import ContactRefused
from orientation.receipts import Receipts
from orientation.schemas import ContactBody
from orientation.sealing import Sealer

KEY, OLD = "k" * 32, "o" * 32
NIGHT, NEXT = b"n" * 32, b"m" * 32
SAID = Contact("Heron", "0470 12 34 56")


@pytest.mark.parametrize("text", ["85.07.30-033.28", "85073003328", "17073003384", "nr. 85 07 30 033 28"])
def test_a_register_number_is_known_by_its_check_digits(text: str) -> None:
    assert register_number(text)
    assert not register_number(text.replace("28", "29").replace("84", "85"))


def test_a_number_with_its_country_is_a_telephone_whatever_its_digits() -> None:
    """Two in a hundred Belgian mobiles would pass for a register number otherwise."""
    assert register_number("+32 470 12 30 62")
    assert international("+32 470 12 30 62")
    assert international("0032470123062")
    assert not international("85.07.30-033.28")
    for contact, told in (("+32 470 12 30 62", True), ("85073003328", False)):
        body = ContactBody(contact=contact)
        with nullcontext() if told else pytest.raises(ContactRefused):
            assert body.told() is not None


@pytest.mark.parametrize("text", ["0470 12 34 56", "+32 (0)2/555.12.34", "somebody@example.org"])
def test_a_contact_reaches_somebody(text: str) -> None:
    assert reachable(text)


@pytest.mark.parametrize("text", ["behind the station", "12345", "Somebody 0470 12 34 56", "a@b", "x@y.z 0470123456"])
def test_anything_else_is_no_contact(text: str) -> None:
    assert not reachable(text)


def test_a_full_name_has_two_capitals() -> None:
    assert full_name("Invented Person")
    assert full_name("Invented van der Person")
    assert not full_name("Invented")
    assert not full_name("the tall one with the hat")


def test_a_contact_is_the_same_however_it_is_written() -> None:
    spellings = {"0470 12 34 56", "+32 470/12.34.56", "0032470123456", "０４７０１２３４５６"}
    assert len({normalised(one) for one in spellings}) == 1
    assert normalised(" Somebody@Example.org") == normalised("somebody@example.ORG")
    assert normalised("0470 12 34 57") != normalised("0470 12 34 56")


def test_what_is_sealed_opens_in_its_own_row_and_column_alone() -> None:
    sealer, request_id = Sealer([KEY]), new_id()
    sealed = sealer.seal(request_id, SAID, NIGHT)
    assert sealer.open(request_id, sealed) == SAID
    assert sealer.open(new_id(), sealed) is None
    assert sealer.open(request_id, replace(sealed, alias=sealed.contact)) is None
    assert sealed.alias is not None
    assert sealer.open(request_id, replace(sealed, alias=sealed.alias[:-1] + b"\0")) is None
    assert Sealer([OLD]).open(request_id, sealed) is None
    assert "Heron" not in repr(SAID) + repr(sealed)


def test_a_new_key_seals_and_the_old_one_still_opens() -> None:
    request_id = new_id()
    sealed = Sealer([OLD]).seal(request_id, SAID, NIGHT)
    turned = Sealer([KEY, OLD])
    assert turned.open(request_id, sealed) == SAID
    assert turned.seal(request_id, SAID, NIGHT).key_id != sealed.key_id


def test_twins_are_of_one_night_and_of_one_key() -> None:
    def twin(keys: str, night: bytes) -> bytes | None:
        return Sealer([keys]).seal(new_id(), SAID, night).twin

    assert twin(KEY, NIGHT) == twin(KEY, NIGHT)
    assert len({twin(KEY, NIGHT), twin(KEY, NEXT), twin(OLD, NIGHT)}) == 3
    assert Sealer([KEY]).seal(new_id(), Contact(alias="Heron"), NIGHT).twin is None


def test_without_a_data_key_there_is_no_sealer_but_in_a_demonstration() -> None:
    secret = Settings(secret_key="s" * 32)
    assert Sealer.of(secret) is None
    assert Sealer.of(replace(secret, demo=True)) is not None
    assert Sealer.of(replace(secret, contact_key=(KEY,))) is not None
    with pytest.raises(SettingsError, match="HALTE_CONTACT_KEY"):
        Settings.from_environment({"HALTE_CONTACT_KEY": f"{KEY},short"})


def test_a_receipt_is_known_however_it_is_spelled_and_by_its_key_alone() -> None:
    receipts = Receipts(b"key")
    request_id = new_id()
    shown, kept = receipts.make(request_id)
    assert receipts.make(request_id) == (shown, kept)
    assert Receipts(b"other").make(request_id)[0] != shown != receipts.make(new_id())[0]
    assert len(shown.replace("-", "")) == 12
    assert not set(shown) & set("IO01")
    for spelled in (shown, shown.lower(), shown.replace("-", " "), shown.replace("-", "")):
        assert receipts.hash_of(spelled) == kept
    assert Receipts(b"other").hash_of(shown) != kept
    assert receipts.hash_of("é\ud800") != kept
