"""Themes: the colours and styles that everything is drawn with."""
