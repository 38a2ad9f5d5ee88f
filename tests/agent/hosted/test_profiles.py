"""Profiles: shipped ones are sound, a person's are read, and their faults are told by line."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from agent.hosted.profile import (
    Answer,
    Asks,
    Process,
    Profile,
    Prompt,
    Region,
    Rule,
    Telling,
    Versions,
)
from agent.hosted.profile_files import SHIPPED, ProfileFiles, ProfileUnknown, load, read, runs
from agent.hosted.screen_rules import Frame, match
from agent.protocol.agents import AgentState
from agent.settings.config import ConfigError

PLAYER = Path(__file__).parent / "player.toml"

BAD = """\
name = "bad"
title = "Bad"
start = "bad"

[[rules]]
name = "one"
state = "idle"
all = ["x"]

[[rules]]
name = "two"
state = "waiting"
kind = "permision"
all = ["("]
cursr = "any"

[[rules.answers]]
key = "1 Enter"
means = "allow"
pattern = "x"

[[rules]]
name = "three"
state = "sleeping"
all = ["x"]

[[rules.answers]]
key = "y"
means = "deny"

[[rules]]
name = "four"
state = "waiting"
all = ["x"]

[[rules]]
name = "five"
state = "idle"
all = ["x"]
settles = 60
"""

FAULTS = {
    (13, "rules.1.kind must be one of permission, question, login, other"),
    (14, "rules.1.all.0 is no regular expression"),
    (15, 'there is no setting "rules.1.cursr": did you mean "cursor"?'),
    (18, "rules.1.answers.0.key must name exactly one key"),
    (19, "rules.1.answers.0.means must be one of allow_once, allow_always, deny, other"),
    (24, "rules.2.state must be one of working, waiting, idle, done, failed, unknown"),
    (27, "rules.2.answers.0.pattern: field required"),
    (31, 'rules.3 needs a kind with state = "waiting", and only there'),
    (40, "rules.4.settles must be at most 10"),
}


def test_what_is_shipped_is_sound_and_knows_the_ways_to_start_it() -> None:
    known = load(SHIPPED / "none-here")
    assert known.faults == ()
    assert set(known.by_name) == {"claude", "codex", "opencode", "gemini", "aider"}
    for command, name in {
        "claude": "claude",
        "cd there && claude --continue": "claude",
        "X=1 npx -y @anthropic-ai/claude-code@latest": "claude",
        "node /usr/lib/node_modules/@openai/codex/bin/codex.js": "codex",
        "env A=b /opt/bin/codex resume --last": "codex",
        "opencode .": "opencode",
        "npx @google/gemini-cli": "gemini",
        "uvx aider-chat --model x": "aider",
        "python3.12 -m aider": "aider",
    }.items():
        found = known.recognise(command)
        assert found is not None, command
        assert found.name == name, command
    for command in ("", "ls", "echo claude", "vim claude.md", "claude | tee log", "'", "cat aider"):
        assert known.recognise(command) is None, command


def test_a_running_program_is_told_by_itself_and_not_by_what_it_is_given() -> None:
    gemini = load(Path("/nowhere")).get("gemini")
    for words in (
        "gemini",
        "node --max-old-space-size=4096 /usr/lib/node_modules/@google/gemini-cli/dist/a.js",
        "node /usr/bin/gemini --model x",
    ):
        assert runs(gemini, words.split()), words
    for words in (
        "",
        "bash",
        "cat gemini",
        "cat node_modules/@google/gemini-cli/dialog.txt",
        "less /usr/bin/gemini",
        "claude",
        "node server.js gemini",
    ):
        assert not runs(gemini, words.split()), words
    assert not runs(gemini.model_copy(update={"process": Process()}), ["gemini"])


def test_faults_are_told_by_file_and_line_and_take_nothing_away(tmp_path: Path) -> None:
    (tmp_path / "bad.toml").write_text(BAD)
    (tmp_path / "claude.toml").write_text("name = 'claude'\ntitle = 3\nstart = 'c'\n")
    (tmp_path / "other.toml").write_text("name = 'another'\ntitle = 'T'\nstart = 'c'\n")
    (tmp_path / "broken.toml").write_text("name = \n")
    known = load(tmp_path)
    assert "claude" in known.by_name
    assert known.files["claude"].parent == SHIPPED
    for line, said in FAULTS:
        assert any(f"bad.toml:{line}: {said}" in each for each in known.faults), (line, said)
    assert sum("bad.toml" in each for each in known.faults) == len(FAULTS)
    assert any("claude.toml:2: title must be text" in each for each in known.faults)
    assert any('other.toml:1: name must be "other"' in each for each in known.faults)
    assert any("broken.toml:1: is not valid TOML" in each for each in known.faults)
    with pytest.raises(ProfileUnknown, match="known are aider, claude,"):
        known.get("bad")


def test_a_cost_is_a_number_that_a_line_names() -> None:
    with pytest.raises(ValueError, match="needs a group named cost"):
        Profile(name="x", title="X", start="x", cost="^Cost")
    profile = Profile(name="x", title="X", start="x", cost=r"^Cost:(?: \$(?P<cost>\S+))?$")
    lines = {
        "Cost: $1,234.50": 1234.5,
        "Cost:": None,
        "Cost: $nan": None,
        "Cost: $.": None,
        "": None,
    }
    for line, cost in lines.items():
        assert profile.cost_on(("Cost: $7", line) if cost else (line,)) == cost, line
    assert profile.cost_on(("Cost: $1", "", "Cost: $2", "")) == 2.0


def test_every_field_is_documented() -> None:
    docs = Path(__file__).parents[3] / "docs"
    text = "".join((docs / page).read_text() for page in ("hosted.md", "dialogs.md"))
    for model in (Profile, Process, Prompt, Versions, Telling, Rule, Region, Answer, Asks):
        for name in model.model_fields:
            assert re.search(rf"\b{name}\b", text), f"{model.__name__}.{name}"


def test_the_documented_example_is_sound(tmp_path: Path) -> None:
    page = Path(__file__).parents[3] / "docs" / "hosted.md"
    example = page.read_text("utf-8").partition("```toml\n")[2].partition("```")[0]
    (tmp_path / "mine.toml").write_text(example)
    profile = read(tmp_path / "mine.toml")
    assert profile.rules[0].answers[0].means == "allow_once"


def test_two_rules_of_one_name_and_a_rule_that_always_matches(tmp_path: Path) -> None:
    start = "name = 'x'\ntitle = 'X'\nstart = 'x'\n"
    rule = "[[rules]]\nname = 'same'\nstate = 'idle'\nall = ['a']\n"
    (tmp_path / "x.toml").write_text(start + rule + rule)
    with pytest.raises(ConfigError, match=r"x\.toml:9: .*\"same\" is there twice"):
        read(tmp_path / "x.toml")
    (tmp_path / "x.toml").write_text(start + "[[rules]]\nname = 'all'\nstate = 'idle'\n")
    with pytest.raises(ConfigError, match=r"x\.toml:4: rules\.0 matches every screen"):
        read(tmp_path / "x.toml")


def test_a_persons_profile_comes_first_and_is_read_again_when_it_changes(tmp_path: Path) -> None:
    files = ProfileFiles(tmp_path)
    assert files.now() is files.now()
    text = "name = 'claude'\ntitle = 'Mine'\nstart = 'mine'\n[process]\nnames = ['mine', 'codex']\n"
    (tmp_path / "claude.toml").write_text(text)
    known = files.now()
    assert known.get("claude").title == "Mine"
    assert next(iter(known.by_name)) == "claude"
    found = known.recognise("codex")
    assert found is not None
    assert found.title == "Mine"
    (tmp_path / "claude.toml").unlink()
    assert files.now().get("claude").title == "Claude Code"


ASKS = (
    "* did it",
    "",
    "+- Run this command?",
    "|  rm -r build",
    "|  1. Yes",
    "|  2. No",
    "+-",
    "",
    "",
)


def frame(*lines: str, cursor: tuple[int, int] = (0, 0)) -> Frame:
    return Frame(lines, cursor)


def test_a_dialog_is_found_with_its_lines_and_what_it_offers() -> None:
    profile = read(PLAYER)
    found = match(profile, frame(*ASKS))
    assert (found.state, found.rule, found.kind) == (
        AgentState.WAITING,
        "permission",
        "permission",
    )
    assert (found.first, found.last) == (2, 7)
    assert found.dialog == ASKS[2:7]
    assert [(a.key, a.means, a.label, a.acts_alone) for a in found.answers] == [
        ("1", "allow_once", "Yes", True),
        ("2", "deny", "No", True),
    ]
    # What is not offered on the screen is no answer.
    cut = match(profile, frame(*ASKS[:5], *ASKS[6:]))
    assert [answer.key for answer in cut.answers] == ["1"]
    # Without its end it is not drawn yet.
    assert match(profile, frame(*ASKS[:6])).state is AgentState.UNKNOWN


def test_an_input_field_gives_way_and_contradictions_are_unknown() -> None:
    profile = read(PLAYER)
    assert match(profile, frame("> ")).state is AgentState.IDLE
    works = match(profile, frame("~ Working (esc)", "> next"))
    assert (works.state, works.rule) == (AgentState.WORKING, "working")
    assert works.matched == ("working", "ready")
    asks = match(profile, frame(*ASKS, "> "))
    assert asks.state is AgentState.WAITING
    both = match(profile, frame("~ Working", *ASKS))
    assert both.state is AgentState.UNKNOWN
    assert both.reason == (
        "rules contradict each other: permission (waiting) and working (working)"
    )
    assert match(profile, frame("hello")).reason == "no rule matches the screen"


def test_regions_titles_and_the_cursor(tmp_path: Path) -> None:
    (tmp_path / "x.toml").write_text(
        """\
