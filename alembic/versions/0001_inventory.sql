-- Regions with their counter, the journal and the stamps of the board; the inventory's tables.
-- Statements are separated by a blank line. Postgres 15 features only.

CREATE TABLE demo_clock (
  id INTEGER DEFAULT '1' NOT NULL CONSTRAINT ck_demo_clock_single CHECK (id = 1),
  real_anchor TIMESTAMP WITH TIME ZONE NOT NULL,
  shown_anchor TIMESTAMP WITH TIME ZONE NOT NULL,
  speed DOUBLE PRECISION NOT NULL CONSTRAINT ck_demo_clock_forward CHECK (speed >= 0),
  CONSTRAINT pk_demo_clock PRIMARY KEY (id)
);

CREATE TABLE journal (
  region_id UUID NOT NULL,
  seq BIGINT NOT NULL,
  batch UUID NOT NULL,
  at TIMESTAMP WITH TIME ZONE NOT NULL,
  kind TEXT NOT NULL,
  subject_id UUID NOT NULL,
  visible_seq BIGINT NOT NULL,
  gone BOOLEAN NOT NULL,
  causes JSON NOT NULL,
  body JSON NOT NULL,
  CONSTRAINT pk_journal PRIMARY KEY (region_id, seq)
);

CREATE INDEX ix_journal_subject ON journal (subject_id, seq);

CREATE TABLE region (
  id UUID NOT NULL,
  slug TEXT NOT NULL,
  name TEXT NOT NULL,
  timezone TEXT NOT NULL,
  seq BIGINT DEFAULT '0' NOT NULL,
  epoch UUID NOT NULL,
  cluster TEXT DEFAULT '' NOT NULL,
  CONSTRAINT pk_region PRIMARY KEY (id),
  CONSTRAINT uq_region_slug UNIQUE (slug)
)
 WITH (fillfactor = 10);

CREATE TABLE report (
  id UUID NOT NULL,
  region_id UUID NOT NULL,
  shelter_id UUID NOT NULL,
  actor_id UUID NOT NULL,
  spoke TEXT NOT NULL,
  received_at TIMESTAMP WITH TIME ZONE NOT NULL,
  sent_at TIMESTAMP WITH TIME ZONE,
  observed_at TIMESTAMP WITH TIME ZONE,
  at TIMESTAMP WITH TIME ZONE NOT NULL,
  skewed BOOLEAN NOT NULL,
  night DATE NOT NULL,
  body_hash BYTEA NOT NULL,
  CONSTRAINT pk_report PRIMARY KEY (id)
);

CREATE TABLE subject (
  id UUID NOT NULL,
  region_id UUID NOT NULL,
  kind TEXT NOT NULL,
  seq BIGINT NOT NULL,
  visible_seq BIGINT NOT NULL,
  gone BOOLEAN DEFAULT 'false' NOT NULL,
  CONSTRAINT pk_subject PRIMARY KEY (id)
)
 WITH (fillfactor = 70);

CREATE INDEX ix_subject_region_id ON subject (region_id);

CREATE TABLE operator (
  id UUID NOT NULL,
  region_id UUID NOT NULL,
  name TEXT NOT NULL,
  actor_id UUID NOT NULL,
  defined_at TIMESTAMP WITH TIME ZONE NOT NULL,
  CONSTRAINT pk_operator PRIMARY KEY (id),
  CONSTRAINT fk_operator_region_id_region FOREIGN KEY(region_id) REFERENCES region (id)
);

CREATE INDEX ix_operator_region_id ON operator (region_id);

CREATE TABLE policy (
  region_id UUID NOT NULL,
  version INTEGER NOT NULL,
  body JSON NOT NULL,
  why TEXT NOT NULL,
  actor_id UUID NOT NULL,
  set_at TIMESTAMP WITH TIME ZONE NOT NULL,
  CONSTRAINT pk_policy PRIMARY KEY (region_id, version),
  CONSTRAINT fk_policy_region_id_region FOREIGN KEY(region_id) REFERENCES region (id)
);

