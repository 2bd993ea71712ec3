"""The draw: a list that is frozen, a seed that nobody chose, and an order that anybody can compute again.

`algorithm` and `verifying` are pure and need nothing but the exported file.
"""
