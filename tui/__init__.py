"""The face: the full-screen app and the command line. Renders events, sends commands."""
