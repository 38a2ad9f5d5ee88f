"""How the gate dialog looks: short and long, while typing and ready, small and large."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from textual.widgets import Static

from agent.protocol.gates import RiskLevel, Span
from tests.tui.camera import Camera
from tests.tui.settling import settled

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


async def test_high(camera: Camera, make_app: Make, make_gate: Make) -> None:
    app = make_app(make_gate(1), make_gate(2))
    await camera.shoot(app, ready)


async def test_long(camera: Camera, make_app: Make, make_gate: Make) -> None:
    start = SCRIPT.index("curl")
    gate = make_gate(
        text=SCRIPT,
        spans=(Span(start=start, end=SCRIPT.index("\n", start)),),
        reasons=("writes a script and runs it", "pipes a download into a shell"),
        effect="downloads https://example.com/install and runs it as you",
    )
    await camera.shoot(make_app(gate), ready)


async def test_a_dialog_of_another_agent(camera: Camera, make_app: Make, make_gate: Make) -> None:
    shown = "Edit file\n\n   src/calc.py\n\n 12 -    return a + b\n 12 +    return a - b\n\n"
    shown += (
        "Do you want to make this edit?\n \u203a 1. Yes\n   2. Yes, during this session\n   3. No"
    )
    doubt = "what it asks about cannot be told from its screen"
    gate = make_gate(
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
    await camera.shoot(make_app(gate), ready)


async def test_diff(camera: Camera, make_app: Make, make_gate: Make) -> None:
    gate = make_gate(
        risk=RiskLevel.MEDIUM,
        action="write_file",
        text="/srv/work/orchard/calc.py",
        diff=DIFF,
        spans=(),
        reasons=("changes a file of the project",),
        effect="",
        pane_id=None,
    )
    await camera.shoot(make_app(gate), ready)


async def test_tree(camera: Camera, make_app: Make, make_gate: Make) -> None:
    text = "for f in *.py; do sed -i s/a/b/ $f; done && git push --force origin main | tee log"
    app = make_app(make_gate(text=text, spans=(Span(start=52, end=59),)))
    app.explained = """HIGH: rewrites a shared branch on origin
  why: rewrites a shared branch on the remote
  why: edits files in place
commands:
  sed -i s/a/b/ *.py  ← MEDIUM
  git push --force origin main  ← HIGH
  tee log  ← MEDIUM"""

    async def unfold(pilot: Any) -> None:
        await ready(pilot)
        await pilot.press("t")
        await ready(pilot)

    await camera.shoot(app, unfold)


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


async def test_hidden_characters(camera: Camera, make_app: Make, make_gate: Make) -> None:
    gate = make_gate(text="echo \u202egnp.exe \x1b[2K\tdone\u00a0# \u200bx", spans=())
    await camera.shoot(make_app(gate), ready)


async def test_while_typing(camera: Camera, make_app: Make, make_gate: Make) -> None:
    async def type_on(pilot: Any) -> None:
        await pilot.press(*"half a senten")

    # The silence after these keys never comes.
    app = make_app(make_gate(), ticks=lambda: time.monotonic() - 1000)
    await camera.shoot(app, type_on)


async def test_message(camera: Camera, make_app: Make, make_gate: Make) -> None:
    async def write(pilot: Any) -> None:
        await ready(pilot)
        await pilot.press("m")
        await settled(pilot.app)
        await pilot.press(*"push a new branch instead")

    await camera.shoot(make_app(make_gate()), write)


async def test_looking_at_the_pane(camera: Camera, make_app: Make, make_gate: Make) -> None:
    async def look(pilot: Any) -> None:
        await ready(pilot)
        await pilot.press("l")

    await camera.shoot(make_app(make_gate()), look)


async def test_tiny(camera: Camera, make_app: Make, make_gate: Make) -> None:
    await camera.shoot(make_app(make_gate()), ready, sizes=[(40, 10)])
