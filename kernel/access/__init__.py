"""Who may do what: accounts, sessions, machine keys, tickets, and a policy per route, denied by default.

It says who somebody is and which shelters they hold; whether a given shelter is among them is
decided by join, where the write happens.
"""