CREATE TABLE shelter (
  id UUID NOT NULL,
  region_id UUID NOT NULL,
  operator_id UUID NOT NULL,
  name TEXT NOT NULL,
  commune TEXT NOT NULL,
  secret BOOLEAN NOT NULL,
  invented BOOLEAN NOT NULL,
  closed BOOLEAN DEFAULT 'false' NOT NULL,
  address TEXT,
  latitude DOUBLE PRECISION,
  longitude DOUBLE PRECISION,
  phone TEXT,
  languages TEXT[] NOT NULL,
  opens TIME WITHOUT TIME ZONE,
  closes TIME WITHOUT TIME ZONE,
  intake_from TIME WITHOUT TIME ZONE,
  intake_to TIME WITHOUT TIME ZONE,
  external_ref TEXT,
  actor_id UUID NOT NULL,
  defined_at TIMESTAMP WITH TIME ZONE NOT NULL,
  CONSTRAINT pk_shelter PRIMARY KEY (id),
  CONSTRAINT fk_shelter_region_id_region FOREIGN KEY(region_id) REFERENCES region (id),
  CONSTRAINT fk_shelter_operator_id_operator FOREIGN KEY(operator_id) REFERENCES operator (id)
);

CREATE INDEX ix_shelter_region_id ON shelter (region_id);

CREATE TABLE unit (
  id UUID NOT NULL,
  region_id UUID NOT NULL,
  shelter_id UUID NOT NULL,
  name TEXT NOT NULL,
  audience TEXT[] NOT NULL,
  allotment TEXT NOT NULL CONSTRAINT ck_unit_allotment CHECK (allotment IN ('place', 'room')),
  regime TEXT NOT NULL CONSTRAINT ck_unit_regime CHECK (regime IN ('night', 'admission')),
  turnover TEXT NOT NULL CONSTRAINT ck_unit_turnover CHECK (turnover IN ('nightly', 'continuing')),
  room_size SMALLINT,
  age_min SMALLINT,
  age_max SMALLINT,
  party_min SMALLINT NOT NULL,
  party_max SMALLINT,
  step_free BOOLEAN,
  pets BOOLEAN,
  tolerance TEXT,
  medical_care BOOLEAN,
  max_stay_nights INTEGER,
  surge BOOLEAN NOT NULL,
  expires_at TIMESTAMP WITH TIME ZONE,
  external_ref TEXT,
  removed BOOLEAN DEFAULT 'false' NOT NULL,
  actor_id UUID NOT NULL,
  defined_at TIMESTAMP WITH TIME ZONE NOT NULL,
  CONSTRAINT pk_unit PRIMARY KEY (id),
  CONSTRAINT fk_unit_region_id_region FOREIGN KEY(region_id) REFERENCES region (id),
  CONSTRAINT fk_unit_shelter_id_shelter FOREIGN KEY(shelter_id) REFERENCES shelter (id)
);

CREATE INDEX ix_unit_region_id ON unit (region_id);

CREATE INDEX ix_unit_shelter_id ON unit (shelter_id);

CREATE TABLE capacity_change (
  id UUID NOT NULL,
  unit_id UUID NOT NULL,
  at TIMESTAMP WITH TIME ZONE NOT NULL,
  report_id UUID NOT NULL,
  capacity INTEGER NOT NULL,
  actor_id UUID NOT NULL,
  CONSTRAINT pk_capacity_change PRIMARY KEY (id),
  CONSTRAINT fk_capacity_change_unit_id_unit FOREIGN KEY(unit_id) REFERENCES unit (id)
);

CREATE UNIQUE INDEX uq_capacity_change_report ON capacity_change (unit_id, report_id);

