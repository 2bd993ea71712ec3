"""Replaying open data through the real interface, as the sources themselves would have reported it.

`daily/` reads a city's daily file, `hourly/` a folder of hourly ones: each turns what it reads into plans. What stands
here pushes plans over HTTP with machine keys (I1, I10), remembers, accounts for every row, and compares with the board.
"""
