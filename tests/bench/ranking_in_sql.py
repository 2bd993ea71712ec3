"""The same ranking as one statement of SQL, over a table as easy for it as the columns are for numpy.

The table is the columns themselves: flat, typed, in memory, its codes numbers already. Blockers and asks are masks with
the same bits. What a real query would have to join, project (I11) and keep up to date beside it is not counted.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import asyncpg

from orientation.matching.admitting import party_of, tables
from orientation.matching.columns import MANY, REGIMES, Columns, micros, minutes_of_night
from orientation.matching.context import Context
from orientation.matching.reasons import ASK, BLOCKER, Ask, Blocker
from orientation.matching.seeing import FEATURES
from orientation.matching.weighing import needed
from orientation.model.household import Household
from orientation.model.policy import Weights

_INTS = (
    "standing", "regime", "age_min", "age_max", "party_min", "party_max", "is_room", "room", "least", "most", "lacks",
    "unknown", "tolerance", "intake_ends_min", "shelter", "commune", "located", "x_m", "y_m", "audience", "speech",
    "features",
)  # fmt: skip
_LONGS = ("paused_until", "expires_at", "aging_at", "stale_at", "silent_at")

_RANK = """
WITH rarity AS MATERIALIZED (
  SELECT count(*) AS units, {having}
  FROM bench_unit WHERE regime = $2 AND standing & {closed} = 0
), judged AS (
  SELECT u.*, CASE WHEN is_room = 1 THEN 1 ELSE $1 END AS need,
    standing | (lacks & $3) | ($4::int[])[audience + 1]
    | CASE WHEN regime <> $2 THEN {regime} ELSE 0 END
    | CASE WHEN CASE WHEN is_room = 1 THEN 1 ELSE $1 END > most THEN {no_places} ELSE 0 END
    | CASE WHEN room < $1 THEN {room} ELSE 0 END
    | CASE WHEN party_max < $1 THEN {large} ELSE 0 END
    | CASE WHEN party_min > $1 THEN {small} ELSE 0 END
    | CASE WHEN age_min > $6 OR age_max < $7 THEN {age} ELSE 0 END
    | CASE WHEN $10 > 0 AND tolerance BETWEEN 0 AND $10 - 1 THEN {tolerance} ELSE 0 END
    | CASE WHEN paused_until > $11 THEN {paused} ELSE 0 END
    | CASE WHEN expires_at <= $11 THEN {expired} ELSE 0 END
    | CASE WHEN shelter = ANY($13::int[]) THEN {away_shelter} ELSE 0 END
    | CASE WHEN commune = ANY($14::int[]) THEN {away_commune} ELSE 0 END
    | CASE WHEN id = ANY($15::uuid[]) THEN {barred} ELSE 0 END AS blockers,
    (unknown & $16) | ($5::int[])[audience + 1]
    | CASE WHEN CASE WHEN is_room = 1 THEN 1 ELSE $1 END > least
            AND CASE WHEN is_room = 1 THEN 1 ELSE $1 END <= most THEN {ask_places} ELSE 0 END
    | CASE WHEN (age_min > $8 OR age_max < $9) AND NOT (age_min > $6 OR age_max < $7) THEN {ask_age} ELSE 0 END
    | CASE WHEN $10 > 0 AND tolerance < 0 THEN {ask_tolerance} ELSE 0 END
    | CASE WHEN intake_ends_min <= $12 THEN {ask_hours} ELSE 0 END AS asks
  FROM bench_unit u
), weighed AS (
  SELECT id, blockers, asks,
    CASE WHEN located = 1 AND $17::int IS NOT NULL THEN $20 * greatest($21 -
      floor(sqrt((x_m - $17)::bigint * (x_m - $17) + (y_m - $18)::bigint * (y_m - $18)))::int, 0) / $21 ELSE 0 END
    + CASE WHEN shelter = $19 THEN $22::int ELSE 0 END
    + CASE WHEN speech = ANY($23::int[]) THEN $24::int ELSE 0 END
    + $25::int * (CASE WHEN commune = $26 THEN 1 ELSE 0 END + CASE WHEN $27 THEN is_room ELSE 0 END)
    - ({lost}) - $28::int * CASE WHEN room < {many} THEN greatest(room - $1, 0) ELSE 0 END
    - CASE WHEN silent_at <= $11 THEN $29::int WHEN stale_at <= $11 THEN $30 WHEN aging_at <= $11 THEN $31 ELSE 0 END
    - $32::int * bit_count(asks::bit(32)) AS score
  FROM judged, rarity
)
SELECT id, score, asks, NULL::int AS blockers FROM
  (SELECT * FROM weighed WHERE blockers = 0 ORDER BY score DESC, id LIMIT 50) AS best
