"""Shells: started with our integration, given a line at their prompt, and read by its marks."""
