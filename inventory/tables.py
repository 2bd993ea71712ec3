"""Tables of the inventory. No fact about a person stands in any of them (I9)."""

from __future__ import annotations

from sqlalchemy import (
    ARRAY,
    JSON,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    Table,
    Text,
    Time,
    Uuid,
)

from kernel.postgres import metadata
from kernel.tables import instant

operator = Table(
    "operator",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("region_id", Uuid, ForeignKey("region.id"), nullable=False, index=True),
    Column("name", Text, nullable=False),
    Column("actor_id", Uuid, nullable=False),
    instant("defined_at", nullable=False),
)

shelter = Table(
    "shelter",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("region_id", Uuid, ForeignKey("region.id"), nullable=False, index=True),
    Column("operator_id", Uuid, ForeignKey("operator.id"), nullable=False),
    Column("name", Text, nullable=False),
    Column("commune", Text, nullable=False),
    Column("secret", Boolean, nullable=False),
    Column("invented", Boolean, nullable=False),
    Column("closed", Boolean, nullable=False, server_default="false"),
    Column("address", Text),
    Column("latitude", Double),
    Column("longitude", Double),
    Column("phone", Text),
    Column("languages", ARRAY(Text), nullable=False),
    Column("opens", Time),
    Column("closes", Time),
    Column("intake_from", Time),
    Column("intake_to", Time),
    Column("external_ref", Text),
    Column("actor_id", Uuid, nullable=False),
    instant("defined_at", nullable=False),
)

unit = Table(
    "unit",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("region_id", Uuid, ForeignKey("region.id"), nullable=False, index=True),
    Column("shelter_id", Uuid, ForeignKey("shelter.id"), nullable=False, index=True),
    Column("name", Text, nullable=False),
    Column("audience", ARRAY(Text), nullable=False),
    Column("allotment", Text, CheckConstraint("allotment IN ('place', 'room')", name="allotment"), nullable=False),
    Column("regime", Text, CheckConstraint("regime IN ('night', 'admission')", name="regime"), nullable=False),
    Column("turnover", Text, CheckConstraint("turnover IN ('nightly', 'continuing')", name="turnover"), nullable=False),
    Column("room_size", SmallInteger),
    Column("age_min", SmallInteger),
    Column("age_max", SmallInteger),
    Column("party_min", SmallInteger, nullable=False),
    Column("party_max", SmallInteger),
    Column("step_free", Boolean),
    Column("pets", Boolean),
    Column("tolerance", Text),
    Column("medical_care", Boolean),
    Column("max_stay_nights", Integer),
    Column("surge", Boolean, nullable=False),
    instant("expires_at"),
    Column("external_ref", Text),
    Column("removed", Boolean, nullable=False, server_default="false"),
    Column("actor_id", Uuid, nullable=False),
    instant("defined_at", nullable=False),
)

# The hot row of a unit. No CHECK (held <= free): a truthful low report must pass (I2). The count
# columns repeat the winning report, so that the lane reads one row and not the history.
unit_state = Table(
    "unit_state",
    metadata,
    Column("unit_id", Uuid, ForeignKey("unit.id"), primary_key=True),
    Column("status", Text, nullable=False),
    Column("free", Integer, CheckConstraint("free >= 0", name="free"), nullable=False),
    Column("held", Integer, CheckConstraint("held >= 0", name="held"), nullable=False),
    Column("over_by", Integer, CheckConstraint("over_by >= 0", name="over_by"), nullable=False),
    Column("night", Date, nullable=False),
    Column("closed", Boolean, nullable=False),
    instant("reopened_at"),
    Column("stuck_by", Uuid),
    Column("reports", Integer, nullable=False),
    Column("count_prior_seq", BigInteger, nullable=False),
    Column("count_report", Uuid),
    instant("count_at"),
    Column("count_spoke", Text),
    Column("count_source", Uuid),
    Column("count_free", Integer),
    Column("count_over_by", Integer),
    Column("count_night", Date),
    Column("count_basis", Text),
    instant("count_known_until"),
    Column("count_skewed", Boolean),
    # The count of a night that has not begun, and when a person last spoke of each night.
    Column("coming", JSON),
    Column("persons", JSON, nullable=False),
    # How far feeds have spoken: a person who speaks of a time before that is told together with them.
    instant("fed_until"),
    Column("capacity", Integer, nullable=False),
    instant("capacity_at", nullable=False),
    Column("capacity_report", Uuid, nullable=False),
    Column("out_of_service", JSON),
    instant("out_of_service_at"),
    Column("out_of_service_report", Uuid),
    Column("intake", JSON),
    instant("intake_at"),
    Column("intake_report", Uuid),
    # The version of the rules it was folded by; -1 by a release that did not write it down.
    Column("policy", Integer, nullable=False, server_default="-1"),
    postgresql_with={"fillfactor": "50"},
)

