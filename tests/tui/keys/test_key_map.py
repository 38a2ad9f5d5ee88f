"""A person's key map: what is read, what is refused, and what then holds in the whole app."""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.keys import _character_to_key
from typer.testing import CliRunner

from agent.paths import Paths
from agent.settings.config import ConfigError, load
from tui import preferences
from tui.command_line.commands import app as command_line
from tui.keys import actions
from tui.keys.key_map import FIXED, NEEDED, PRESETS, overlaps, resolve
from tui.keys.key_names import is_character
from tui.keys.key_reading import SIGNS, KeyRefusedError, read_key

ROOT = Path(__file__).parents[3]
IDS = [action.id for action in actions.DEFAULTS]
DEFAULT = {action.id: action.keys for action in actions.DEFAULTS}
CONTEXT = {action.id: action.context for action in actions.DEFAULTS}


@pytest.fixture(autouse=True)
def own_registry() -> Iterator[None]:
    """Leave the registry as it was."""
    yield
    actions.use({})


def test_keys_are_read_in_the_words_of_tmux_of_textual_and_of_people() -> None:
    for written in ("C-n", "ctrl+n", "Ctrl+N", "^n", "control+n"):
        assert read_key(written) == "ctrl+n"
    for written in ("M-x", "alt+x", "meta+x", "Alt-x"):
        assert read_key(written) == "alt+x"
    assert {read_key(written) for written in ("PPage", "pageup", "PgUp")} == {"pageup"}
    assert read_key("M-X") == read_key("alt+shift+x") == "alt+shift+x"
    assert read_key("C-Space") == "ctrl+@"
    assert read_key("?") == read_key("question_mark") == "question_mark"
    assert read_key("BTab") == "shift+tab"


@pytest.mark.parametrize("key", sorted({key for keys in DEFAULT.values() for key in keys}))
def test_every_key_of_the_registry_can_be_written_as_tmux_names_it(key: str) -> None:
    assert read_key(actions.tmux_name(key)) == SIGNS.get(key, key)
    assert read_key(key) == SIGNS.get(key, key)


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        ("C-i", "Tab"),
        ("C-m", "Enter"),
        ("C-[", "Esc"),
        ("C-h", "Backspace"),
        ("ctrl+shift+n", "Shift"),
        ("C-M-x", "Alt"),
        ("C-1", "Ctrl"),
        ("C-Enter", "Enter"),
        ("S-Space", "another key"),
        ("M-[", "letters, digits and / "),
        ("M-O", "sequences"),
        ("C-S-Up", "many terminals"),
        ("F13", "F12"),
        ("super+a", "Super"),
        ("nonsense", "no such key"),
        ("", "no such key"),
    ],
)
def test_what_terminals_do_not_deliver_is_refused_with_the_reason(
    written: str, reason: str
) -> None:
    with pytest.raises(KeyRefusedError, match=reason):
        read_key(written)


def test_every_sign_that_is_read_has_the_name_by_which_it_arrives() -> None:
    for sign in map(chr, range(0x21, 0x3000)):
        try:
            key = read_key(sign)
        except KeyRefusedError:
            continue
        assert key == _character_to_key(sign), sign
        assert is_character(key)


@pytest.mark.parametrize("written", ["😀", "№", "\u0301", "F1\u0661", "S-ß"])
def test_what_would_leave_an_action_without_a_key_that_arrives_is_refused(
    written: str,
) -> None:
    found = resolve(dict.fromkeys(NEEDED, written))
    assert [each.action_id for each in found.refusals] == list(NEEDED)


def test_signs_of_other_keyboards_decide_at_a_gate() -> None:
    found = resolve({"gate.deny": "§", "gate.approve_high": "€"})
    assert not found.refusals
    assert found.keys == {"gate.deny": ("section_sign",), "gate.approve_high": ("euro_sign",)}
    assert {actions.label(key) for (key,) in found.keys.values()} == {"§", "€"}


@given(st.text(max_size=12))
def test_any_text_is_a_key_or_refused(written: str) -> None:
    try:
        key = read_key(written)
    except KeyRefusedError:
        return
    assert actions.label(key)
    assert read_key(actions.tmux_name(key)) == key


@pytest.mark.parametrize("preset", PRESETS)
def test_presets_are_whole_and_without_conflicts(preset: str) -> None:
    found = resolve({}, preset)
    assert not found.refusals
    for action_id, keys in PRESETS[preset].items():
        assert found.keys[action_id] == tuple(keys.split())
        assert set(DEFAULT[action_id]) <= set(found.keys[action_id])


