"""Planning: the distribution of a whole night's queue over the places that are free. Pure: a case in, a plan out."""