# Every report is kept for ever, whatever became of it. The hot tables name their region without a
# foreign key: the lane has the region at hand, and a key would lock its counter row once per insert.
report = Table(
    "report",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("region_id", Uuid, nullable=False),
    Column("shelter_id", Uuid, nullable=False),
    Column("actor_id", Uuid, nullable=False),
    Column("spoke", Text, nullable=False),
    instant("received_at", nullable=False),
    instant("sent_at"),
    instant("observed_at"),
    instant("at", nullable=False),
    Column("skewed", Boolean, nullable=False),
    Column("night", Date, nullable=False),
    Column("body_hash", LargeBinary, nullable=False),
)

report_unit = Table(
    "report_unit",
    metadata,
    Column("report_id", Uuid, ForeignKey("report.id"), primary_key=True),
    Column("unit_id", Uuid, ForeignKey("unit.id"), primary_key=True),
    Column("nth", Integer, nullable=False),
    # `outcome` is what was answered, and stays; `pinned` is judged anew when a late line changes it.
    Column("outcome", Text, nullable=False),
    Column("pinned", Boolean, nullable=False),
    Column("far", Boolean, nullable=False),
    # None where the line states facts only.
    Column("free", Integer),
    Column("over_by", Integer, nullable=False),
    Column("basis", Text, nullable=False),
    instant("at", nullable=False),
    instant("known_until", nullable=False),
    Column("body_hash", LargeBinary, nullable=False),
    Column("capacity", Integer),
    Column("out_of_service", JSON),
    Column("intake", JSON),
    Column("pin_s", Integer, nullable=False),
    Index("uq_report_unit_nth", "unit_id", "nth", unique=True),
    # A line that comes out of order is told together with those around it.
    Index("ix_report_unit_at", "unit_id", "at"),
    Index("ix_report_unit_out_of_service", "unit_id", "at", postgresql_where="out_of_service IS NOT NULL"),
    Index("ix_report_unit_intake", "unit_id", "at", postgresql_where="intake IS NOT NULL"),
)

movement = Table(
    "movement",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("region_id", Uuid, nullable=False),
    Column("unit_id", Uuid, ForeignKey("unit.id"), nullable=False),
    Column("direction", Text, CheckConstraint("direction IN ('in', 'out')", name="direction"), nullable=False),
    Column("places", Integer, CheckConstraint("places > 0", name="places"), nullable=False),
    instant("occurred_at", nullable=False),
    instant("received_at", nullable=False),
    instant("sent_at"),
    instant("client_at"),
    Column("skewed", Boolean, nullable=False),
    Column("hold_id", Uuid),
    Column("counted_in", Uuid),
    Column("outcome", Text, nullable=False),
    Column("actor_id", Uuid, nullable=False),
    Column("body_hash", LargeBinary, nullable=False),
    instant("voided_at"),
    Column("voided_by", Uuid),
    Index("ix_movement_unit_occurred", "unit_id", "occurred_at"),
)

# What a feed said last about a unit: to see it repeat itself.
feed = Table(
    "feed",
    metadata,
    Column("unit_id", Uuid, ForeignKey("unit.id"), primary_key=True),
    Column("key_id", Uuid, primary_key=True),
    Column("free", Integer),
    Column("over_by", Integer),
    instant("at", nullable=False),
    instant("value_since", nullable=False),
    instant("as_of"),
    Column("body_hash", LargeBinary, nullable=False),
    Column("repeats", Integer, nullable=False),
)

# The dated changes of a unit's capacity, by definition or by a feed.
capacity_change = Table(
    "capacity_change",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("unit_id", Uuid, ForeignKey("unit.id"), nullable=False),
    instant("at", nullable=False),
    Column("report_id", Uuid, nullable=False),
    Column("capacity", Integer, nullable=False),
    Column("actor_id", Uuid, nullable=False),
    Index("uq_capacity_change_report", "unit_id", "report_id", unique=True),
)

