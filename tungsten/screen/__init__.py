"""Screens of panes: captured as frames, read as cells, drawn, and what scrolled off them."""
