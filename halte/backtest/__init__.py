"""A backtest: one winter month of Toronto's open data, distributed anew under several rules on the very same input.

Everything here is pure but the reading of three files: no server, no database. What is not in the files is assumed, and
each assumption stands in `assuming.py` with its reason; docs/backtest.md says them again beside the table.
"""
