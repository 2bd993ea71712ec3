"""Who asks, what fits, who goes where: requests, holds and placements, suggestions, draws and plans.

It knows the inventory and the kernel.
"""
