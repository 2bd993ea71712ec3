"""What every other package stands on: settings, Postgres, Redis, journal, lane, live hub, access, problems, clock, ids.

It knows nobody: it imports none of its neighbours, and names nothing of shelters or of requests.
"""
