-- A household that asks for a place, by coded facts alone. Closed ones are erased in time, with all that names them.
CREATE TABLE request (
  id UUID NOT NULL,
  region_id UUID NOT NULL,
  code TEXT NOT NULL,
  night DATE NOT NULL,
  regime TEXT NOT NULL CONSTRAINT ck_request_regime CHECK (regime IN ('night', 'admission')),
  channel TEXT NOT NULL,
  version INTEGER NOT NULL,
  state TEXT NOT NULL CONSTRAINT ck_request_state CHECK (state IN ('waiting', 'held', 'closed')),
  household JSON NOT NULL,
  asked_at TIMESTAMP WITH TIME ZONE NOT NULL,
  refreshed_at TIMESTAMP WITH TIME ZONE NOT NULL,
  expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
  paused_until TIMESTAMP WITH TIME ZONE,
  closed_at TIMESTAMP WITH TIME ZONE,
  outcome TEXT,
  outcome_reason TEXT,
  assignee_id UUID,
  continues UUID,
  receipt_hash BYTEA,
  placement_id UUID,
  gone BOOLEAN NOT NULL,
  actor_id UUID NOT NULL,
  body_hash BYTEA NOT NULL,
  CONSTRAINT pk_request PRIMARY KEY (id),
  CONSTRAINT fk_request_region_id_region FOREIGN KEY(region_id) REFERENCES region (id),
  CONSTRAINT ck_request_outcome CHECK ((state = 'closed') = (outcome IS NOT NULL) AND (state = 'closed') = (closed_at IS NOT NULL)),
  CONSTRAINT ck_request_placement CHECK ((state = 'held') = (placement_id IS NOT NULL))
);

CREATE UNIQUE INDEX uq_request_code ON request (region_id, night, code);

CREATE UNIQUE INDEX uq_request_receipt ON request (receipt_hash);

CREATE INDEX ix_request_open ON request (region_id, expires_at) WHERE state <> 'closed';

CREATE INDEX ix_request_shown ON request (region_id, closed_at) WHERE NOT gone;

CREATE INDEX ix_request_night ON request (region_id, night);

-- From hold to arrival. Its id is that of the hold in the inventory, which keeps the places and the instant that ends it.
CREATE TABLE placement (
  id UUID NOT NULL,
  region_id UUID NOT NULL,
  request_id UUID NOT NULL,
  unit_id UUID NOT NULL,
  shelter_id UUID NOT NULL,
  places INTEGER NOT NULL,
  version INTEGER NOT NULL,
  state TEXT NOT NULL CONSTRAINT ck_placement_state CHECK (state IN ('held', 'accepted', 'ended')),
  ending TEXT,
  late BOOLEAN NOT NULL,
  voided BOOLEAN NOT NULL,
  held_at TIMESTAMP WITH TIME ZONE NOT NULL,
  seen_at TIMESTAMP WITH TIME ZONE,
  accepted_at TIMESTAMP WITH TIME ZONE,
  extended_at TIMESTAMP WITH TIME ZONE,
  escalated_at TIMESTAMP WITH TIME ZONE,
  ended_at TIMESTAMP WITH TIME ZONE,
  decline_reason TEXT,
  decline_free INTEGER,
  replaces UUID,
  holder_id UUID NOT NULL,
  policy_version INTEGER NOT NULL,
  gone BOOLEAN NOT NULL,
  CONSTRAINT pk_placement PRIMARY KEY (id),
  CONSTRAINT fk_placement_id_hold FOREIGN KEY(id) REFERENCES hold (id),
  CONSTRAINT ck_placement_ending CHECK ((state = 'ended') = (ending IS NOT NULL) AND (state = 'ended') = (ended_at IS NOT NULL))
);

CREATE INDEX ix_placement_request ON placement (request_id);

CREATE INDEX ix_placement_shelter ON placement (shelter_id, ended_at);

CREATE INDEX ix_placement_open ON placement (region_id, held_at) WHERE state <> 'ended';

CREATE INDEX ix_placement_shown ON placement (region_id, ended_at) WHERE NOT gone;

-- Units that are not offered to a household again for a while.
CREATE TABLE request_bar (
  request_id UUID NOT NULL,
  unit_id UUID NOT NULL,
  shelter_id UUID NOT NULL,
  reason TEXT NOT NULL,
  until TIMESTAMP WITH TIME ZONE NOT NULL,
  CONSTRAINT pk_request_bar PRIMARY KEY (request_id, unit_id)
);

-- What was done with a request, under the client's id. Erased with the request.
CREATE TABLE request_event (
  id UUID NOT NULL,
  region_id UUID NOT NULL,
  request_id UUID NOT NULL,
  placement_id UUID,
  at TIMESTAMP WITH TIME ZONE NOT NULL,
  verb TEXT NOT NULL,
  facts JSON NOT NULL,
  actor_id UUID NOT NULL,
  body_hash BYTEA NOT NULL,
  CONSTRAINT pk_request_event PRIMARY KEY (id)
);

CREATE INDEX ix_request_event_request ON request_event (request_id, at);

CREATE TABLE orientation_policy (
  region_id UUID NOT NULL,
  version INTEGER NOT NULL,
  id UUID NOT NULL,
  body JSON NOT NULL,
  why TEXT NOT NULL,
  actor_id UUID NOT NULL,
  set_at TIMESTAMP WITH TIME ZONE NOT NULL,
  body_hash BYTEA NOT NULL,
  CONSTRAINT pk_orientation_policy PRIMARY KEY (region_id, version),
  CONSTRAINT fk_orientation_policy_region_id_region FOREIGN KEY(region_id) REFERENCES region (id)
);

CREATE UNIQUE INDEX uq_orientation_policy_id ON orientation_policy (id);
