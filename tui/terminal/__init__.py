"""Live tmux panes on the screen, and ways to type into them."""
