"""The version of the program, importable at no cost."""

__version__ = "0.1.0"
