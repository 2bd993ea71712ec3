"""The inventory's part of a group commit: what is locked, loaded, decided and written, in that order.

Lock order, everywhere: hold, shelter, unit, each in a statement of its own and by ascending id,
before anything is computed from other rows; the region's counter last.
"""
