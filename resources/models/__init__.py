"""Models that come with the program: none yet (see the help page on training)."""
