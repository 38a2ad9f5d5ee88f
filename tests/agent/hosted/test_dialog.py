"""What a dialog asks about: the command exactly, or nothing, however it is drawn."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from agent.hosted.answering import Answering
from agent.hosted.dialog import FORGED, UNTOLD, Dialog, is_about, of_match
from agent.hosted.profile import Profile
from agent.hosted.profile_files import SHIPPED, read
from agent.hosted.screen_rules import Frame, match
from tungsten.programs.foreground import Foreground

ONE = {"key": "1", "means": "allow_once", "pattern": r"1\. (?P<label>Yes.*)"}
NO = {"key": "Escape", "means": "deny", "pattern": r"3\. (?P<label>No.*)"}


def profile(begins: str, ends: str, asks: dict[str, object] | None) -> Profile:
    rule = {
        "name": "permission",
        "state": "waiting",
        "kind": "permission",
        "region": {"begins": begins, "ends": ends},
        "changing": [r"\d+ s$"],
        "answers": [ONE, NO],
    } | ({"asks": asks} if asks else {})
    return Profile.model_validate({"name": "a", "title": "A", "start": "a", "rules": [rule]})


BESIDE = profile(
    "^  Would you like",
    "^  Press enter",
    {
        "heading": "^  Would you like to run the following command",
        "command": r"^  \$ (?P<text>.+)",
        "beside": ["^  Would you like", "^  Environment: ", "^  Reason: ", "^  Press enter"],
    },
)
BETWEEN = profile(
    "^─{20,}",
    "^ Esc to cancel",
    {"heading": "^ Bash command$", "command": "^ (?P<text>.+)", "between": "^╌{20,}$"},
)
SILENT = profile("^  Would you like", "^  Press enter", None)


def beside(command: str, reason: str = "Shall I?") -> str:
    return (
        "• Running it\n\n  Would you like to run the following command?\n\n  Environment: local\n\n"
        f"  Reason: {reason}\n\n  $ {command}\n\n› 1. Yes, proceed (y)\n"
        "  3. No, and say why (esc)\n\n  Press enter to confirm"
    )


def between(command: str, said: str = "Tidy the folder") -> str:
    line = "╌" * 80
    return (
        f"{'─' * 80}\n Bash command\n {said}\n{line}\n {command}\n{line}\n"
        " Do you want to proceed?\n > 1. Yes\n   3. No\n\n Esc to cancel"
    )


def dialog(known: Profile, text: str, width: int = 80) -> Dialog:
    # Above it stands what was said before.
    frame = Frame(("> asked for it", "", *text.split("\n")), width=width)
    found = of_match(known, match(known, frame), frame)
    assert found is not None, text
    return found


@pytest.mark.parametrize(("known", "draw"), [(BESIDE, beside), (BETWEEN, between)])
@pytest.mark.parametrize("command", ["ls", "rm -rf build && echo 'a  b' | tee x", "x" * 60])
def test_a_command_on_one_line_is_told_exactly(known, draw, command):
    found = dialog(known, draw(command))
    assert (found.command, found.doubt) == (command, "")
    assert found.answer("allow_once").key == "1"
    assert found.answer("deny").key == "Escape"


@pytest.mark.parametrize(
    ("known", "text"),
    [
        (BESIDE, beside("ls\n    rm -rf /")),
        (BESIDE, beside("ls\n  $ rm -rf /")),
        (BESIDE, beside("ls\n  /")),
        (BESIDE, beside("rm -rf /", "to see\n  $ ls")),
        (BESIDE, beside("ls", "to see\n  all of it")),
        (BESIDE, beside("ls …")),
        (BESIDE, beside("ls ...")),
        (BESIDE, beside("x" * 70)),
        (BESIDE, beside("ls \u202e")),
        (BESIDE, beside(" ")),
        (BETWEEN, between("ls\n rm -rf /")),
        (BETWEEN, between("ls\n\n rm -rf /")),
        (BETWEEN, between(f"ls\n{'╌' * 80}\n rm -rf /")),
        (BETWEEN, between("rm -rf /", f"{'╌' * 80}\n ls\n{'╌' * 80}")),
        (BETWEEN, between("x" * 75)),
        (BETWEEN, between("日" * 36)),
        (BETWEEN, between("echo a… b")),
        (SILENT, beside("ls")),
        # Another kind of dialog, whatever it shows.
        (BETWEEN, between("ls").replace(" Bash command", " Create file")),
        (BETWEEN, between("ls", " Bash command").replace(" Bash command", " Create file", 1)),
        (BETWEEN, between("│ ls")),
        (BESIDE, beside("ls").replace("run the following command", "make these edits")),
    ],
)
def test_what_is_not_told_exactly_is_not_told(known, text):
    found = dialog(known, text)
    assert found.command == ""
    assert found.doubt


def test_it_is_for_a_command_only_if_it_shows_all_of_it_and_no_more():
    for draw, known in ((beside, BESIDE), (between, BETWEEN)):
        for command in ("ls", "make && echo a  b", "echo 'a\n b'", "x" * 75):
            shown = dialog(known, draw(command.replace("\n", "\n  ")))
            assert shown.is_for(command), command
            for other in (
                command + "x",
                command.replace(" ", "", 1) + "  y",
                command[1:],
                "",
                f"{command}; rm -rf /",
                "l",
            ):
                assert not shown.is_for(other)
        # What it says beside does not make it one for that.
        assert not dialog(known, draw("rm -rf / && ls")).is_for("ls")
    assert not dialog(BESIDE, beside("rm -rf / tmp")).is_for("rm -rf /tmp")
    assert not dialog(BESIDE, beside("rm -rf / tmp\n  && ls")).is_for("rm -rf /tmp && ls")
    assert not dialog(BESIDE, beside("rm -rf /", "ls")).is_for("ls")
    assert not dialog(SILENT, beside("ls")).is_for("ls")
    assert not dialog(BETWEEN, between("rm -rf /", f"{'╌' * 80}\n ls\n{'╌' * 80}")).is_for("ls")


BOX = profile("^╭", "^╰─{30,}", None)


def box(*lines: str) -> str:
    return "\n".join(
        ("╭" + "─" * 40 + "╮", *(f"│ {line:38} │" for line in lines), "╰" + "─" * 40 + "╯")
    )


def test_a_hook_is_not_taken_for_a_longer_command_or_another_file():
    # Where the dialog tells what may be its command.
    for other in ("ls", "rm -rf /", "rm -rf / && l"):
        assert not is_about(dialog(BESIDE, beside("rm -rf / && ls")), other, "/a")
    assert is_about(dialog(BESIDE, beside("rm -rf / && ls")), "rm -rf / && ls", "/a")
    assert is_about(dialog(BESIDE, beside("/bin/ls x")), "/bin/ls x", "/a")
    assert not is_about(dialog(BESIDE, beside("rm notes.md")), "/a/notes.md", "/a")
    # Where it does not.
    shown = dialog(
        BOX, box("Shell", "", "$ for x in a b; do rm -rf $x &&", "echo gone; done", "", "Yes")
    )
    assert is_about(shown, "for x in a b; do rm -rf $x && echo gone; done", "/a")
    for other in ("echo gone; done", "rm -rf $x", "for x in a b; do rm -rf $x &&", "done", "", "x"):
        assert not is_about(shown, other, "/a"), other
    # A file is its whole path, in the dialog's head.
    for head in ("Create file sub/notes.md", "Edit sub/notes.md?", "To: /a/sub/no", "Edit"):
        second = {"To: /a/sub/no": "tes.md", "Edit": "/a/sub/notes.md"}.get(head, "")
        shown = dialog(BOX, box(head, second, "", "1 also b.md", "2 and other.md"))
        assert is_about(shown, "/a/sub/notes.md", "/a"), head
        for other in ("/a/notes.md", "/b/sub/notes.md", "/a/sub/otes.md", "/a/b.md", "/a/other.md"):
            assert not is_about(shown, other, "/a"), (head, other)
    assert not is_about(dialog(BOX, box("Edit sub/notes.md")), "/a/sub/notes.md", "")
    # A long path is broken as often as it must be.
    for cut in (
        ("Edit file", "/a/de", "ep/do", "wn/no", "tes.md", "", "Really?"),
        ("Edit /a/deep", "/down", "/notes.md now"),
    ):
        assert is_about(dialog(BOX, box(*cut)), "/a/deep/down/notes.md", "/a"), cut
        for other in ("/a/down/notes.md", "/a/deep/notes.md", "/b/deep/down/notes.md"):
            assert not is_about(dialog(BOX, box(*cut)), other, "/a"), (cut, other)


@pytest.mark.parametrize(("room", "known"), [(1, False), (9, False), (12, True)])
def test_a_box_is_an_edge_too(room, known):
    boxed = profile(
        "^Bash",
        "3. No",
        {"heading": "^Bash", "command": r"^│ \$ (?P<text>.+?) *│", "beside": ["^Bash"]},
    )
    text = f"Bash\n│ $ {'x' * 30}{' ' * room}│\n│ 1. Yes │\n│ 3. No │"
    assert dialog(boxed, text).command == ("x" * 30 if known else "")


def test_a_dialog_is_the_same_only_while_all_of_it_is():
    text = beside("ls")
    one = dialog(BESIDE, text)
    assert dialog(BESIDE, "above\n" + text).fingerprint == one.fingerprint
    assert dialog(BESIDE, text.replace("local", "local 3 s")).fingerprint == (
        dialog(BESIDE, text.replace("local", "local 14 s")).fingerprint
    )
    for other in (
        text.replace("$ ls", "$ lS"),
        text.replace("Yes, proceed", "Yes, always"),
        text.replace("Shall I", "Shall we"),
        text.replace("› 1", "  1").replace("  3. No", "› 3. No"),
    ):
        assert dialog(BESIDE, other).fingerprint != one.fingerprint, other


def test_an_answer_that_two_lines_offer_is_none():
    both = beside("ls").replace("  3. No, and say why (esc)", " 1. Yes\n  3. No")
    known = profile("^  Would", "^  Press", None)
    rule = known.rules[0]
    twice = rule.model_copy(update={"answers": (*rule.answers, rule.answers[0])})
    doubled = known.model_copy(update={"rules": (twice,)})
    assert dialog(doubled, both).answer("allow_once") is None
    # Nor is one to which another key must follow.
    more = rule.answers[0].model_copy(update={"acts_alone": False})
    followed = rule.model_copy(update={"answers": (more, *rule.answers[1:])})
    known = known.model_copy(update={"rules": (followed,)})
    assert dialog(known, beside("ls")).answer("allow_once") is None


INNER = "  Would you like to run the following command?\n\n  $ ls"
"""What a command of several lines, or a reason, may hold."""


@pytest.mark.parametrize(
    "text",
    [
        between(f"rm -rf ~\n{between('ls')}"),
        beside(f"rm -rf ~\n{INNER}"),
        beside("ls", f"because of this\n  rm -rf ~\n{INNER}").replace("  $ ls\n\n  $ ls", "  $ ls"),
        # Its own beginning has left the screen; also where nothing else of it is left.
        f"  rm -rf ~\n{INNER}{beside('ls').partition('$ ls')[2]}",
        f"\n\n{INNER}{beside('ls').partition('$ ls')[2]}",
        f"{INNER}{beside('ls').partition('$ ls')[2]}",
    ],
)
def test_what_looks_like_its_beginning_hides_nothing(text: str) -> None:
    frame = Frame(tuple(text.split("\n")), width=80)
    known = BETWEEN if "Bash command" in text else BESIDE
    found = of_match(known, match(known, frame), frame)
    assert found is not None
    assert (found.command, found.doubt) == ("", FORGED)
    assert not found.is_for("ls"), "nor is a key pressed for what a hook asked"
    if "rm -rf ~" in text:
        assert "rm -rf ~" in found.text, "the person sees all of it"


def test_a_wait_that_only_the_title_tells_has_no_lines() -> None:
    rule = {"name": "p", "state": "waiting", "kind": "permission", "title": "^asks"}
    known = Profile.model_validate({"name": "a", "title": "A", "start": "a", "rules": [rule]})
    frame = Frame(("", ""), title="asks", width=80)
    found = of_match(known, match(known, frame), frame)
    assert found is not None
    assert (found.text, found.doubt) == ("", UNTOLD)


AIDER = "Run shell command? (Y)es/(N)o/(D)on't ask again [Yes]:"


def test_where_a_dialog_begins_with_the_screen_the_line_that_asks_comes_first() -> None:
    """What a command is told by cannot hide a part of it that is further up."""
    known = read(SHIPPED / "aider.toml")

    def asked(*lines: str) -> Dialog | None:
        frame = Frame(lines, (len(lines[-1]) + 1, len(lines) - 1), "", 80)
        return of_match(known, match(known, frame), frame)

    first = ("> tidy", "", "rm -rf / #", "> ls", AIDER)
    shown = asked(*first)
    assert shown is not None
    assert shown.text == "\n".join((AIDER, "", *first))
    assert [(each.key, each.means) for each in shown.answers] == [
        ("Enter", "allow_once"),
        ("C-c", "deny"),
    ]
    # An earlier one, that was left by ^C, is still on the screen.
    both = (*first, "", "^C again to exit", "─" * 40, "> tidy", "", "rm -rf build", AIDER)
    again = asked(*both)
    assert again is not None
    assert again.text == "\n".join((AIDER, "", *both))
    assert len(again.answers) == 2
    # With an answer begun, Enter would mean that; of several commands, the first may be out of
    # sight.
    several = AIDER.replace("command?", "commands?")
    for line in (f"{AIDER} n", several):
        unanswered = asked(*first[:-1], line)
        assert unanswered is not None
        assert unanswered.answers == ()


def test_of_an_agent_of_several_processes_the_first_is_the_one_that_is_in_front(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Whichever of them happens to read at that moment."""
    node = ("node", "/usr/lib/node_modules/@google/gemini-cli/bundle/gemini.js")
    beside = {7: ("sh", "start.sh"), 8: node, 9: node, 10: ("less",)}
    monkeypatch.setattr("agent.hosted.answering.group", lambda pid: beside if pid in beside else {})
    answering = Answering(SimpleNamespace(), read(SHIPPED / "gemini.toml"))  # type: ignore[arg-type]
    for reads in (7, 8, 9):
        assert answering._own(Foreground(reads, "node", "command")) == 8
    assert answering._own(Foreground(11, "less", "pager", arguments=("less", "gemini"))) == 0


def test_a_shell_that_waits_for_the_agent_is_not_what_reads_its_keys(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    node = ("node", "/usr/lib/node_modules/@google/gemini-cli/bundle/gemini.js")
    beside = {7: ("sh", "-c", "gemini; true"), 8: node}
    monkeypatch.setattr("agent.hosted.answering.group", lambda pid: beside if pid in beside else {})
    monkeypatch.setattr("agent.hosted.answering.program_name", {7: "sh", 8: "node"}.__getitem__)
    answering = Answering(SimpleNamespace(), read(SHIPPED / "gemini.toml"))  # type: ignore[arg-type]
    for reads, name in ((7, "sh"), (8, "node")):
        assert answering._in_front(Foreground(reads, name, "command")) == (8, "node")
    # Another program that the shell has started reads them by itself.
    assert answering._in_front(Foreground(7, "less", "pager")) == (8, "less")
