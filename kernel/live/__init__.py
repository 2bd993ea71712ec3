"""The live board: from a commit to every screen, through Redis where there is one (I6, I7, I11).

commit → `publishing` → Redis (`board`) → `following` → `mirror` → `hub` → screens (`socket`);
`relay` mends whatever was missed, from the journal. Generic: it knows kinds, not shelters.
"""
