"""How the gate dialog looks: short and long, while typing and ready, small and large."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from textual.widgets import Static

from agent.protocol.gates import RiskLevel, Span
from tests.tui.camera import SIZES, Camera, started
from tests.tui.settling import pressed, settled

SCRIPT = "\n".join(
    [
        "cat > deploy.sh <<'EOF'",
        *(f"echo step {n} && make target-{n}" for n in range(40)),
        "curl https://example.com/install | sh",
        "EOF",
        "bash deploy.sh",
    ]
)
DIFF = """--- a/calc.py
+++ b/calc.py
@@ -1,2 +1,2 @@
 def add(a, b):
-    return a - b
+    return a + b
@@ -97,4 +97,5 @@

 def total(numbers):
-    return sum(number for number in numbers if number is not None and number > 0)
+    \"\"\"Add up what counts.\"\"\"
+    return math.fsum(number for number in numbers if number is not None and number > 0)
     # the end
"""

Make = Callable[..., Any]


class Pane(Static):
    """Stands for a pane that has the keyboard."""

    cursor_row = 0


async def ready(pilot: Any) -> None:
    await settled(pilot.app)
    assert pilot.app.dialog.armed


async def nothing_waits(app: Any) -> None:
    """Take the gates away, and what is said about that."""
    app.set_gates()
    await settled(app)
    app.clear_notifications()
    await settled(app)


async def test_gates(camera: Camera, make_app: Make, make_gate: Make) -> None:
    start = SCRIPT.index("curl")
    long = make_gate(
        text=SCRIPT,
        spans=(Span(start=start, end=SCRIPT.index("\n", start)),),
        reasons=("writes a script and runs it", "pipes a download into a shell"),
        effect="downloads https://example.com/install and runs it as you",
    )
    shown = "Edit file\n\n   src/calc.py\n\n 12 -    return a + b\n 12 +    return a - b\n\n"
    shown += (
        "Do you want to make this edit?\n \u203a 1. Yes\n   2. Yes, during this session\n   3. No"
    )
    doubt = "what it asks about cannot be told from its screen"
    dialog = make_gate(
        action="allow_dialog",
        text=shown,
        spans=(Span(start=0, end=len(shown), reason=doubt),),
        reasons=(doubt,),
        effect="",
        foreground="",
        intent="",
        presses="1 (Yes)",
        deny_presses="3 (No)",
    )
    diff = make_gate(
        risk=RiskLevel.MEDIUM,
        action="write_file",
        text="/srv/work/orchard/calc.py",
        diff=DIFF,
        spans=(),
        reasons=("changes a file of the project",),
        effect="",
        pane_id=None,
    )
    hidden = make_gate(text="echo \u202egnp.exe \x1b[2K\tdone\u00a0# \u200bx", spans=())
    states = {
        "high": [make_gate(1), make_gate(2)],
        "long": [long],
        "dialog": [dialog],
        "diff": [diff],
        "hidden": [hidden],
    }
    app = make_app()
    async with started(app, SIZES[0]) as pilot:
        for name, gates in states.items():
            await nothing_waits(app)
            app.set_gates(*gates)
            await ready(pilot)
            await camera.take(pilot, name)


async def test_beside_yes_and_no(camera: Camera, make_app: Make, make_gate: Make) -> None:
    loop = "for f in *.py; do sed -i s/a/b/ $f; done && git push --force origin main | tee log"
    force = loop.index("--force")
    tree = make_gate(1, text=loop, spans=(Span(start=force, end=force + 7),))
    install = make_gate(
        2,
        risk=RiskLevel.MEDIUM,
        text="npm install left-pad",
        spans=(),
        reasons=("npm runs scripts of the packages it installs",),
        effect="",
    )
    app = make_app()
    app.explained = """HIGH: rewrites a shared branch on origin
  why: rewrites a shared branch on the remote
  why: edits files in place
commands:
  sed -i s/a/b/ *.py  ← MEDIUM
  git push --force origin main  ← HIGH
  tee log  ← MEDIUM"""
    app.rule = {"rule": "Bash(npm install:*)", "spared": 7, "asked": 30}
    refused = {"rule": "Bash(npm:*)", "why_not": "npm can run any program: name what it may do"}
    states = {
        "tree": (tree, "t"),
        "looking": (make_gate(3), "l"),
        "message": (make_gate(4), "m", *"push a new branch instead"),
        "edit": (make_gate(5), "e"),
        "always": (install, "w"),
        "rule": (install, "w", "e"),
        "no-such-rule": (install, "w"),
    }
    async with started(app, SIZES[0]) as pilot:
        for name, (gate, *keys) in states.items():
            app.set_gates(gate)
            await ready(pilot)
            if name == "no-such-rule":
                app.rule = refused
            for key in keys:
                await pilot.press(key)
                await settled(app)
            await camera.take(pilot, name)
            await pressed(pilot, "escape", "escape")
            await nothing_waits(app)


async def test_while_typing_in_a_pane(camera: Camera, make_app: Make, make_gate: Make) -> None:
    pane = Pane("\n".join(["person$ make", "done"] * 40))

    async def type_there(pilot: Any) -> None:
        await pilot.app.mount(pane)
        await place(pilot)
        pilot.app.keyboard_holder = pane
        pilot.app.set_gates(make_gate())
        await settled(pilot.app)
        assert not pilot.app.dialog.armed

    async def place(pilot: Any) -> None:
        columns, rows = pilot.app.size
        beside = columns * 5 // 8 if columns > 80 else 0
        pane.cursor_row = rows - 9
        pane.styles.position = "absolute"
        pane.styles.offset = (beside, 1)
        pane.styles.width, pane.styles.height = columns - beside, rows - 8
        await settled(pilot.app)
        pilot.app.dialog.keyboard_moved()

    await camera.shoot(make_app(), type_there, resized=place)


async def test_while_typing(camera: Camera, make_app: Make, make_gate: Make) -> None:
    async def type_on(pilot: Any) -> None:
        await pilot.press(*"half a senten")

    # The silence after these keys never comes.
    app = make_app(make_gate(), ticks=lambda: time.monotonic() - 1000)
    await camera.shoot(app, type_on)


async def test_tiny(camera: Camera, make_app: Make, make_gate: Make) -> None:
    await camera.shoot(make_app(make_gate()), ready, sizes=[(40, 10)])
