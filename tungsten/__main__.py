"""`python -m tungsten`: the terminal alone, for a person's hands."""

from __future__ import annotations

import sys

from tungsten.cli import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