CREATE TABLE closing (
  id UUID NOT NULL,
  unit_id UUID NOT NULL,
  at TIMESTAMP WITH TIME ZONE NOT NULL,
  closed BOOLEAN NOT NULL,
  actor_id UUID NOT NULL,
  CONSTRAINT pk_closing PRIMARY KEY (id),
  CONSTRAINT fk_closing_unit_id_unit FOREIGN KEY(unit_id) REFERENCES unit (id)
);

CREATE INDEX ix_closing_unit_id ON closing (unit_id);

CREATE TABLE feed (
  unit_id UUID NOT NULL,
  key_id UUID NOT NULL,
  free INTEGER,
  over_by INTEGER,
  at TIMESTAMP WITH TIME ZONE NOT NULL,
  value_since TIMESTAMP WITH TIME ZONE NOT NULL,
  as_of TIMESTAMP WITH TIME ZONE,
  body_hash BYTEA NOT NULL,
  repeats INTEGER NOT NULL,
  CONSTRAINT pk_feed PRIMARY KEY (unit_id, key_id),
  CONSTRAINT fk_feed_unit_id_unit FOREIGN KEY(unit_id) REFERENCES unit (id)
);

CREATE TABLE hold (
  id UUID NOT NULL,
  region_id UUID NOT NULL,
  unit_id UUID NOT NULL,
  request_id UUID,
  places INTEGER NOT NULL CONSTRAINT ck_hold_places CHECK (places > 0),
  state TEXT NOT NULL,
  held_at TIMESTAMP WITH TIME ZONE NOT NULL,
  expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
  ended_at TIMESTAMP WITH TIME ZONE,
  actor_id UUID NOT NULL,
  body_hash BYTEA NOT NULL,
  CONSTRAINT pk_hold PRIMARY KEY (id),
  CONSTRAINT fk_hold_unit_id_unit FOREIGN KEY(unit_id) REFERENCES unit (id)
);

CREATE INDEX ix_hold_expiry ON hold (expires_at) WHERE state = 'held';

CREATE INDEX ix_hold_unit_ended ON hold (unit_id, ended_at);

CREATE INDEX ix_hold_unit_open ON hold (unit_id) WHERE state = 'held';

CREATE UNIQUE INDEX uq_hold_request_open ON hold (request_id) WHERE state = 'held';

CREATE TABLE movement (
  id UUID NOT NULL,
  region_id UUID NOT NULL,
  unit_id UUID NOT NULL,
  direction TEXT NOT NULL CONSTRAINT ck_movement_direction CHECK (direction IN ('in', 'out')),
  places INTEGER NOT NULL CONSTRAINT ck_movement_places CHECK (places > 0),
  occurred_at TIMESTAMP WITH TIME ZONE NOT NULL,
  received_at TIMESTAMP WITH TIME ZONE NOT NULL,
  sent_at TIMESTAMP WITH TIME ZONE,
  client_at TIMESTAMP WITH TIME ZONE,
  skewed BOOLEAN NOT NULL,
  hold_id UUID,
  counted_in UUID,
  outcome TEXT NOT NULL,
  actor_id UUID NOT NULL,
  body_hash BYTEA NOT NULL,
  voided_at TIMESTAMP WITH TIME ZONE,
  voided_by UUID,
  CONSTRAINT pk_movement PRIMARY KEY (id),
  CONSTRAINT fk_movement_unit_id_unit FOREIGN KEY(unit_id) REFERENCES unit (id)
);

CREATE INDEX ix_movement_unit_occurred ON movement (unit_id, occurred_at);

CREATE TABLE report_unit (
  report_id UUID NOT NULL,
  unit_id UUID NOT NULL,
  nth INTEGER NOT NULL,
  outcome TEXT NOT NULL,
  pinned BOOLEAN NOT NULL,
  far BOOLEAN NOT NULL,
  free INTEGER,
  over_by INTEGER NOT NULL,
  basis TEXT NOT NULL,
  at TIMESTAMP WITH TIME ZONE NOT NULL,
  known_until TIMESTAMP WITH TIME ZONE NOT NULL,
  body_hash BYTEA NOT NULL,
  capacity INTEGER,
  out_of_service JSON,
  intake JSON,
  pin_s INTEGER NOT NULL,
  CONSTRAINT pk_report_unit PRIMARY KEY (report_id, unit_id),
  CONSTRAINT fk_report_unit_report_id_report FOREIGN KEY(report_id) REFERENCES report (id),
  CONSTRAINT fk_report_unit_unit_id_unit FOREIGN KEY(unit_id) REFERENCES unit (id)
);

