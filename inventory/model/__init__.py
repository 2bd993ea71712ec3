"""Models of the inventory: frozen values and pure functions, standard library only."""
