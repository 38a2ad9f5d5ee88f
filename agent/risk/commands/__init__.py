"""One module for each family of programs: what its commands do, by their arguments."""