CREATE INDEX ix_report_unit_at ON report_unit (unit_id, at);

CREATE INDEX ix_report_unit_intake ON report_unit (unit_id, at) WHERE intake IS NOT NULL;

CREATE INDEX ix_report_unit_out_of_service ON report_unit (unit_id, at) WHERE out_of_service IS NOT NULL;

CREATE UNIQUE INDEX uq_report_unit_nth ON report_unit (unit_id, nth);

CREATE TABLE unit_state (
  unit_id UUID NOT NULL,
  status TEXT NOT NULL,
  free INTEGER NOT NULL CONSTRAINT ck_unit_state_free CHECK (free >= 0),
  held INTEGER NOT NULL CONSTRAINT ck_unit_state_held CHECK (held >= 0),
  over_by INTEGER NOT NULL CONSTRAINT ck_unit_state_over_by CHECK (over_by >= 0),
  night DATE NOT NULL,
  closed BOOLEAN NOT NULL,
  reopened_at TIMESTAMP WITH TIME ZONE,
  stuck_by UUID,
  reports INTEGER NOT NULL,
  count_prior_seq BIGINT NOT NULL,
  count_report UUID,
  count_at TIMESTAMP WITH TIME ZONE,
  count_spoke TEXT,
  count_source UUID,
  count_free INTEGER,
  count_over_by INTEGER,
  count_night DATE,
  count_basis TEXT,
  count_known_until TIMESTAMP WITH TIME ZONE,
  count_skewed BOOLEAN,
  coming JSON,
  persons JSON NOT NULL,
  fed_until TIMESTAMP WITH TIME ZONE,
  capacity INTEGER NOT NULL,
  capacity_at TIMESTAMP WITH TIME ZONE NOT NULL,
  capacity_report UUID NOT NULL,
  out_of_service JSON,
  out_of_service_at TIMESTAMP WITH TIME ZONE,
  out_of_service_report UUID,
  intake JSON,
  intake_at TIMESTAMP WITH TIME ZONE,
  intake_report UUID,
  CONSTRAINT pk_unit_state PRIMARY KEY (unit_id),
  CONSTRAINT fk_unit_state_unit_id_unit FOREIGN KEY(unit_id) REFERENCES unit (id)
)
 WITH (fillfactor = 50);

CREATE TABLE hold_end (
  id UUID NOT NULL,
  hold_id UUID NOT NULL,
  outcome TEXT NOT NULL,
  late BOOLEAN NOT NULL,
  movement_id UUID,
  at TIMESTAMP WITH TIME ZONE NOT NULL,
  actor_id UUID NOT NULL,
  body_hash BYTEA NOT NULL,
  CONSTRAINT pk_hold_end PRIMARY KEY (id),
  CONSTRAINT fk_hold_end_hold_id_hold FOREIGN KEY(hold_id) REFERENCES hold (id)
);

CREATE INDEX ix_hold_end_hold_id ON hold_end (hold_id);

CREATE UNIQUE INDEX uq_hold_end_once ON hold_end (hold_id) WHERE NOT late;

-- The only clock that decides (I12). In a demo it may be set and sped up by the one row of
-- demo_clock; clock_timestamp() and not now(), because a batch's time is the time after its locks.
CREATE FUNCTION halte_now() RETURNS timestamptz LANGUAGE sql VOLATILE PARALLEL SAFE AS $$
  SELECT coalesce(
    (SELECT shown_anchor + (clock_timestamp() - real_anchor) * speed FROM demo_clock),
    clock_timestamp()
  )
$$;
