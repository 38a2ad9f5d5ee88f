"""Live agents: who is on the list, how each kind begins and works, and what all of them share."""
