"""What the app remembers by itself survives what ends the app."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from tui.prompt.drafts import InterfaceState, edited_prefix


def test_two_apps_keep_each_others_keys(tmp_path: Path) -> None:
    path = tmp_path / "interface.json"
    one, other = InterfaceState(path), InterfaceState(path)
    one.set("draft:a", "from one")
    other.set("draft:b", "from the other")
    one.save()
    other.save()
    kept = InterfaceState(path)
    assert (kept.get("draft:a"), kept.get("draft:b")) == ("from one", "from the other")
    one.set("draft:a", None)
    one.save()
    assert InterfaceState(path).get("draft:a") is None


def test_what_stood_in_an_editor_is_found_again_once_its_app_was_killed(tmp_path: Path) -> None:
    path = tmp_path / "interface.json"
    with subprocess.Popen([sys.executable, "-c", ""]) as ended:
        pass
    gone = edited_prefix("a").replace(str(os.getpid()), str(ended.pid))
    runs = edited_prefix("a").replace(str(os.getpid()), str(os.getppid()))
    written, same, open_still = (
        tmp_path / f"{prefix}x1_y.md" for prefix in (gone, gone.replace("a-", "-"), runs)
    )
    written.write_text("of an hour\n")
    same.write_text("as it was\n")
    open_still.write_text("of another app\n")
    first = InterfaceState(path)
    first.set("draft:a", {"text": "before", "aside": ["older"]})
    first.set("draft:", "as it was")
    first.save()
    state = InterfaceState(path)
    assert state.take_edited()
    assert written.exists(), "it is nowhere else yet"
    state.save()
    kept = InterfaceState(path)
    assert kept.get("draft:a") == {"text": "before", "aside": ["older", "of an hour"]}
    assert kept.get("draft:") == "as it was"
    assert sorted(tmp_path.glob(".prompt-*")) == [open_still]
    assert not kept.take_edited()


def test_what_had_no_answer_is_a_draft_again_once_its_app_has_ended(tmp_path: Path) -> None:
    path = tmp_path / "interface.json"
    code = (
        "import os, sys\n"
        "from pathlib import Path\n"
        "from tui.prompt.drafts import InterfaceState\n"
        "state = InterfaceState(Path(sys.argv[1]))\n"
        "state.set('draft:a', 'being written')\n"
        "state.set('draft:b', {'text': '‹paste 1: 9 lines›', 'pastes': {'1': 'x'}})\n"
        "taken = state.sent('a', 'taken')\n"
        "for agent, text in (('a', 'one'), ('b', 'two'), ('a', 'three')):\n"
        "    state.sent(agent, text)\n"
        "state.answered(taken)\n"
        "state.save()\n"
        "print('ready', flush=True)\n"
        "sys.stdin.read()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])},
    ) as app:
        assert app.stdout is not None
        assert app.stdout.readline() == b"ready\n"
        assert not InterfaceState(path).take_back(), "it still waits for its answers"
        app.kill()
    other = InterfaceState(path)
    assert other.take_back()
    other.save()
    kept = InterfaceState(path)
    assert not kept.take_back()
    assert kept.get("draft:a") == "one\nthree\nbeing written"
    assert kept.get("draft:b") == {"text": "two\n‹paste 1: 9 lines›", "pastes": {"1": "x"}}


@given(st.text())
def test_any_text_comes_back(text: str) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "interface.json"
        state = InterfaceState(path)
        state.set("draft:", text)
        state.save()
        assert InterfaceState(path).get("draft:") == text


def test_a_damaged_file_reads_as_empty(tmp_path: Path) -> None:
    path = tmp_path / "interface.json"
    for content in (b"", b"{", b"[1]", b"\xff\xfe", b"null"):
        path.write_bytes(content)
        state = InterfaceState(path)
        assert state.get("draft:") is None
        state.set("draft:", "new")
        state.save()
        assert json.loads(path.read_bytes()) == {"draft:": "new"}


WRITER = """
import sys
from pathlib import Path
from tui.prompt.drafts import InterfaceState
state = InterfaceState(Path(sys.argv[1]))
number = 0
while True:
    state.set("draft:", f"{number:08d}" * 2000)
    state.save()
    if number == 0:
        print("ready", flush=True)
    number += 1
"""


def test_a_pipe_in_its_place_is_waited_for_by_nobody(tmp_path: Path) -> None:
    path = tmp_path / "interface.json"
    os.mkfifo(path)
    kept = InterfaceState(path)
    kept.set("draft:a", "text")
    kept.save()
    assert InterfaceState(path).get("draft:a") == "text"


def test_kill_9_leaves_a_whole_draft(tmp_path: Path) -> None:
    path = tmp_path / "interface.json"
    root = Path(__file__).parents[3]
    for _ in range(3):
        with subprocess.Popen(
            [sys.executable, "-c", WRITER, str(path)],
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": str(root)},
        ) as writer:
            assert writer.stdout is not None
            writer.stdout.readline()
            writer.send_signal(signal.SIGKILL)
        draft = json.loads(path.read_text())["draft:"]
        assert len(draft) == 16_000
        assert draft == draft[:8] * 2000
