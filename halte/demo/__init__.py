"""The demonstration region: invented, seeded, in the proportions of the Brussels Region."""
