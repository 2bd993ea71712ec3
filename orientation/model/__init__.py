"""What orientation is about: households, requests, placements, and the rules. Pure, standard library only."""
