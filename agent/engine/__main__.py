"""`python -m agent.engine`: the engine in the foreground."""

from __future__ import annotations

from agent.engine.engine import main

if __name__ == "__main__":
    main()