def test_the_defaults_have_only_these_keys_twice() -> None:
    assert set(overlaps()) == {
        ("ctrl+g", "gate.inbox", "inbox.close"),
        ("escape", "turn.interrupt", "gate.later"),
        ("f5", "app.retry", "memories.reload"),
        ("f5", "app.retry", "dreams.reload"),
    }


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        ({"gate.approve": "Enter"}, "Enter decides nothing"),
        ({"gate.approve_high": "M-Enter"}, "Enter decides nothing"),
        ({"gate.approve_high": "a"}, "HIGH has a key of its own"),
        ({"gate.approve": "x", "gate.approve_high": "x"}, "HIGH has a key of its own"),
        ({"gate.approve_high": "C-a"}, "a character or by F1"),
        ({"gate.deny": "Space"}, "a character or by F1"),
        ({"gate.approve_high": []}, "needs a key"),
        ({"block.copy": "A"}, "when a gate comes up"),
        ({"gate.approve": "n"}, "gate.next"),
        ({"inbox.deny": "Enter"}, "decides nothing"),
        ({"own.allow": "M-Enter"}, "no agent into a pane"),
        ({"own.allow": "Space"}, "no agent into a pane"),
        ({"own.allow": "C-j"}, "no agent into a pane"),
        ({"app.quit": []}, "could not be left"),
        ({"pane.return": []}, "taken back"),
        ({"pane.return": "C-c"}, "programs in panes need it"),
        ({"pane.return": "q"}, "programs in panes need it"),
        ({"memories.close": []}, "could not be closed"),
        ({"agent.new": "x"}, "is written with it"),
        ({"agent.new": "Up"}, "is written with it"),
        ({"agent.new": "C-p"}, "app.palette"),
        ({"agent.new": "C-i"}, "Tab"),
        ({"agent.new": 5}, "in quotes"),
        ({"agent.nwe": "F10"}, 'did you mean "agent.new"'),
        ({"prompt.newline": "S-Enter"}, "never alone"),
        ({"prompt.send": "C-s"}, "Enter sends"),
    ],
)
def test_what_may_not_be_is_refused_and_the_default_stays(
    written: dict[str, object], reason: str
) -> None:
    found = resolve(written)
    assert [refusal.action_id for refusal in found.refusals] == list(written)
    assert reason in found.refusals[0].reason
    assert not found.keys


def test_an_action_that_its_place_carries_out_can_be_chosen_only_where_that_reads_the_map() -> None:
    read = {
        *("prompt.newline", "prompt.clear", "prompt.scroll_up", "prompt.scroll_down"),
        *("prompt.after_step", "prompt.now", "pane.type"),
    }
    for action in actions.DEFAULTS:
        if action.action or action.context in {actions.GATE, actions.INBOX, actions.TERMINAL}:
            continue
        assert (action.id in FIXED) is (action.id not in read), action.id


def test_keys_can_be_exchanged_taken_over_and_given_up() -> None:
    found = resolve({"agent.new": "C-r", "agent.sessions": ["C-n", "F10"], "pane.next": []})
    assert not found.refusals
    assert found.keys == {
        "agent.new": ("ctrl+r",),
        "agent.sessions": ("ctrl+n", "f10"),
        "pane.next": (),
    }


def test_a_wish_falls_with_the_one_that_would_have_freed_its_key() -> None:
    found = resolve({"agent.new": "C-i", "agent.sessions": "C-n"})
    assert not found.keys
    assert [refusal.action_id for refusal in found.refusals] == ["agent.new", "agent.sessions"]


KEYS = st.sampled_from(
    ["C-n", "C-r", "C-x", "F10", "F11", "F12", "M-t", "a", "A", "y", "n", "Enter", "Up", "C-c", "q"]
)


