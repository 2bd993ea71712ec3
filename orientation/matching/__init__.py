"""Who fits where, and why: hard rules as masks over the whole board, then fit as a sum of named terms.

Pure: a board and a household in, reasons out. Nothing here asks a database, and nothing here knows an exact count of a
secret shelter (I11).
"""
