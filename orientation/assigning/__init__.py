"""Assigning jobs to agents with capacities, with a proven bound: the solver core. It knows nothing of shelters."""
