"""The real app without an engine, for tests of how it leaves: signal_host.py ROOT [crash]."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path
from typing import Any

from agent.paths import Paths
from tui.app import TungstenApp

ROOT = Path(__file__).parents[3]


async def never(*_: Any, **__: Any) -> Any:
    await asyncio.Event().wait()


class Crashing(TungstenApp):
    CSS_PATH = ROOT / "tui" / "app.tcss"

    async def on_prompt_edited(self) -> None:
        raise RuntimeError("a mistake of ours")


root = Path(sys.argv[1])
paths = Paths(root / "config", root / "data", root / "run")
# With a model to think with, so that the cockpit comes first.
os.environ["ANTHROPIC_API_KEY"] = "sk-ant-only-to-be-there"
kind = Crashing if sys.argv[2:] == ["crash"] else TungstenApp
app = kind(paths, connect=never)
app.run()
sys.exit(app.return_code or 0)
