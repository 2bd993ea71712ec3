"""A city's daily file: the City of Toronto's shelter and overnight service occupancy."""
