"""Files: opened safely, replaced whole, shared by agents, and what git says of them."""
