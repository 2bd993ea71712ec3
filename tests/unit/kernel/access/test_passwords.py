from __future__ import annotations

import asyncio

import pytest
from argon2 import Type, extract_parameters

from kernel.access.passwords import HASHER, LONGEST, NOBODYS_HASH, SHORTEST, Passwords, check_strength
from kernel.access.problems import PasswordTooWeak
from kernel.problems import Busy

GOOD = "cactus lamp zondag vier"


@pytest.fixture
def passwords() -> Passwords:
    return Passwords()


async def test_hashes_are_argon2id_with_64_mib_and_three_passes(passwords: Passwords) -> None:
    found = extract_parameters(await passwords.hash(GOOD))
    assert (found.type, found.memory_cost, found.time_cost, found.parallelism) == (Type.ID, 65_536, 3, 1)
    assert (found.salt_len, found.hash_len) == (16, 32)


def test_nobodys_hash_costs_as_much_as_a_real_one() -> None:
    assert not HASHER.check_needs_rehash(NOBODYS_HASH)


async def test_the_right_password_and_no_other(passwords: Passwords) -> None:
    stored = await passwords.hash(GOOD)
    assert stored != await passwords.hash(GOOD)
    assert await passwords.verify(stored, GOOD)
    assert not await passwords.verify(stored, GOOD + " ")
    assert not await passwords.verify(stored, "")
    assert not await passwords.verify(stored, GOOD * 100)
    assert not await passwords.verify(None, GOOD)
    assert not await passwords.verify("not a hash", GOOD)


async def test_two_keyboards_write_the_same_letter(passwords: Passwords) -> None:
    stored = await passwords.hash("une \u00e9tag\u00e8re bleue")
    assert await passwords.verify(stored, "une e\u0301tage\u0300re bleue")


async def test_checks_do_not_hold_up_the_loop(passwords: Passwords) -> None:
    checks = asyncio.gather(*(passwords.verify(None, GOOD) for _ in range(4)))
    beats = 0
    while not checks.done():
        await asyncio.sleep(0.005)
        beats += 1
    await checks
    assert beats > 10


async def test_too_many_at_once_are_sent_away_before_memory_runs_out(passwords: Passwords) -> None:
    outcomes = await asyncio.gather(*(passwords.verify(None, GOOD) for _ in range(40)), return_exceptions=True)
    assert sum(isinstance(outcome, Busy) for outcome in outcomes) == 8
    assert outcomes.count(False) == 32


@pytest.mark.parametrize(
    "password",
    ["", "short", "x" * (SHORTEST - 1), "a" * 40, "abababababababab", "Mirjam.Desk01", "y" + "z1é x" * LONGEST],
)
def test_what_is_guessed_first_is_refused(password: str) -> None:
    with pytest.raises(PasswordTooWeak) as refused:
        check_strength(password, "mirjam.desk")
    assert refused.value.facts == {"shortest": SHORTEST, "longest": LONGEST}


@pytest.mark.parametrize("password", [GOOD, "politique de la ville", "十二文字以上の合言葉を選ぶ"])
def test_length_is_enough(password: str) -> None:
    check_strength(password, "pol")
