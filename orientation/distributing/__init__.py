"""Plans as data: a case is captured, worked out in a process of its own, decided on by a person, and applied."""