closing = Table(
    "closing",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("unit_id", Uuid, ForeignKey("unit.id"), nullable=False, index=True),
    instant("at", nullable=False),
    Column("closed", Boolean, nullable=False),
    Column("actor_id", Uuid, nullable=False),
)

# A hold is named by its placement's random id; who it is for stands elsewhere (I9). A request has
# at most one open hold (I4).
hold = Table(
    "hold",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("region_id", Uuid, nullable=False),
    Column("unit_id", Uuid, ForeignKey("unit.id"), nullable=False),
    Column("request_id", Uuid),
    Column("places", Integer, CheckConstraint("places > 0", name="places"), nullable=False),
    Column("state", Text, nullable=False),
    instant("held_at", nullable=False),
    instant("expires_at", nullable=False),
    instant("ended_at"),
    Column("actor_id", Uuid, nullable=False),
    Column("body_hash", LargeBinary, nullable=False),
    Index("ix_hold_unit_open", "unit_id", postgresql_where="state = 'held'"),
    Index("ix_hold_unit_ended", "unit_id", "ended_at"),
    Index("ix_hold_expiry", "expires_at", postgresql_where="state = 'held'"),
    Index("uq_hold_request_open", "request_id", unique=True, postgresql_where="state = 'held'"),
)

# How a hold ended: one immutable row, with the client's id (I3). A late arrival adds a second one.
hold_end = Table(
    "hold_end",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("hold_id", Uuid, ForeignKey("hold.id"), nullable=False, index=True),
    Column("outcome", Text, nullable=False),
    Column("late", Boolean, nullable=False),
    Column("movement_id", Uuid),
    instant("at", nullable=False),
    Column("actor_id", Uuid, nullable=False),
    Column("body_hash", LargeBinary, nullable=False),
    Index("uq_hold_end_once", "hold_id", unique=True, postgresql_where="NOT late"),
)

# Rules as data: the highest version of a region is in force. `id` is the client's.
policy = Table(
    "policy",
    metadata,
    Column("region_id", Uuid, ForeignKey("region.id"), primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("id", Uuid, nullable=False, unique=True),
    Column("body", JSON, nullable=False),
    Column("why", Text, nullable=False),
    Column("actor_id", Uuid, nullable=False),
    instant("set_at", nullable=False),
    Column("body_hash", LargeBinary, nullable=False),
)

_REASONS = "reason IN ('cold', 'heat', 'fire', 'flood', 'arrivals', 'other')"

# An activation of surge units: it runs until `until`, or until somebody ended it.
surge = Table(
    "surge",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("region_id", Uuid, ForeignKey("region.id"), nullable=False),
    Column("reason", Text, CheckConstraint(_REASONS, name="reason"), nullable=False),
    instant("until", nullable=False),
    instant("started_at", nullable=False),
    instant("ended_at"),
    Column("actor_id", Uuid, nullable=False),
    Index("ix_surge_region_started", "region_id", "started_at"),
)

# Who did what to a surge and why: one immutable row, with the client's id. Activation bears the surge's own.
surge_change = Table(
    "surge_change",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("surge_id", Uuid, ForeignKey("surge.id"), nullable=False, index=True),
    Column("verb", Text, CheckConstraint("verb IN ('activate', 'extend', 'end')", name="verb"), nullable=False),
    instant("until", nullable=False),
    Column("why", Text, nullable=False),
    instant("at", nullable=False),
    Column("actor_id", Uuid, nullable=False),
    Column("body_hash", LargeBinary, nullable=False),
)

surge_unit = Table(
    "surge_unit",
    metadata,
    Column("surge_id", Uuid, ForeignKey("surge.id"), primary_key=True),
    Column("unit_id", Uuid, ForeignKey("unit.id"), primary_key=True, index=True),
)

# A region without one is shown by its points alone. Replaced as a whole, by command.
region_map = Table(
    "region_map",
    metadata,
    Column("region_id", Uuid, ForeignKey("region.id"), primary_key=True),
    Column("body", JSON, nullable=False),
    Column("actor_id", Uuid, nullable=False),
    instant("set_at", nullable=False),
)