UNION ALL
SELECT id, score, asks, blockers FROM
  (SELECT * FROM weighed WHERE blockers <> 0 AND blockers & (blockers - 1) = 0
   ORDER BY blockers, score DESC, id LIMIT 50) AS near
"""


async def fill(connection: asyncpg.Connection[Any], columns: Columns) -> None:
    names = [*(f"{name} int" for name in _INTS), *(f"{name} bigint" for name in _LONGS)]
    await connection.execute(f"CREATE TEMP TABLE bench_unit (id uuid PRIMARY KEY, {', '.join(names)})")
    rows = [
        (seen.about.id, *(int(getattr(columns, name)[row]) for name in _INTS + _LONGS))
        for row, seen in enumerate(columns.seen)
    ]
    await connection.copy_records_to_table("bench_unit", records=rows, columns=["id", *_INTS, *_LONGS])
    await connection.execute("ANALYZE bench_unit")


def statement(household: Household, weights: Weights) -> str:
    """Return the statement; what it weighs as rare depends on who asks."""
    unneeded = [(place, name) for place, name in enumerate(FEATURES) if name not in needed(household)]
    having = ", ".join(f"count(*) FILTER (WHERE features & {1 << place} <> 0) AS f{place}" for place in range(6))
    lost = " + ".join(
        f"CASE WHEN features & {1 << place} <> 0 "
        f"THEN {weights.thrift} * (units - f{place}) / greatest(units, 1) ELSE 0 END"
        for place, _ in unneeded
    )
    return _RANK.format(
        having=having, lost=lost or "0", many=MANY, closed=BLOCKER[Blocker.CLOSED], regime=BLOCKER[Blocker.REGIME],
        no_places=BLOCKER[Blocker.NO_PLACES], room=BLOCKER[Blocker.ROOM_TOO_SMALL],
        large=BLOCKER[Blocker.PARTY_TOO_LARGE], small=BLOCKER[Blocker.PARTY_TOO_SMALL], age=BLOCKER[Blocker.AGE],
        tolerance=BLOCKER[Blocker.TOLERANCE], paused=BLOCKER[Blocker.INTAKE_PAUSED], expired=BLOCKER[Blocker.EXPIRED],
        away_shelter=BLOCKER[Blocker.AWAY_SHELTER], away_commune=BLOCKER[Blocker.AWAY_COMMUNE],
        barred=BLOCKER[Blocker.BARRED], ask_places=ASK[Ask.PLACES], ask_age=ASK[Ask.AGE],
        ask_tolerance=ASK[Ask.TOLERANCE], ask_hours=ASK[Ask.INTAKE_HOURS],
    )  # fmt: skip


def arguments(columns: Columns, household: Household, context: Context, weights: Weights, now: datetime) -> list[Any]:
    needs, size = household.needs, household.party_size
    youngest, oldest = zip(*(member.age.years for member in household.answering), strict=True)
    blockers, asks = tables(party_of(household))
    point = (None, None) if needs.near is None else columns.point(needs.near) or (None, None)
    wanted = (
        (needs.step_free, Blocker.STEP_FREE, Ask.STEP_FREE),
        (needs.pets > 0, Blocker.PETS, Ask.PETS),
        (needs.medical_care, Blocker.MEDICAL_CARE, Ask.MEDICAL_CARE),
    )
    unknown = sum(ASK[ask] for there, _, ask in wanted if there) | (ASK[Ask.ROOM_SIZE] if size > 1 else 0)
    late = minutes_of_night(now.astimezone(context.zone).time()) if context.regime == "night" else -1
    speaking = [number for speech, number in columns.speeches.items() if speech & set(needs.languages)]
    bars = [bar for bar in context.bars if bar.until > now]
    barred = [one.about.id for one in columns.seen if any(bar.concerns(one.about.id, one.shelter.id) for bar in bars)]
    return [
        size, REGIMES[context.regime], sum(BLOCKER[code] for there, code, _ in wanted if there), blockers.tolist(),
        asks.tolist(), min(oldest), max(youngest), min(youngest), max(oldest),
        0 if needs.tolerance is None else {"supervised": 1, "open": 2}[needs.tolerance], micros(now, 0), late,
        [columns.shelters[one] for one in needs.away_from.shelters if one in columns.shelters],
        [columns.communes[one] for one in needs.away_from.communes if one in columns.communes],
        barred, unknown, *point,
        columns.shelters.get(context.continues) if context.continues else None, weights.distance, weights.reach_m,
        weights.continuity, speaking, weights.language, weights.preference,
        columns.communes.get(needs.near or "", -1), needs.together and size > 1, weights.spare_place, weights.silent,
        weights.stale, weights.aging, weights.ask,
    ]  # fmt: skip
