"""Orientation's part of a batch: its records are loaded, settled and written with the inventory's, or not at all."""
