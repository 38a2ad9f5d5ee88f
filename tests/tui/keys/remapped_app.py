"""The whole app with a person's own keys; run as a script by `test_key_map.py`.

Every action of a screen gets another key.
"""

from __future__ import annotations

import asyncio
import importlib
import shutil
import sys
import tempfile
from pathlib import Path

from agent.paths import Paths
from agent.protocol.commands.gates import Decide
from agent.protocol.events import GateOpened
from tests.stubs import scenes
from tests.stubs.scripted_engine import ScriptedEngine
from tui import preferences
from tui.keys import actions
from tui.keys.key_map import resolve

OWN = """\
[keys]
"gate.approve_high" = "Z"
"gate.approve" = "x"
"gate.look" = "v"
"gate.deny" = "F10"
"inbox.select" = "t"
"pane.return" = ["F11", "C-]"]
"agent.new" = "C-x"
"app.memories" = "M-y"
"turn.interrupt" = "F10"
"agent.stop" = "S-F8"
"block.copy" = "c"
"prompt.scroll_up" = "S-PPage"
"""
REFUSED = {"gate.deny", "turn.interrupt"}
"""They want the same key where both work."""


HOMES = {
    actions.CONVERSATION: ("tui.widgets.conversation", "Conversation"),
    actions.RECORDING: ("tui.screens.recording", "RecordingScreen"),
    actions.OWN_PANES: ("tui.screens.own_panes", "OwnPanesScreen"),
    actions.MEMORIES: ("tui.screens.memories", "MemoriesScreen"),
    actions.DREAMS: ("tui.screens.dreams", "DreamsScreen"),
    actions.GRID: ("tui.grid.view", "Grid"),
    actions.SESSIONS: ("tui.screens.sessions", "SessionsScreen"),
    actions.FILE: ("tui.screens.viewer", "Viewer"),
    actions.USAGE: ("tui.screens.usage", "UsageScreen"),
}
"""Where the actions of a context are bound."""


def all_others() -> str:
    """Give every action of these contexts another key."""
    lines = []
    for context in HOMES:
        keys = [f"M-{letter}" for letter in "ABCDEFGHIJKLMNPQRSTUVWXYZ"]
        keys += [f"{modifier}-F{number}" for modifier in "CMS" for number in range(1, 13)]
        of_it = [action for action in actions.DEFAULTS if action.context == context]
        for action, key in zip(of_it, keys, strict=False):
            if action.action and f'"{action.id}"' not in OWN:
                lines.append(f'"{action.id}" = "{key}"')
    return "\n".join(lines)


def check_bindings() -> None:
    """Every class that binds keys of the registry binds those of the map, and not the old ones."""
    for context, (module, name) in HOMES.items():
        bindings = getattr(importlib.import_module(module), name).BINDINGS
        bound = [(key, binding.action) for binding in bindings for key in binding.key.split(",")]
        for default in (action for action in actions.DEFAULTS if action.context == context):
            if not default.action:
                continue
            action = actions.by_id(default.id)
            assert action.keys != default.keys, action.id
            assert {key for key, of in bound if of == action.action} == set(action.keys), action.id


async def use_it(paths: Paths) -> None:
    """Open the app and press the keys."""
    paths.config_file.write_text(OWN + all_others())
    preferred = preferences.read(paths)
    line = preferences.put_keys_in_force(preferred, paths.config_file)
    found = resolve(preferred.keys)
    assert {refusal.action_id for refusal in found.refusals} == REFUSED, found.refusals

    from tui.app import TungstenApp
    from tui.screens.new_agent import NewAgentScreen
    from tui.terminal.attach import DETACH_KEY
    from tui.terminal.passthrough import RETURN_KEYS, RETURN_LABEL
    from tui.widgets.prompt import _PAGES

    assert (RETURN_KEYS, RETURN_LABEL, DETACH_KEY) == (
        ("f11", "ctrl+right_square_bracket"),
        "F11",
        "F11",
    )
    assert _PAGES == {"shift+pageup": -1, "pagedown": 1}
    check_bindings()
    calm = scenes.BUSY.model_copy(update={"gates": ()})
    engine = ScriptedEngine(paths.engine_socket, calm)
    app = TungstenApp(
        paths, now=lambda: scenes.NOW, directory=Path("/home/ada"), preferences=preferred
    )
    app.refused_keys = line
    async with engine, app.run_test(size=(120, 40)) as pilot:

        def text() -> str:
            strips = app.screen._compositor.render_strips()
            return "\n".join(strip.text for strip in strips)

        async def until(said: str) -> None:
            for _ in range(400):
                if said in text():
                    return
                await pilot.pause(0.01)
            raise AssertionError(f"{said!r} does not stand there:\n{text()}")

        await until("config.toml:5")
        await until("tungsten keys --check")
        app.cockpit.footer.hush()
        await until("^X new")
        await pilot.press("ctrl+n")
        assert app.screen is app.cockpit
        await pilot.press("ctrl+x")
        await pilot.pause()
        assert isinstance(app.screen, NewAgentScreen)
        await pilot.press("escape")
        engine.publish(GateOpened(gate=scenes.GATE))
        await until("Z approve")
        await pilot.pause(0.7)
        # Who knows the key of the documents is told which one it is now.
        await pilot.press("A")
        await until("HIGH needs Z (Shift+z): nothing was decided")
        await pilot.press("a")
        await until("d deny")
        assert not [command for command in engine.commands if isinstance(command, Decide)]
        await pilot.press("ctrl+u", "escape")
        await pilot.press("ctrl+g")
        await until("t select")
        await pilot.press("t")
        await until("D deny 1")
        await pilot.press("enter")
        await until("Z approve")
        await pilot.pause(0.7)
        await pilot.press("x")
        await until("HIGH needs Z (Shift+z)")
        await pilot.pause(0.7)
        await pilot.press("Z")
        for _ in range(400):
            sent = [command for command in engine.commands if isinstance(command, Decide)]
            if sent:
                break
            await pilot.pause(0.01)
        assert [command.decision for command in sent] == ["approve"]


if __name__ == "__main__":
    root = Path(tempfile.mkdtemp(prefix="tg-", dir="/tmp"))
    try:
        made = Paths(root / "config", root / "data", root / "run")
        made.create()
        asyncio.run(use_it(made))
    finally:
        shutil.rmtree(root)
    sys.stdout.write("all of it\n")
