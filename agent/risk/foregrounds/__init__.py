"""What a foreground program does with the keys it gets: one model for each kind of program."""
