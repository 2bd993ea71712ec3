"""Simulating an evening of an invented region: a whole night, from noon to noon, of what its shelters would say.

What happens is drawn from a seed, and is the same whenever it is drawn. It is said over HTTP, with log-ins and machine
keys, to a demonstration and to nothing else (I12).
"""
