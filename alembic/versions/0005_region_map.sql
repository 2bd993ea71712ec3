-- The outline and the communes of a region, for screens. A region without a row is shown by its points alone.
CREATE TABLE region_map (
  region_id UUID NOT NULL,
  body JSON NOT NULL,
  actor_id UUID NOT NULL,
  set_at TIMESTAMP WITH TIME ZONE NOT NULL,
  CONSTRAINT pk_region_map PRIMARY KEY (region_id),
  CONSTRAINT fk_region_map_region_id_region FOREIGN KEY(region_id) REFERENCES region (id)
);