@given(
    st.dictionaries(st.sampled_from(IDS), st.lists(KEYS, max_size=3), max_size=8),
    st.sampled_from(sorted(PRESETS)),
)
def test_whatever_is_written_safety_holds(written: dict[str, list[str]], preset: str) -> None:
    found = resolve(written, preset)
    keys = DEFAULT | found.keys
    refused = {refusal.action_id for refusal in found.refusals}
    for action_id, wanted in written.items():
        if action_id not in refused:
            assert keys[action_id] == tuple(dict.fromkeys(map(read_key, wanted)))
    for action_id in NEEDED:
        assert keys[action_id]
    for action_id in set(FIXED) & set(written):
        assert action_id in refused
    medium, high = keys["gate.approve"], keys["gate.approve_high"]
    assert not set(medium) & set(high)
    below = [id_ for id_ in IDS if CONTEXT[id_] in {"anywhere", "prompt", "conversation", "pane"}]
    for action_id in ("gate.approve", "gate.approve_high", "gate.always", "gate.edit"):
        assert not {"enter", "alt+enter", "shift+enter", "ctrl+j", "space"} & set(keys[action_id])
        assert not any(set(keys[action_id]) & set(keys[other]) for other in below)
    for one, other in itertools.combinations(IDS, 2):
        if CONTEXT[one] == CONTEXT[other]:
            assert not set(keys[one]) & set(keys[other]), (one, other)


def test_what_opens_a_screen_closes_it_also_by_another_key() -> None:
    actions.use({"app.memories": ("alt+y",)})
    assert actions.by_id("memories.close").keys == ("escape", "q", "alt+y")
    assert actions.shown("app.memories") == "Alt+y"
    actions.use({"app.memories": ()})
    assert actions.by_id("memories.close").keys == ("escape", "q")
    assert actions.shown("app.memories") == "/memory"


CONFIG = """\
keys_preset = "vi"

[keys]
"agent.new" = "C-x"
agent.sessions = ["M-y", "F10"]
"app.help" = "C-i"
"pane.next" = []
"app.palette" = "C-x"
"""


def test_the_settings_are_read_and_each_refusal_names_its_line(paths: Paths) -> None:
    paths.config_file.write_text(CONFIG)
    load(paths)
    preferred = preferences.read(paths)
    assert preferred.keys["agent.sessions"] == ["M-y", "F10"]
    line = preferences.put_keys_in_force(preferred, paths.config_file)
    assert line.startswith(f'{paths.config_file}:4: "agent.new": ^X is app.palette')
    assert line.endswith("; it stays ^N (and 2 more: tungsten keys --check)")
    assert actions.shown("agent.sessions") == "Alt+y"
    assert actions.by_id("agent.next").keys[0] == "alt+j"
    assert actions.by_id("pane.next").keys == ()


def test_check_tells_all_of_them(paths: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("agent.paths.find", lambda: paths)
    checked = CliRunner().invoke(command_line, ["keys", "--check"])
    assert (checked.exit_code, checked.output) == (
        0,
        "no conflicts: 0 of your own keys are in force\n",
    )
    paths.config_file.write_text(CONFIG)
    checked = CliRunner().invoke(command_line, ["keys", "--check"])
    assert checked.exit_code == 1
    assert [line.split(":")[1] for line in checked.output.splitlines()] == ["4", "6", "8"]
    listed = json.loads(CliRunner().invoke(command_line, ["keys", "--json"]).output)
    assert next(row for row in listed if row["id"] == "agent.sessions")["keys"] == ["M-y", "F10"]
    # A preset that there is not, and one below another heading.
    for written in ('keys_preset = "vim"', '[budget.day]\nkeys_preset = "vi"'):
        paths.config_file.write_text(written)
        checked = CliRunner().invoke(command_line, ["keys", "--check"])
        assert checked.exit_code == 1
        assert "keys_preset" in checked.output


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[keys]\n"agent.new" = 5\n', ":2: keys.agent.new must be a key in quotes, or a list"),
        ("[keys]\nagent.new = [1]\n", ":1: keys.agent must be a key in quotes, or a list"),
        ('keys_preset = "emacs"\n', ":1: keys_preset must be one of plain, vi"),
        ('theme = "drak"\n', ":1: theme must be one of"),
        ("animations = 1\n", ":1: animations"),
    ],
)
def test_what_is_no_key_map_at_all_is_an_error_of_the_settings(
    paths: Paths, text: str, said: str
) -> None:
    paths.config_file.write_text(text)
    with pytest.raises(ConfigError) as error:
        load(paths)
    assert said in str(error.value)


def test_an_app_with_other_keys(tmp_path: Path) -> None:
    """In a process of its own: keys are bound once."""
    script = Path(__file__).with_name("remapped_app.py")
    done = subprocess.run(
        [sys.executable, str(script)],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert done.stdout == "all of it\n"
