# ruff: noqa: E501 - tables of cases read better unbroken
"""Paths, rules, actions, the policy table and what the command line prints."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar

import pytest

from agent.actions import (
    Action,
    ClosePane,
    OpenPane,
    ReadFile,
    ReadScreen,
    Remember,
    RunCommand,
    SearchMemory,
    StartWorker,
    TypeKeys,
    WriteFile,
)
from agent.risk import Context, Risk, assess, assess_command, decide
from agent.risk.report import check_jsonl, explain, keys_jsonl
from agent.risk.rules import join, parse

PANE = "%1"


@pytest.mark.parametrize(
    ("command", "risk"),
    [
        ("rm -rf build", Risk.MEDIUM),
        ("cd .. && rm -rf project", Risk.HIGH),
        ("cd build && rm -rf *", Risk.MEDIUM),
        ("(cd /tmp/x && rm -rf *); ls", Risk.MEDIUM),
        ("(cd build); rm -rf *", Risk.HIGH),
        ("rm -rf build/../src", Risk.HIGH),
        ("rm -rf /home/dev/project/build", Risk.MEDIUM),
        ("git status", Risk.LOW),
        ("git commit -m x", Risk.MEDIUM),
        ("git push", Risk.MEDIUM),
        ("git push --force /tmp/remote.git main", Risk.HIGH),
        ("frobnicate --all", Risk.MEDIUM),
        ("$X", Risk.HIGH),
        ("cat src/a.py /etc/hosts /tmp/x", Risk.LOW),
        ("cat ~/notes.txt", Risk.MEDIUM),
        ("grep -n x ../other/README.md", Risk.MEDIUM),
        ("fzf --preview 'cat {}'", Risk.LOW),
        ("fzf --preview 'make {}'", Risk.MEDIUM),
        ("", Risk.LOW),
        ("node - < -", Risk.HIGH),
        ('python3 -c "1if 2else 3"', Risk.LOW),
    ],
)
def test_risk(command: str, risk: Risk, context: Context) -> None:
    assert assess_command(command, context).risk is risk


def test_spans_mark_the_dangerous_part(context: Context) -> None:
    text = "ls -la; git push --force origin main; echo done"
    answer = assess_command(text, context)
    assert [text[s.start : s.end] for s in answer.spans] == ["git push --force origin main"]
    assert "rewrites a shared branch" in answer.effect


def test_a_home_below_tmp_is_not_temporary() -> None:
    home = Path("/tmp/someone")
    context = Context(cwd=home / "work", home=home, project=home / "work")
    assert assess_command("rm -rf ~/letters", context).risk is Risk.HIGH
    assert assess_command("rm -rf /tmp/else", context).risk is Risk.MEDIUM


def test_scripts_carry_the_risk_of_their_content(tmp_path: Path) -> None:
    context = Context(cwd=tmp_path, home=Path("/home/dev"), project=tmp_path)
    for name, text in {
        "t.sh": "sudo id\n", "t.py": "import os\nos.system('sudo id')\n", "t": "#!/bin/sh\nsudo id\n",
        "Makefile": "all: x\n\ttrue\nx:\n\tsudo id\n", "package.json": '{"scripts":{"go":"sudo id"}}',
        "ok.py": "print(1)\n",
    }.items():  # fmt: skip
        (tmp_path / name).write_text(text)
    for command in ("bash t.sh", ". ./t.sh", "python t.py", "./t", "make", "npm run go", "sh < t.sh",
                    "cat t.sh | bash", "env A=1 ./t.sh"):  # fmt: skip
        assert assess_command(command, context).risk is Risk.HIGH, command
    assert assess_command("python ok.py", context).risk is Risk.MEDIUM
    assert assess_command("bash missing.sh", context).risk is Risk.MEDIUM
    (tmp_path / "opaque.sh").write_text('"$@"\n')
    assert assess_command("bash opaque.sh ls", context).risk is Risk.MEDIUM
    written = replace(context, written=frozenset({tmp_path / "opaque.sh"}))
    assert assess_command("bash opaque.sh ls", written).risk is Risk.HIGH


@dataclass(frozen=True, slots=True)
class _New(Action):
    kind: ClassVar[str] = "new"


@pytest.mark.parametrize(
    ("action", "risk"),
    [
        (OpenPane(Path("/x")), Risk.LOW),
        (ClosePane(PANE), Risk.LOW),
        (ReadScreen(PANE), Risk.LOW),
        (RunCommand("ls", PANE), Risk.LOW),
        (TypeKeys(("sudo id", "Enter"), PANE), Risk.HIGH),
        (TypeKeys(("ls", "Enter"), PANE), Risk.LOW),
        (ReadFile(Path("/home/dev/project/a.py")), Risk.LOW),
        (ReadFile(Path("/home/dev/project")), Risk.LOW),
        (ReadFile(Path("/home/dev/project/.env")), Risk.HIGH),
        (ReadFile(Path("/home/dev/.ssh/id_rsa")), Risk.HIGH),
        (ReadFile(Path("/home/dev/notes.txt")), Risk.MEDIUM),
        (WriteFile(Path("/home/dev/project/a.py"), "x"), Risk.MEDIUM),
        (WriteFile(Path("/home/dev/project/.git/hooks/pre-commit"), "x"), Risk.HIGH),
        (WriteFile(Path("/home/dev/project/.github/workflows/ci.yml"), "x"), Risk.HIGH),
        (WriteFile(Path("/home/dev/.bashrc"), "x"), Risk.HIGH),
        (WriteFile(Path("/home/dev/.config/tungsten/config.toml"), "x"), Risk.HIGH),
        (WriteFile(Path("/home/dev/other/a.py"), "x"), Risk.HIGH),
        (SearchMemory("ports", Path("/p")), Risk.LOW),
        (Remember("CI runs on ARM.", "project", "project", Path("/p"), "tool_observed"), Risk.LOW),
        (Remember("CI runs on ARM.", "user", "user", None, "user_stated"), Risk.MEDIUM),
        (Remember("Always push.", "project", "project", Path("/p"), "tool_observed"), Risk.MEDIUM),
        (Remember("Always push.", "project", "project", Path("/p"), "user_stated"), Risk.LOW),
        (_New(), Risk.HIGH),
    ],
)
def test_every_action_is_judged(action: Action, risk: Risk, context: Context) -> None:
    assert assess(action, context).risk is risk


def test_own_directories_are_out_of_bounds(context: Context) -> None:
    own = replace(context, own=(Path("/home/dev/project/.state"),))
    assert assess_command("rm .state/engine.sock", own).risk is Risk.HIGH
    assert assess(WriteFile(Path("/home/dev/project/.state/x"), "x"), own).risk is Risk.HIGH


def test_a_fault_is_high(context: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError

    monkeypatch.setattr("agent.risk.classify.evaluate", broken)
    answer = assess_command("ls", context)
    assert answer.risk is Risk.HIGH
    assert "could not be analysed" in answer.reasons[0]


def test_keys_across_actions_are_read_off_the_screen(context: Context) -> None:
    place = replace(context, screen="dev@box:~/project$ rm -rf ~")
    assert assess(TypeKeys(("Enter",), PANE), place).risk is Risk.HIGH
    place = replace(context, screen="something without a prompt")
    assert assess(TypeKeys(("Enter",), PANE), place).risk is Risk.HIGH
    place = replace(context, foreground="python", screen=">>> import os; os.system('sudo id')")
    assert assess(TypeKeys(("Enter",), PANE), place).risk is Risk.HIGH
    assert assess(TypeKeys(("x", "Enter"), PANE), replace(context, echo=False)).risk is Risk.HIGH


@pytest.mark.parametrize(
    ("keys", "marked"),
    [
        (("ls", "Enter", "rm -rf ", "~", "Enter", "ls"), "rm -rf  ~ Enter"),
        (("sudo id\n",), "sudo id\n"),
        (("ls", "C-c", "sudo id", "C-m"), "sudo id C-m"),
        (("ls", "Enter"), ""),
    ],
)
def test_the_dangerous_keys_are_marked(
    keys: tuple[str, ...], marked: str, context: Context
) -> None:
    action = TypeKeys(keys, PANE)
    spans = assess(action, replace(context, line="")).spans
    assert "".join(action.text[span.start : span.end] for span in spans) == marked


# rules and policy --------------------------------------------------------------------------------


@pytest.mark.parametrize("position", [0, 1, 57, 999])
def test_denied_at_every_position(position: int, context: Context) -> None:
    rules = parse({"deny": ["Bash(git push:*)"]})
    commands = ["echo a"] * 1000
    commands[position] = "git -C sub push origin x"
    answer = assess_command("; ".join(commands), replace(context, rules=rules))
    assert answer.denied_by == "Bash(git push:*)"


@pytest.mark.parametrize(
    "command",
    ["git push", "'git' pu\\sh", "env A=1 git push", "bash -c 'git push'", "echo $(git push)",
     "xargs git push", "/usr/bin/git push", "timeout 5 git push", "git -c a.b=c push x"],
)  # fmt: skip
def test_denied_at_every_wrapper_level(command: str, context: Context) -> None:
    rules = parse({"deny": ["Bash(git push:*)"]})
    assert assess_command(command, replace(context, rules=rules)).denied_by


def test_path_rules(context: Context) -> None:
    rules = parse({"deny": ["Read(~/private/**)", "Edit(docs/**)"], "ask": ["Fetch(domain:x.io)"]})
    place = replace(context, rules=rules)
    assert assess_command("cat ~/private/a/b", place).denied_by
    assert assess_command("echo x > docs/a.md", place).denied_by
    assert assess(ReadFile(Path("/home/dev/private/a")), place).denied_by
    assert assess_command("curl https://api.x.io/", place).asked_by
    assert assess_command("cat docs/a.md", place).denied_by is None


def test_allow_never_lifts_high(context: Context) -> None:
    place = replace(context, rules=parse({"allow": ["Bash(git:*)"]}))
    forced = assess_command("git push --force", place)
    assert forced.risk is Risk.HIGH
    assert not forced.allowed
    assert decide(forced, "standard", "agent").outcome == "gate"
    assert decide(assess_command("git commit -m x", place), "careful", "agent").outcome == "run"
    assert not assess_command("git add . && make", place).allowed


@pytest.mark.parametrize(
    "broken", [{"deny": ["Bash("]}, {"deny": "x"}, {"denny": []}, 7, {"ask": [3]}]
)
def test_broken_rules_make_everything_ask(broken: object, context: Context) -> None:
    answer = assess_command("ls", replace(context, rules=parse(broken)))
    assert decide(answer, "standard", "agent").outcome == "gate"


def test_a_project_may_only_tighten() -> None:
    rules = join(parse({}), parse({"allow": ["Bash(rm:*)"], "deny": ["Bash(x:*)"]}))
    assert not rules.allow
    assert rules.deny


@pytest.mark.parametrize(
    ("mode", "verdicts"),
    [
        ("plan", ["run", "refuse", "refuse", "refuse"]),
        ("careful", ["run", "gate", "gate", "refuse"]),
        ("standard", ["run", "run", "gate", "refuse"]),
        ("nonsense", ["gate", "gate", "gate", "refuse"]),
    ],
)
def test_the_table(mode: str, verdicts: list[str], context: Context) -> None:
    place = replace(context, rules=parse({"deny": ["Bash(denied)"]}))
    answers = [assess_command(c, place) for c in ("ls", "touch x", "sudo id", "denied")]
    assert [decide(a, mode, "agent").outcome for a in answers] == verdicts


@pytest.mark.parametrize("mode", ["plan", "careful", "standard", "nonsense"])
@pytest.mark.parametrize("ceiling", list(Risk))
def test_a_ceiling_only_ever_asks_more(mode: str, ceiling: Risk, context: Context) -> None:
    rules = parse({"deny": ["Bash(denied)"], "ask": ["Bash(ls)"], "allow": ["Bash(touch:*)"]})
    place = replace(context, rules=rules)
    strictness = ["run", "gate", "refuse"]
    for command in ("ls", "pwd", "touch x", "sudo id", "denied"):
        answer = assess_command(command, place)
        without = decide(answer, mode, "agent").outcome
        verdict = decide(answer, mode, "agent", ceiling)
        assert strictness.index(verdict.outcome) >= strictness.index(without), command
        if answer.risk > ceiling:
            assert verdict.outcome != "run"
            told = "above this worker's level" in verdict.reason
            assert told == (mode in ("careful", "standard") and answer.denied_by is None)
        else:
            assert verdict.outcome == without
        persons = decide(answer, mode, "person")
        assert decide(answer, mode, "person", ceiling) == persons, "it binds the agent alone"


@pytest.mark.parametrize(
    ("directory", "worktree", "risk"),
    [
        ("/home/dev/project", None, Risk.MEDIUM),
        ("/home/dev/project/src", None, Risk.MEDIUM),
        ("/home/dev/project/.git", None, Risk.HIGH),
        ("/home/dev/project/.tungsten", None, Risk.HIGH),
        ("/home/dev", None, Risk.HIGH),
        ("/home/dev/projects", None, Risk.HIGH),
        ("/home/dev/.ssh", None, Risk.HIGH),
        ("/home/dev/project.worktrees/a", None, Risk.HIGH),
        ("/home/dev/project.worktrees/a", "/home/dev/project.worktrees/a", Risk.MEDIUM),
        ("/home/dev/project.worktrees/a/src", "/home/dev/project.worktrees/a", Risk.MEDIUM),
        ("/home/dev/other.worktrees/a", "/home/dev/other.worktrees/a", Risk.HIGH),
    ],
)
def test_where_a_worker_may_start(
    directory: str, worktree: str | None, risk: Risk, context: Context
) -> None:
    made = Path(worktree) if worktree else None
    action = StartWorker(
        "w1", "a", "look", "HIGH", Path(directory), made, "worker/a" if made else ""
    )
    assert assess(action, context).risk is risk
    nowhere = replace(context, project=None, cwd=context.home)
    assert (assess(action, nowhere).risk is Risk.MEDIUM) == (directory == "/home/dev")
    denied = replace(context, rules=parse({"deny": ["Bash(git worktree:*)"]}))
    assert (assess(action, denied).denied_by is not None) == (made is not None and risk < Risk.HIGH)
    broken = replace(context, rules=replace(context.rules, problem="line 1"))
    assert decide(assess(action, broken), "standard", "agent").outcome == "gate"


# what the command line prints ---------------------------------------------------------------------


def test_check_jsonl() -> None:
    lines = [
        {"id": 1, "command": "ls", "cwd": "/nowhere/x", "home": "/home/dev"},
        {"id": 2, "command": "rm -rf ~", "home": "/home/dev"},
        {"id": 3, "command": "ls", "rules": {"deny": ["Bash(ls:*)"]}},
        {"id": 4},
    ]
    out = io.StringIO()
    bad = check_jsonl(io.StringIO("\n".join(map(json.dumps, lines)) + "\nnot json\n"), out)
    answers = [json.loads(line) for line in out.getvalue().splitlines()]
    assert bad == 2
    assert [a["risk"] for a in answers] == ["LOW", "HIGH", "HIGH", "HIGH", "HIGH"]
    assert "Bash(ls:*)" in answers[2]["reasons"][0]
    assert set(answers[0]) == {"id", "risk", "reasons", "micros"}


def test_keys_jsonl() -> None:
    line = {"id": "k", "foreground": "bash", "keys": ["sudo ", {"paste": "id"}, "Enter"]}
    out = io.StringIO()
    assert keys_jsonl(io.StringIO(json.dumps(line)), out) == 0
    assert json.loads(out.getvalue()) | {"reasons": []} == {
        "id": "k", "risk": "HIGH", "hold_at": 2, "reasons": [],
    }  # fmt: skip


def test_explain(context: Context) -> None:
    text = explain("ls && bash -c 'sudo id'", context)
    assert text.startswith("HIGH")
    assert "sudo id  ← HIGH" in text


def test_the_judgement_holds_the_bytes_it_was_made_on(tmp_path: Path) -> None:
    place = Context(cwd=tmp_path, home=tmp_path.parent, project=tmp_path)
    (tmp_path / "t.sh").write_text("rm -rf ~/one\n")
    before = assess_command("sh t.sh", place)
    assert [path for path, _ in before.reads] == [tmp_path / "t.sh"]
    assert assess_command("sh t.sh", place) == before
    (tmp_path / "t.sh").write_text("rm -rf ~/one # and more\n")
    after = assess_command("sh t.sh", place)
    assert after.reasons == before.reasons
    assert after != before


@pytest.fixture
def linked(tmp_path: Path) -> Context:
    """A project with symbolic links that lead out of it, and one that stays."""
    home = tmp_path / "home"
    project = home / "project"
    for directory in (project / ".git/hooks", project / "src", home / ".ssh", home / "letters"):
        directory.mkdir(parents=True)
    for link, target in {
        "notes": "../.ssh/authorized_keys", "keys": home / ".ssh", "letters": "../letters",
        "key": home / ".ssh/id_rsa", "hooks": ".git/hooks", "lib": "src", "system": "/etc",
        "chain": "notes", "rc": home / ".bashrc",
    }.items():  # fmt: skip
        (project / link).symlink_to(target)
    return Context(cwd=project, home=home, project=project)


@pytest.mark.parametrize(
    ("name", "reading", "writing"),
    [
        ("notes", Risk.HIGH, Risk.HIGH),
        ("chain", Risk.HIGH, Risk.HIGH),
        ("keys/id_rsa", Risk.HIGH, Risk.HIGH),
        ("key", Risk.HIGH, Risk.HIGH),
        ("rc", Risk.MEDIUM, Risk.HIGH),
        ("letters/a.txt", Risk.MEDIUM, Risk.HIGH),
        ("letters/../b.txt", Risk.MEDIUM, Risk.HIGH),
        ("hooks/pre-commit", Risk.LOW, Risk.HIGH),
        ("system/hosts", Risk.LOW, Risk.HIGH),
        ("lib/a.py", Risk.LOW, Risk.MEDIUM),
        ("src/../a.py", Risk.LOW, Risk.MEDIUM),
    ],
)
def test_files_are_judged_where_links_lead(
    name: str, reading: Risk, writing: Risk, linked: Context
) -> None:
    assert assess(ReadFile(linked.cwd / name), linked).risk is reading
    assert assess(WriteFile(linked.cwd / name, "x"), linked).risk is writing


@pytest.mark.parametrize(
    "command",
    [
        "chmod 777 notes", "chmod 644 key", "chmod -R 755 keys", "chmod 666 letters/a.txt", "mv a notes",
        "mv keys/id_rsa x", "mv a keys/", "cp a notes", "cp key x", "cp keys/id_rsa x", "cp -r keys/ x",
        "ln key x", "ln -sf x keys/config", "tee chain < a", "tee -a notes", "dd if=key of=x", "install a notes",
        "touch rc", "tar xf a.tar -C keys", "tar cf x.tar keys/id_rsa", "unzip a -d system", "truncate -s0 notes",
        "shred letters/a.txt", "rm letters/a.txt", "rm -rf keys/", "rm letters/../b.txt", "sed -i s/a/b/ notes",
        "rsync a keys/", "cat a > letters/../.bashrc", "cd letters && rm a.txt", "patch -d letters < p",
        "mkdir system/x", "grep -r x keys", "find letters/ -delete",
    ],
)  # fmt: skip
def test_commands_are_judged_where_links_lead(command: str, linked: Context) -> None:
    assert assess_command(command, linked).risk is Risk.HIGH


@pytest.mark.parametrize(
    "command",
    ["rm notes", "mv notes old", "chmod 644 lib/a.py", "cp a lib/", "mv a lib/b", "tee lib/b", "rm src/../a.o",
     "touch lib/a", "tar cf x.tar lib", "cp -r lib x", "ls -l keys"],
)  # fmt: skip
def test_links_themselves_and_links_inside_are_no_alarm(command: str, linked: Context) -> None:
    assert assess_command(command, linked).risk < Risk.HIGH


def test_a_denied_file_is_denied_by_its_link_too(linked: Context) -> None:
    place = replace(linked, rules=parse({"deny": ["Read(~/letters/**)"]}))
    assert assess(ReadFile(linked.cwd / "letters/a.txt"), place).denied_by
