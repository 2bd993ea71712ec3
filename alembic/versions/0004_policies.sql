-- Rules that change while everybody works, and the activation of surge units.
-- A unit's state says by which version it was folded; -1 is by a release before this one: the sweep folds it anew.
ALTER TABLE unit_state ADD COLUMN policy INTEGER DEFAULT '-1' NOT NULL;

-- The client's id, and what it sent under it. No release could write a row before this one.
ALTER TABLE policy ADD COLUMN id UUID DEFAULT gen_random_uuid() NOT NULL, ADD COLUMN body_hash BYTEA DEFAULT '' NOT NULL;

ALTER TABLE policy ALTER COLUMN id DROP DEFAULT, ALTER COLUMN body_hash DROP DEFAULT;

ALTER TABLE policy ADD CONSTRAINT uq_policy_id UNIQUE (id);

CREATE TABLE surge (
  id UUID NOT NULL,
  region_id UUID NOT NULL,
  reason TEXT NOT NULL CONSTRAINT ck_surge_reason CHECK (reason IN ('cold', 'heat', 'fire', 'flood', 'arrivals', 'other')),
  until TIMESTAMP WITH TIME ZONE NOT NULL,
  started_at TIMESTAMP WITH TIME ZONE NOT NULL,
  ended_at TIMESTAMP WITH TIME ZONE,
  actor_id UUID NOT NULL,
  CONSTRAINT pk_surge PRIMARY KEY (id),
  CONSTRAINT fk_surge_region_id_region FOREIGN KEY(region_id) REFERENCES region (id)
);

CREATE INDEX ix_surge_region_started ON surge (region_id, started_at);

CREATE TABLE surge_change (
  id UUID NOT NULL,
  surge_id UUID NOT NULL,
  verb TEXT NOT NULL CONSTRAINT ck_surge_change_verb CHECK (verb IN ('activate', 'extend', 'end')),
  until TIMESTAMP WITH TIME ZONE NOT NULL,
  why TEXT NOT NULL,
  at TIMESTAMP WITH TIME ZONE NOT NULL,
  actor_id UUID NOT NULL,
  body_hash BYTEA NOT NULL,
  CONSTRAINT pk_surge_change PRIMARY KEY (id),
  CONSTRAINT fk_surge_change_surge_id_surge FOREIGN KEY(surge_id) REFERENCES surge (id)
);

CREATE INDEX ix_surge_change_surge_id ON surge_change (surge_id);

CREATE TABLE surge_unit (
  surge_id UUID NOT NULL,
  unit_id UUID NOT NULL,
  CONSTRAINT pk_surge_unit PRIMARY KEY (surge_id, unit_id),
  CONSTRAINT fk_surge_unit_surge_id_surge FOREIGN KEY(surge_id) REFERENCES surge (id),
  CONSTRAINT fk_surge_unit_unit_id_unit FOREIGN KEY(unit_id) REFERENCES unit (id)
);

CREATE INDEX ix_surge_unit_unit_id ON surge_unit (unit_id);
