"""`python -m tungsten`: the terminal alone, for a person's hands."""

from __future__ import annotations

import sys

from tungsten.standard_streams import open_missing

if __name__ == "__main__":
    open_missing()
    from tungsten.cli import main

    sys.exit(main(sys.argv[1:]))
