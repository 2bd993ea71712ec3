"""The product assembled: the application, the command line, the embedded servers and the simulator.

It knows everything below it; nothing below imports it.
"""
