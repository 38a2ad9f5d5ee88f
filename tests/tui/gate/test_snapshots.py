"""How the gate dialog looks: short and long, while typing and ready, small and large."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from textual.widgets import Static

from agent.protocol.gates import RiskLevel, Span
from tests.tui.gate.test_dialog import press

SIZES = [(80, 24), (120, 40), (200, 50)]
sizes = pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
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


async def ready(pilot: Any) -> None:
    pilot.app.query_one("#prompt").cursor_blink = False
    for _ in range(60):
        await pilot.pause(0.05)
        if pilot.app.dialog.armed:
            return


@sizes
def test_high(snap_compare: Any, make_app: Make, make_gate: Make, size: tuple[int, int]) -> None:
    app = make_app(make_gate(1), make_gate(2))
    assert snap_compare(app, terminal_size=size, run_before=ready)


@sizes
def test_long(snap_compare: Any, make_app: Make, make_gate: Make, size: tuple[int, int]) -> None:
    start = SCRIPT.index("curl")
    gate = make_gate(
        text=SCRIPT,
        spans=(Span(start=start, end=SCRIPT.index("\n", start)),),
        reasons=("writes a script and runs it", "pipes a download into a shell"),
        effect="downloads https://example.com/install and runs it as you",
    )
    assert snap_compare(make_app(gate), terminal_size=size, run_before=ready)


@sizes
def test_a_dialog_of_another_agent(
    snap_compare: Any, make_app: Make, make_gate: Make, size: tuple[int, int]
) -> None:
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
    assert snap_compare(make_app(gate), terminal_size=size, run_before=ready)


@sizes
def test_diff(snap_compare: Any, make_app: Make, make_gate: Make, size: tuple[int, int]) -> None:
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
    assert snap_compare(make_app(gate), terminal_size=size, run_before=ready)


@sizes
def test_tree(snap_compare: Any, make_app: Make, make_gate: Make, size: tuple[int, int]) -> None:
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
        await press(pilot, "t")
        await pilot.pause()
        await ready(pilot)

    assert snap_compare(app, terminal_size=size, run_before=unfold)


@sizes
def test_while_typing_in_a_pane(
    snap_compare: Any, make_app: Make, make_gate: Make, size: tuple[int, int]
) -> None:
    class Pane(Static):
        cursor_row = size[1] - 9

    async def type_there(pilot: Any) -> None:
        pane = Pane("\n".join(["person$ make", "done"] * 40))
        beside = size[0] * 5 // 8 if size[0] > 80 else 0
        pane.styles.position = "absolute"
        pane.styles.offset, pane.styles.width, pane.styles.height = (
            (beside, 1),
            size[0] - beside,
            size[1] - 8,
        )
        await pilot.app.mount(pane)
        await pilot.pause()
        pilot.app.keyboard_holder = pane
        pilot.app.dialog.keyboard_moved()
        pilot.app.query_one("#prompt").cursor_blink = False
        await pilot.pause(0.2)

    assert snap_compare(make_app(make_gate()), terminal_size=size, run_before=type_there)


def test_hidden_characters(snap_compare: Any, make_app: Make, make_gate: Make) -> None:
    gate = make_gate(text="echo \u202egnp.exe \x1b[2K\tdone\u00a0# \u200bx", spans=())
    assert snap_compare(make_app(gate), terminal_size=(80, 24), run_before=ready)


def test_while_typing(snap_compare: Any, make_app: Make, make_gate: Make) -> None:
    async def type_on(pilot: Any) -> None:
        pilot.app.query_one("#prompt").cursor_blink = False
        await pilot.press(*"half a senten")

    app = make_app(make_gate())
    assert snap_compare(app, terminal_size=(80, 24), run_before=type_on)


def test_message(snap_compare: Any, make_app: Make, make_gate: Make) -> None:
    async def write(pilot: Any) -> None:
        pilot.app.query_one("#gate-message").cursor_blink = False
        await ready(pilot)
        await press(pilot, "m")
        await pilot.press(*"push a new branch instead")

    assert snap_compare(make_app(make_gate()), terminal_size=(80, 24), run_before=write)


def test_looking_at_the_pane(snap_compare: Any, make_app: Make, make_gate: Make) -> None:
    async def look(pilot: Any) -> None:
        await ready(pilot)
        await press(pilot, "l")

    assert snap_compare(make_app(make_gate()), terminal_size=(80, 24), run_before=look)


def test_tiny(snap_compare: Any, make_app: Make, make_gate: Make) -> None:
    assert snap_compare(make_app(make_gate()), terminal_size=(40, 10), run_before=ready)
