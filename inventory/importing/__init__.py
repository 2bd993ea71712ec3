"""Importing: any CSV file, read by a mapping, shown as what it would change, and applied in one transaction."""