name = "x"
title = "X"
start = "x"
[[rules]]
name = "low"
state = "working"
region = { lines = 2 }
all = ['busy']
[[rules]]
name = "at"
state = "idle"
region = { begins = '^\\[', ends = '\\]$' }
cursor = "inside"
[[rules]]
name = "titled"
state = "failed"
title = "^failed"
none = ['fine']
"""
    )
    profile = read(tmp_path / "x.toml")
    assert match(profile, frame("busy", "a", "b", "")).state is AgentState.UNKNOWN
    assert match(profile, frame("a", "busy", "", "b", "")).rule == "low"
    lines = ("[old]", "x", "[", "text", "]")
    found = match(profile, frame(*lines, cursor=(0, 3)))
    assert (found.rule, found.first, found.last) == ("at", 2, 5)
    assert match(profile, frame(*lines, cursor=(0, 1))).state is AgentState.UNKNOWN
    assert match(profile, Frame(("x",), title="failed: y")).state is AgentState.FAILED
    assert match(profile, Frame(("fine",), title="failed")).state is AgentState.UNKNOWN


@pytest.mark.parametrize(
    ("pattern", "may"),
    [
        ("(a+)+$", False),
        (r"^(?:\w+\s?){3,}$", False),
        ("(?:x|(?:a*b)*c)*", False),
        ("(?=(a+)+)x", False),
        (r"^(?:\w+\s?)++$", True),
        (r"(\d+m )?\d+s", True),
        (r"(?:a|b)+ .* \S+", True),
    ],
)
def test_no_line_of_a_screen_can_hold_the_engine_up(pattern: str, may: bool) -> None:
    one = {
        "name": "m",
        "title": "m",
        "start": "m",
        "titles": [{"pattern": pattern, "state": "idle"}],
    }
    if may:
        assert Profile.model_validate(one).titles[0].pattern == pattern
    else:
        with pytest.raises(ValueError, match="repeats what repeats"):
            Profile.model_validate(one)
