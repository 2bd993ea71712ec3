"""Commands that speak to a server over HTTP, somebody's or their own while it lasts, as any client would (I1, I10)."""
