-- A lottery among those of one audience who wait: one a night, but for abandoned ones, which stay to be seen.
CREATE TABLE draw (
  id UUID NOT NULL,
  region_id UUID NOT NULL,
  night DATE NOT NULL,
  audience TEXT NOT NULL,
  made_at TIMESTAMP WITH TIME ZONE NOT NULL,
  actor_id UUID NOT NULL,
  version INTEGER NOT NULL,
  state TEXT NOT NULL CONSTRAINT ck_draw_state CHECK (state IN ('open', 'frozen', 'drawn', 'abandoned')),
  commitments JSON NOT NULL,
  policy_version INTEGER,
  policy_hash TEXT,
  rules JSON,
  size INTEGER NOT NULL,
  key BYTEA,
  list_hash BYTEA,
  seed BYTEA,
  why TEXT,
  frozen_at TIMESTAMP WITH TIME ZONE,
  drawn_at TIMESTAMP WITH TIME ZONE,
  ended_at TIMESTAMP WITH TIME ZONE,
  gone BOOLEAN NOT NULL,
  CONSTRAINT pk_draw PRIMARY KEY (id),
  CONSTRAINT ck_draw_list CHECK (state NOT IN ('frozen', 'drawn') OR list_hash IS NOT NULL),
  CONSTRAINT ck_draw_seed CHECK ((state = 'drawn') = (seed IS NOT NULL)),
  CONSTRAINT fk_draw_region_id_region FOREIGN KEY(region_id) REFERENCES region (id)
);

CREATE INDEX ix_draw_night ON draw (region_id, night);

CREATE INDEX ix_draw_shown ON draw (region_id, ended_at) WHERE NOT gone;

CREATE UNIQUE INDEX uq_draw_night ON draw (region_id, night, audience) WHERE state <> 'abandoned';

-- The frozen list of a draw, by pseudonyms of its own. A request is struck out here when it is erased.
CREATE TABLE draw_entry (
  draw_id UUID NOT NULL,
  place INTEGER NOT NULL,
  pseudonym TEXT NOT NULL,
  stratum INTEGER NOT NULL,
  tickets INTEGER NOT NULL,
  request_id UUID,
  position INTEGER,
  CONSTRAINT pk_draw_entry PRIMARY KEY (draw_id, place),
  CONSTRAINT fk_draw_entry_draw_id_draw FOREIGN KEY(draw_id) REFERENCES draw (id)
);

CREATE INDEX ix_draw_entry_request ON draw_entry (request_id) WHERE request_id IS NOT NULL;

-- A proposed distribution of a night's queue. What names households in it is erased with them.
CREATE TABLE plan (
  id UUID NOT NULL,
  region_id UUID NOT NULL,
  night DATE NOT NULL,
  made_at TIMESTAMP WITH TIME ZONE NOT NULL,
  actor_id UUID NOT NULL,
  body_hash BYTEA NOT NULL,
  time_limit_s INTEGER NOT NULL,
  version INTEGER NOT NULL,
  state TEXT NOT NULL CONSTRAINT ck_plan_state CHECK (state IN ('solving', 'draft', 'applying', 'applied', 'discarded', 'failed')),
  after UUID,
  followed_by UUID,
  links JSON NOT NULL,
  policy_version INTEGER,
  policy_hash TEXT,
  seq BIGINT,
  epoch UUID,
  progress JSON,
  failure TEXT,
  summary JSON,
  content BYTEA,
  result BYTEA,
  ended_at TIMESTAMP WITH TIME ZONE,
  gone BOOLEAN NOT NULL,
  CONSTRAINT pk_plan PRIMARY KEY (id),
  CONSTRAINT fk_plan_region_id_region FOREIGN KEY(region_id) REFERENCES region (id)
);

CREATE INDEX ix_plan_night ON plan (region_id, night);

CREATE INDEX ix_plan_shown ON plan (region_id, ended_at) WHERE NOT gone;

CREATE UNIQUE INDEX uq_plan_solving ON plan (region_id) WHERE state = 'solving';

-- What was done with draws and plans, under the client's id.
CREATE TABLE sharing_event (
  id UUID NOT NULL,
  region_id UUID NOT NULL,
  subject_id UUID NOT NULL,
  at TIMESTAMP WITH TIME ZONE NOT NULL,
  verb TEXT NOT NULL,
  actor_id UUID NOT NULL,
  body_hash BYTEA NOT NULL,
  CONSTRAINT pk_sharing_event PRIMARY KEY (id)
);

CREATE INDEX ix_sharing_event_subject ON sharing_event (subject_id, at);

-- A night's queue and board, so that other rules can be tried on it. Erased with its requests.
CREATE TABLE night_case (
  region_id UUID NOT NULL,
  night DATE NOT NULL,
  at TIMESTAMP WITH TIME ZONE NOT NULL,
  content BYTEA NOT NULL,
  CONSTRAINT pk_night_case PRIMARY KEY (region_id, night),
  CONSTRAINT fk_night_case_region_id_region FOREIGN KEY(region_id) REFERENCES region (id)
);
