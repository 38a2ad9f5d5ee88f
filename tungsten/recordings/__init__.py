"""Recordings of panes: written, masked, played, and gone through."""
