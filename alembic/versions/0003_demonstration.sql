-- At most one row. The passwords of a demonstration are published: production refuses a database that has it.
CREATE TABLE demonstration (
  id INTEGER DEFAULT '1' NOT NULL CONSTRAINT ck_demonstration_single CHECK (id = 1),
  marked_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
  CONSTRAINT pk_demonstration PRIMARY KEY (id)
);

-- Demonstrations made before there was a mark are known by their operators, whose names no real region has.
INSERT INTO demonstration (id) SELECT 1 WHERE EXISTS (SELECT FROM operator WHERE name = 'Operator 70 (invented)');

CREATE TABLE sweep_restart (
  id INTEGER GENERATED ALWAYS AS IDENTITY NOT NULL,
  restarted_at TIMESTAMP WITH TIME ZONE NOT NULL,
  actor_id UUID NOT NULL,
  CONSTRAINT pk_sweep_restart PRIMARY KEY (id)
);
