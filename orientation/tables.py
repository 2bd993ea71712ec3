"""Tables of orientation: requests, placements, what was done with them, and the rules.

Facts about people stand here and nowhere else, coded, and are erased in time (I9). A placement has the id of its hold.
"""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    Uuid,
)

from kernel.postgres import metadata
from kernel.tables import instant

request = Table(
    "request",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("region_id", Uuid, ForeignKey("region.id"), nullable=False),
    Column("code", Text, nullable=False),
    Column("night", Date, nullable=False),
    Column("regime", Text, CheckConstraint("regime IN ('night', 'admission')", name="regime"), nullable=False),
    Column("channel", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("state", Text, CheckConstraint("state IN ('waiting', 'held', 'closed')", name="state"), nullable=False),
    Column("household", JSON, nullable=False),
    instant("asked_at", nullable=False),
    instant("refreshed_at", nullable=False),
    instant("expires_at", nullable=False),
    instant("paused_until"),
    instant("closed_at"),
    Column("outcome", Text),
    Column("outcome_reason", Text),
    Column("assignee_id", Uuid),
    Column("continues", Uuid),
    Column("receipt_hash", LargeBinary),
    # The open one.
    Column("placement_id", Uuid),
    # Off the screens: the night is over.
    Column("gone", Boolean, nullable=False),
    Column("actor_id", Uuid, nullable=False),
    Column("body_hash", LargeBinary, nullable=False),
    CheckConstraint(
        "(state = 'closed') = (outcome IS NOT NULL) AND (state = 'closed') = (closed_at IS NOT NULL)", name="outcome"
    ),
    CheckConstraint("(state = 'held') = (placement_id IS NOT NULL)", name="placement"),
    Index("uq_request_code", "region_id", "night", "code", unique=True),
    Index("uq_request_receipt", "receipt_hash", unique=True),
    Index("ix_request_open", "region_id", "expires_at", postgresql_where="state <> 'closed'"),
    Index("ix_request_shown", "region_id", "closed_at", postgresql_where="NOT gone"),
    Index("ix_request_night", "region_id", "night"),
    Index("ix_request_past", "region_id", "closed_at", postgresql_where="gone"),
    Index("ix_request_continues", "continues", postgresql_where="continues IS NOT NULL"),
)

placement = Table(
    "placement",
    metadata,
    Column("id", Uuid, ForeignKey("hold.id"), primary_key=True),
    Column("region_id", Uuid, nullable=False),
    Column("request_id", Uuid, nullable=False),
    Column("unit_id", Uuid, nullable=False),
    Column("shelter_id", Uuid, nullable=False),
    Column("places", Integer, nullable=False),
    Column("version", Integer, nullable=False),
    Column("state", Text, CheckConstraint("state IN ('held', 'accepted', 'ended')", name="state"), nullable=False),
    Column("ending", Text),
    Column("late", Boolean, nullable=False),
    Column("voided", Boolean, nullable=False),
    # When the clock ends it, its hold says: unanswered, or accepted and nobody came.
    instant("held_at", nullable=False),
    instant("seen_at"),
    instant("accepted_at"),
    instant("extended_at"),
    instant("escalated_at"),
    instant("ended_at"),
    Column("decline_reason", Text),
    Column("decline_free", Integer),
    Column("replaces", Uuid),
    Column("holder_id", Uuid, nullable=False),
    Column("policy_version", Integer, nullable=False),
    Column("gone", Boolean, nullable=False),
    CheckConstraint(
        "(state = 'ended') = (ending IS NOT NULL) AND (state = 'ended') = (ended_at IS NOT NULL)", name="ending"
    ),
    Index("ix_placement_request", "request_id"),
    Index("ix_placement_shelter", "shelter_id", "ended_at"),
    Index("ix_placement_open", "region_id", "held_at", postgresql_where="state <> 'ended'"),
    Index("ix_placement_shown", "region_id", "ended_at", postgresql_where="NOT gone"),
)

request_bar = Table(
    "request_bar",
    metadata,
    Column("request_id", Uuid, primary_key=True),
    Column("unit_id", Uuid, primary_key=True),
    Column("shelter_id", Uuid, nullable=False),
    Column("reason", Text, nullable=False),
    instant("until", nullable=False),
)

# What was done, under the client's id (I10). Erased with the request, unlike the journal.
request_event = Table(
    "request_event",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("region_id", Uuid, nullable=False),
    Column("request_id", Uuid, nullable=False),
    Column("placement_id", Uuid),
    instant("at", nullable=False),
    Column("verb", Text, nullable=False),
    Column("facts", JSON, nullable=False),
    Column("actor_id", Uuid, nullable=False),
    Column("body_hash", LargeBinary, nullable=False),
    Index("ix_request_event_request", "request_id", "at"),
)

# Sealed (sealing.py): nothing in here can be read with the database alone. Erased after the closing (erasing.py).
contact = Table(
    "contact",
    metadata,
    Column("request_id", Uuid, primary_key=True),
    Column("region_id", Uuid, nullable=False),
    # Which data key it is sealed with.
    Column("key_id", Text, nullable=False),
    Column("alias", LargeBinary),
    Column("contact", LargeBinary),
    # The same for the same contact within a night.
    Column("twin", LargeBinary),
    Index("ix_contact_region_id", "region_id"),
    Index("ix_contact_twin", "twin"),
)

night_key = Table(
    "night_key",
    metadata,
    Column("region_id", Uuid, ForeignKey("region.id"), primary_key=True),
    Column("night", Date, primary_key=True),
    Column("key", LargeBinary, nullable=False),
)

request_step = Table(
    "request_step",
    metadata,
    Column("request_id", Uuid, primary_key=True),
    Column("id", Uuid, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("shelter_id", Uuid),
    instant("at"),
    Column("result", Text),
    Column("reason", Text),
    instant("changed_at", nullable=False),
    Column("actor_id", Uuid, nullable=False),
)

# What is left of requests that were erased: nothing but numbers.
night_count = Table(
    "night_count",
    metadata,
    Column("region_id", Uuid, ForeignKey("region.id"), primary_key=True),
    Column("night", Date, primary_key=True),
    Column("regime", Text, primary_key=True),
    Column("party", Text, primary_key=True),
    Column("outcome", Text, primary_key=True),
    Column("reason", Text, primary_key=True),
    Column("requests", Integer, nullable=False),
    Column("people", Integer, nullable=False),
)

# One a night and audience, but for those that were abandoned, which stay to be seen.
draw = Table(
    "draw",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("region_id", Uuid, ForeignKey("region.id"), nullable=False),
    Column("night", Date, nullable=False),
    Column("audience", Text, nullable=False),
    instant("made_at", nullable=False),
    Column("actor_id", Uuid, nullable=False),
    Column("version", Integer, nullable=False),
    Column(
        "state",
        Text,
        CheckConstraint("state IN ('open', 'frozen', 'drawn', 'abandoned')", name="state"),
        nullable=False,
    ),
    Column("commitments", JSON, nullable=False),
    Column("policy_version", Integer),
    Column("policy_hash", Text),
    Column("rules", JSON),
    Column("size", Integer, nullable=False),
    # Of the pseudonyms: destroyed when the night is closed out.
    Column("key", LargeBinary),
    Column("list_hash", LargeBinary),
    Column("seed", LargeBinary),
    Column("why", Text),
    instant("frozen_at"),
    instant("drawn_at"),
    instant("ended_at"),
    Column("gone", Boolean, nullable=False),
    CheckConstraint("state NOT IN ('frozen', 'drawn') OR list_hash IS NOT NULL", name="list"),
    CheckConstraint("(state = 'drawn') = (seed IS NOT NULL)", name="seed"),
    Index("uq_draw_night", "region_id", "night", "audience", unique=True, postgresql_where="state <> 'abandoned'"),
    Index("ix_draw_night", "region_id", "night"),
    Index("ix_draw_shown", "region_id", "ended_at", postgresql_where="NOT gone"),
)

draw_entry = Table(
    "draw_entry",
    metadata,
    Column("draw_id", Uuid, ForeignKey("draw.id"), primary_key=True),
    # In the frozen list; `position` is in the drawn order.
    Column("place", Integer, primary_key=True),
    Column("pseudonym", Text, nullable=False),
    Column("stratum", Integer, nullable=False),
    Column("tickets", Integer, nullable=False),
    # Null once the request is erased.
    Column("request_id", Uuid),
    Column("position", Integer),
    Index("ix_draw_entry_request", "request_id", postgresql_where="request_id IS NOT NULL"),
)

# `content` is the case. It and `result` say where which household was to go, and are erased with the requests.
plan = Table(
    "plan",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("region_id", Uuid, ForeignKey("region.id"), nullable=False),
    Column("night", Date, nullable=False),
    instant("made_at", nullable=False),
    Column("actor_id", Uuid, nullable=False),
    Column("body_hash", LargeBinary, nullable=False),
    Column("time_limit_s", Integer, nullable=False),
    Column("version", Integer, nullable=False),
    Column(
        "state",
        Text,
        CheckConstraint("state IN ('solving', 'draft', 'applying', 'applied', 'discarded', 'failed')", name="state"),
        nullable=False,
    ),
    Column("after", Uuid),
    Column("followed_by", Uuid),
    Column("links", JSON, nullable=False),
    Column("policy_version", Integer),
    Column("policy_hash", Text),
    Column("seq", BigInteger),
    Column("epoch", Uuid),
    Column("progress", JSON),
    Column("failure", Text),
    Column("summary", JSON),
    Column("content", LargeBinary),
    Column("result", LargeBinary),
    # By the real clock.
    instant("heard_at"),
    instant("ended_at"),
    Column("gone", Boolean, nullable=False),
    Index("uq_plan_solving", "region_id", unique=True, postgresql_where="state = 'solving'"),
    Index("ix_plan_night", "region_id", "night"),
    Index("ix_plan_shown", "region_id", "ended_at", postgresql_where="NOT gone"),
)

# What was done with draws and plans, under the client's id (I10): a table of numbers and ids, of no household.
sharing_event = Table(
    "sharing_event",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("region_id", Uuid, nullable=False),
    # The draw or the plan.
    Column("subject_id", Uuid, nullable=False),
    instant("at", nullable=False),
    Column("verb", Text, nullable=False),
    Column("actor_id", Uuid, nullable=False),
    Column("body_hash", LargeBinary, nullable=False),
    Index("ix_sharing_event_subject", "subject_id", "at"),
)

# One night's queue and board, kept so that other rules can be tried on it; erased with its requests.
night_case = Table(
    "night_case",
    metadata,
    Column("region_id", Uuid, ForeignKey("region.id"), primary_key=True),
    Column("night", Date, primary_key=True),
    instant("at", nullable=False),
    Column("content", LargeBinary, nullable=False),
)

orientation_policy = Table(
    "orientation_policy",
    metadata,
    Column("region_id", Uuid, ForeignKey("region.id"), primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("id", Uuid, nullable=False),
    Column("body", JSON, nullable=False),
    Column("why", Text, nullable=False),
    Column("actor_id", Uuid, nullable=False),
    instant("set_at", nullable=False),
    Column("body_hash", LargeBinary, nullable=False),
    Index("uq_orientation_policy_id", "id", unique=True),
)
