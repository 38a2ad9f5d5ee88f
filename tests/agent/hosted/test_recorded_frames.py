"""The screen rules of the shipped profiles against pictures of the real agents.

Prints, with `-s`, for each agent how many waits were found. A third of the frames was held out
while the rules were written: `Judged.held_out` tells what they gave at the first try.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

import pytest

from agent.hosted.delivery import _cleared, typed_in
from agent.hosted.dialog import of_match
from agent.hosted.profile_files import SHIPPED, read, runs
from agent.hosted.screen_rules import Frame, match
from tests.real_agents import frame_files, programs
from tests.real_agents.judged import Judged, judged, table

LEAST = 0.95
"""The share of waits that must be found, and called what they are, of each agent."""

ALIKE = 1
"""Frames that show an exact copy of a dialog, with the same cursor and title, where the agent was
killed: only the program in front tells."""


@pytest.fixture(scope="module")
def frames() -> list[Judged]:
    return judged()


def test_no_wait_is_shown_as_rest_and_nothing_else_as_permission(frames: list[Judged]) -> None:
    sys.stdout.write(f"\n{table(frames)}\n")
    assert [each.told() for each in frames if each.false_approval] == []
    alike = [each for each in frames if each.mistaken]
    assert {each.frame.state for each in alike} <= {"gone"}
    assert len({(each.agent, each.frame.scene) for each in alike}) <= ALIKE
    # Of every frame in which the agent runs, that is told, and of no other.
    assert all(runs(each.profile, each.in_front) != (each.frame.state == "gone") for each in frames)
    assert [each.told() for each in frames if each.wait_missed] == []


def test_waits_are_found(frames: list[Judged]) -> None:
    for agent in programs.VERSIONS:
        waits = [each for each in frames if each.agent == agent and each.frame.state == "waiting"]
        missed = [each.told() for each in waits if not each.wait_found]
        assert len(missed) <= (1 - LEAST) * len(waits), missed


def test_what_a_screen_says_that_it_cost_is_read(frames: list[Judged]) -> None:
    found = [(each.agent, each.profile.cost_on(each.frame.lines)) for each in frames]
    named = {each for each in found if each[1] is not None}
    assert named == {("aider", cost) for cost in (0.0087, 0.0088, 0.009, 0.02, 0.03)}


ASKED = {
    "cat dialog.txt; touch shown",
    "for tree in apple pear plum cherry quince; do rm -rf build/$tree && echo gone $tree; done",
    "git push origin main",
    "rm -rf build",
    "sleep 30",
    "timeout 20 tail -f /dev/null; rm -rf build",
}
"""All commands that the agents asked about while they were recorded."""


def test_a_command_that_is_told_is_told_exactly(frames: list[Judged]) -> None:
    told = []
    for each in frames:
        width = each.frame.size[0]
        frame = Frame(tuple(each.frame.lines), each.frame.cursor, each.frame.title, width)
        shown = of_match(each.profile, match(each.profile, frame), frame)
        if shown is not None and shown.command:
            told.append(shown.command)
            assert each.frame.kind == "permission", each.frame.scene
            assert shown.answer("allow_once") is not None
    assert set(told) <= ASKED
    assert len(told) >= 45


def test_what_works_is_not_said_to_rest(frames: list[Judged]) -> None:
    works = [each for each in frames if each.frame.state == "working"]
    assert [each.told() for each in works if each.said.state in ("idle", "done")] == []


def test_a_dialog_that_is_only_quoted_is_none(frames: list[Judged]) -> None:
    """Above the input field, and as the output of a command above a shell's prompt."""
    tried = 0
    for each in frames:
        if each.frame.kind != "permission":
            continue
        shown = _text(each.frame.lines)
        resting = [
            other.frame
            for other in frames
            if (other.agent, other.frame.size) == (each.agent, each.frame.size)
            and other.frame.scene in ("idle/start", "idle/interrupted", "done/after-work")
        ]
        for rest in resting:
            below = _text(rest.lines)
            kept = len(below) - min(8, len(below))
            lines = (*below[:kept], *shown, *below[kept:])
            row = rest.cursor[1] + len(shown)
            cut = max(0, len(lines) - len(rest.lines))
            for title in (rest.title, each.frame.title):
                cursor = (rest.cursor[0], row - cut)
                assert _kind(each, lines[cut:], cursor, title, rest.cursor_shown) is None
                tried += 1
        title, cursor_shown = each.frame.title, each.frame.cursor_shown
        lines = (*shown[-len(each.frame.lines) + 1 :], "$")
        assert _kind(each, lines, (2, len(lines) - 1), title, cursor_shown) is None
        lines = (*shown, "Killed", "  by the kernel")
        assert _kind(each, lines, each.frame.cursor, title, cursor_shown) is None
    assert tried > 200


