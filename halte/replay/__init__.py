"""Replaying a city's open data day by day through the real interface, as that city's shelters would have reported it.

Reading and planning are pure; pushing speaks HTTP with one machine key per operator (I1, I10). Nothing of the file is
dropped in silence: every refused row is listed with its line and its reason.
"""
