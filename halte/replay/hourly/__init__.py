"""A folder of hourly files, each a push by one source at the time it arrived: Québec's emergency rooms."""