def _text(lines: Sequence[str]) -> tuple[str, ...]:
    last = max(row for row, line in enumerate(lines) if line.strip())
    return tuple(lines[: last + 1])


def _kind(
    like: Judged, lines: tuple[str, ...], cursor: tuple[int, int], title: str, cursor_shown: bool
) -> str | None:
    frame = Frame(lines, cursor, title, like.frame.size[0], cursor_shown)
    said = match(like.profile, frame)
    return said.kind if said.kind == "permission" else None


def test_codex_asks_wherever_it_has_left_its_hidden_cursor(frames: list[Judged]) -> None:
    """On a busy machine it was seen behind the bullet of a line above, which is drawn again."""
    asks = [each for each in frames if (each.agent, each.said.rule) == ("codex", "permission")]
    assert asks
    for each in asks:
        above = each.said.first - 1
        for cursor, shown, kind in (
            ((1, above), False, "permission"),
            # So it stands while something can be typed, or where another program has shown a copy.
            ((1, above), True, None),
            ((0, above), False, None),
        ):
            seen = Frame(each.frame.lines, cursor, each.frame.title, each.frame.size[0], shown)
            assert match(each.profile, seen).kind == kind, each.told()


def test_every_permission_can_be_refused(frames: list[Judged]) -> None:
    """By one key; aider takes a whole line, and has keys only for what it asks of one command."""
    for each in frames:
        if each.frame.kind != "permission" or each.said.kind != "permission":
            continue
        means = {answer.means for answer in each.said.answers}
        if each.agent == "aider":
            one = any(line.startswith("Run shell command?") for line in each.frame.lines)
            assert means == ({"allow_once", "deny"} if one else set()), each.told()
        elif each.frame.scene != "permission/always":
            assert "deny" in means, each.told()


def test_opencode_has_taken_a_prompt_once_its_field_is_empty(frames: list[Judged]) -> None:
    """The prompt stands in the conversation then, and looks there as in the field."""
    taken = 0
    for each in frames:
        frame = Frame(each.frame.lines, each.frame.cursor, each.frame.title, each.frame.size[0])
        if each.agent != "opencode":
            continue
        if each.frame.scene.startswith("idle/draft"):
            typed = typed_in(each.profile, frame)
            assert typed
            assert not _cleared(each.profile, frame, typed), each.told()
        elif each.frame.scene == "done/after-work":
            taken += _cleared(each.profile, frame, "ponder the pears")
    assert taken >= 4


def test_gemini_rests_wherever_it_has_left_the_cursor(frames: list[Judged]) -> None:
    """It was seen below all that is drawn, after a start on a busy machine."""
    rest = [each for each in frames if (each.agent, each.said.rule) == ("gemini", "idle")]
    assert rest
    for each in rest:
        bottom = max(row for row, line in enumerate(each.frame.lines) if line) + 1
        title = each.frame.title
        seen = Frame((*each.frame.lines, ""), (0, bottom), title, each.frame.size[0])
        assert (match(each.profile, seen).state == "idle") is title.startswith("◇")


def test_there_are_frames_of_every_agent_and_width(frames: list[Judged]) -> None:
    assert len(frames) >= 200
    for agent, version in programs.VERSIONS.items():
        assert (frame_files.FOLDER / f"{agent}-{version}.txt").exists()
        assert read(SHIPPED / f"{agent}.toml").versions.recorded == (version,)
        some = [each.frame for each in frames if each.agent == agent]
        assert {frame.size[0] for frame in some} >= {60, 80, 120, 200}, agent
        assert {"working", "waiting", "idle", "done", "gone"} <= {frame.state for frame in some}
        assert {"permission", "question", "login"} <= {frame.kind for frame in some}


def test_frames_tell_nothing_of_a_machine() -> None:
    for path in frame_files.FOLDER.glob("*.txt"):
        for frame in frame_files.read(path):
            text = "\n".join((frame.title, *frame.lines))
            assert "/root" not in text
            assert "/tmp" not in text.replace("/tmp/codex", "")


def test_frames_are_read_as_they_were_written(tmp_path) -> None:
    path = next(frame_files.FOLDER.glob("codex-*.txt"))
    again = tmp_path / path.name
    frame_files.write(again, frame_files.read(path))
    assert again.read_bytes() == path.read_bytes()
