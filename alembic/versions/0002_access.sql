-- Access. Times are the real clock's, never halte_now(): a demonstration that jumps signs nobody out.
-- Shelters have no foreign key: a grant for one that does not exist joins with nothing.

CREATE TABLE account (
  id UUID NOT NULL,
  region_id UUID NOT NULL,
  login TEXT NOT NULL CONSTRAINT ck_account_login_lower CHECK (login = lower(login)),
  role TEXT NOT NULL CONSTRAINT ck_account_role CHECK (role IN ('staff', 'desk', 'supervisor', 'administrator')),
  password_hash TEXT NOT NULL,
  language TEXT NOT NULL CONSTRAINT ck_account_language CHECK (language IN ('en', 'fr', 'nl')),
  created_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
  disabled_at TIMESTAMP WITH TIME ZONE,
  actor_id UUID NOT NULL,
  CONSTRAINT pk_account PRIMARY KEY (id),
  CONSTRAINT fk_account_region_id_region FOREIGN KEY(region_id) REFERENCES region (id),
  CONSTRAINT uq_account_login UNIQUE (login)
);

CREATE INDEX ix_account_region_id ON account (region_id);

CREATE TABLE account_shelter (
  account_id UUID NOT NULL,
  shelter_id UUID NOT NULL,
  granted_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
  actor_id UUID NOT NULL,
  CONSTRAINT pk_account_shelter PRIMARY KEY (account_id, shelter_id),
  CONSTRAINT fk_account_shelter_account_id_account FOREIGN KEY(account_id) REFERENCES account (id) ON DELETE CASCADE
);

CREATE INDEX ix_account_shelter_shelter_id ON account_shelter (shelter_id);

CREATE TABLE session (
  token_sha256 BYTEA NOT NULL CONSTRAINT ck_session_sha256 CHECK (octet_length(token_sha256) = 32),
  account_id UUID NOT NULL,
  created_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
  last_seen_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
  expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
  idle_s INTEGER NOT NULL CONSTRAINT ck_session_idle CHECK (idle_s > 0),
  actor_id UUID NOT NULL,
  CONSTRAINT pk_session PRIMARY KEY (token_sha256),
  CONSTRAINT fk_session_account_id_account FOREIGN KEY(account_id) REFERENCES account (id) ON DELETE CASCADE
);

CREATE INDEX ix_session_account_id ON session (account_id);

CREATE INDEX ix_session_expires_at ON session (expires_at);

CREATE TABLE machine_key (
  id UUID NOT NULL,
  region_id UUID NOT NULL,
  name TEXT NOT NULL,
  verbs TEXT[] NOT NULL CONSTRAINT ck_machine_key_verbs CHECK (verbs <@ ARRAY['report', 'move', 'close', 'read'] AND cardinality(verbs) > 0),
  basis TEXT NOT NULL CONSTRAINT ck_machine_key_basis CHECK (basis IN ('physical', 'net')),
  settle_lag_s INTEGER DEFAULT '0' NOT NULL CONSTRAINT ck_machine_key_settle_lag CHECK (settle_lag_s BETWEEN 0 AND 86400),
  created_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
  revoked_at TIMESTAMP WITH TIME ZONE,
  actor_id UUID NOT NULL,
  CONSTRAINT pk_machine_key PRIMARY KEY (id),
  CONSTRAINT fk_machine_key_region_id_region FOREIGN KEY(region_id) REFERENCES region (id)
);

CREATE INDEX ix_machine_key_region_id ON machine_key (region_id);

CREATE TABLE machine_key_secret (
  id UUID NOT NULL,
  key_id UUID NOT NULL,
  slot SMALLINT NOT NULL CONSTRAINT ck_machine_key_secret_slot CHECK (slot IN (1, 2)),
  secret_hmac BYTEA NOT NULL CONSTRAINT ck_machine_key_secret_hmac CHECK (octet_length(secret_hmac) = 32),
  created_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
  revoked_at TIMESTAMP WITH TIME ZONE,
  actor_id UUID NOT NULL,
  CONSTRAINT pk_machine_key_secret PRIMARY KEY (id),
  CONSTRAINT fk_machine_key_secret_key_id_machine_key FOREIGN KEY(key_id) REFERENCES machine_key (id) ON DELETE CASCADE
);

CREATE INDEX ix_machine_key_secret_key_id ON machine_key_secret (key_id);

CREATE UNIQUE INDEX uq_machine_key_secret_live_slot ON machine_key_secret (key_id, slot) WHERE revoked_at IS NULL;

CREATE TABLE machine_key_shelter (
  key_id UUID NOT NULL,
  shelter_id UUID NOT NULL,
  granted_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
  actor_id UUID NOT NULL,
  CONSTRAINT pk_machine_key_shelter PRIMARY KEY (key_id, shelter_id),
  CONSTRAINT fk_machine_key_shelter_key_id_machine_key FOREIGN KEY(key_id) REFERENCES machine_key (id) ON DELETE CASCADE
);

CREATE INDEX ix_machine_key_shelter_shelter_id ON machine_key_shelter (shelter_id);
