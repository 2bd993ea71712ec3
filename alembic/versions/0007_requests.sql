-- What a household asked to be called, and how it is reached: sealed, never in the clear. Erased 30 days after the closing.
CREATE TABLE contact (
  request_id UUID NOT NULL,
  region_id UUID NOT NULL,
  key_id TEXT NOT NULL,
  alias BYTEA,
  contact BYTEA,
  twin BYTEA,
  CONSTRAINT pk_contact PRIMARY KEY (request_id)
);

CREATE INDEX ix_contact_region_id ON contact (region_id);

CREATE INDEX ix_contact_twin ON contact (twin);

-- The key under which contacts of one night are compared. Destroyed when the night is closed out.
CREATE TABLE night_key (
  region_id UUID NOT NULL,
  night DATE NOT NULL,
  key BYTEA NOT NULL,
  CONSTRAINT pk_night_key PRIMARY KEY (region_id, night),
  CONSTRAINT fk_night_key_region_id_region FOREIGN KEY(region_id) REFERENCES region (id)
);

-- Where admission is negotiated: interview, visit, decision, appeal. Erased with the request.
CREATE TABLE request_step (
  request_id UUID NOT NULL,
  id UUID NOT NULL,
  kind TEXT NOT NULL,
  shelter_id UUID,
  at TIMESTAMP WITH TIME ZONE,
  result TEXT,
  reason TEXT,
  changed_at TIMESTAMP WITH TIME ZONE NOT NULL,
  actor_id UUID NOT NULL,
  CONSTRAINT pk_request_step PRIMARY KEY (request_id, id)
);

-- What is left of requests that were erased.
CREATE TABLE night_count (
  region_id UUID NOT NULL,
  night DATE NOT NULL,
  regime TEXT NOT NULL,
  party TEXT NOT NULL,
  outcome TEXT NOT NULL,
  reason TEXT NOT NULL,
  requests INTEGER NOT NULL,
  people INTEGER NOT NULL,
  CONSTRAINT pk_night_count PRIMARY KEY (region_id, night, regime, party, outcome, reason),
  CONSTRAINT fk_night_count_region_id_region FOREIGN KEY(region_id) REFERENCES region (id)
);

CREATE INDEX ix_request_past ON request (region_id, closed_at) WHERE gone;

CREATE INDEX ix_request_continues ON request (continues) WHERE continues IS NOT NULL;
