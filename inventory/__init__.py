"""Which places exist, and how many are free now: shelters, units, reports, movements and the board.

It knows the kernel only. It carries no facts about people (invariant I9).
"""
