# ruff: noqa: E501 - tables read better unbroken
"""Every tool that is known, what it comes to, and what nobody can know."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent import actions
from agent.actions import CallTool, FetchUrl, PatchFiles, ReadFile, RunCommand, WriteFile
from agent.hook.adapter import Asked, Heard, parse
from agent.hook.adapters import ADAPTERS
from agent.hook.tools import _TOOLS, plan
from agent.risk import Context, Risk, Rules, assess
from agent.risk.rules import parse as parse_rules
from tui.cli import HOOKED


def context(project: Path, rules: Rules | None = None) -> Context:
    home = project.parent
    return Context(cwd=project, home=home, project=project, rules=rules or Rules())


@pytest.fixture
def project(tmp_path: Path) -> Path:
    made = tmp_path / "home" / "p"
    made.mkdir(parents=True)
    (made / "a.txt").write_text("one\ntwo\n")
    return made


PATCH = "*** Begin Patch\n{}\n*** End Patch"

CASES = [
    # tool, input, kind of action, risk, a part of its text
    ("Bash", {"command": "ls -la", "description": "look"}, "run_command", "LOW", "ls -la"),
    ("Bash", {"command": "rm -rf ~"}, "run_command", "HIGH", "rm -rf ~"),
    ("Bash", {"command": "ls", "stdin": "x"}, "call_tool", "HIGH", "stdin"),
    ("Bash", {"command": ["ls"]}, "call_tool", "HIGH", "ls"),
    ("Bash", {"command": " "}, "call_tool", "HIGH", "Bash"),
    ("Bash", {}, "call_tool", "HIGH", "Bash"),
    ("Bash", "ls", "call_tool", "HIGH", "ls"),
    ("Bash", {"command": "ls \ud800"}, "call_tool", "HIGH", "ls"),
    ("Monitor", {"command": "tail f", "description": "d", "timeout_ms": 1}, "run_command", "LOW", "tail"),
    ("Monitor", {"ws": {"url": "wss://x"}, "description": "d", "timeout_ms": 1}, "call_tool", "HIGH", "ws"),
    ("Write", {"file_path": "new.txt", "content": "x"}, "write_file", "MEDIUM", "/p/new.txt"),
    ("Write", {"file_path": "../.bashrc", "content": "x"}, "write_file", "HIGH", ".bashrc"),
    ("Write", {"file_path": "~/x", "content": "x"}, "call_tool", "HIGH", "~/x"),
    ("Write", {"file_path": ".claude/settings.json", "content": "{}"}, "write_file", "HIGH", ""),
    ("Write", {"file_path": ".gemini/settings.json", "content": "{}"}, "write_file", "HIGH", ""),
    ("Write", {"file_path": ".opencode/plugins/x.js", "content": "{}"}, "write_file", "HIGH", ""),
    ("Edit", {"file_path": "a.txt", "old_string": "one", "new_string": "1"}, "write_file", "MEDIUM", "a.txt"),
    ("Edit", {"file_path": "a.txt", "old_string": "none", "new_string": "1"}, "call_tool", "HIGH", ""),
    ("MultiEdit", {"file_path": "a.txt", "edits": [{"old_string": "one", "new_string": "1"}]}, "write_file", "MEDIUM", "a.txt"),
    ("MultiEdit", {"file_path": "a.txt", "edits": []}, "call_tool", "HIGH", ""),
    ("NotebookEdit", {"notebook_path": "n.ipynb", "new_source": "x"}, "write_file", "MEDIUM", "n.ipynb"),
    ("Read", {"file_path": "a.txt"}, "read_file", "LOW", "a.txt"),
    ("Read", {"file_path": "/home/x/.ssh/id_rsa"}, "read_file", "HIGH", "id_rsa"),
    ("Grep", {"pattern": "x", "path": ".", "-n": True}, "read_file", "LOW", "/p"),
    ("Grep", {"pattern": "x", "glob": "../*"}, "call_tool", "HIGH", ""),
    ("Grep", {"pattern": "x", "glob": "*.{ts,tsx}", "output_mode": "content"}, "read_file", "LOW", "/p"),
    ("Grep", {"pattern": ".", "glob": ".env"}, "read_file", "HIGH", ".env"),
    ("Grep", {"pattern": ".", "path": "..", "glob": ".ssh/**"}, "read_file", "HIGH", ".ssh"),
    ("Grep", {"pattern": ".", "path": "..", "glob": ".ss{h,}/**"}, "call_tool", "HIGH", ".ss"),
    ("Grep", {"pattern": ".", "path": "..", "glob": "{.ssh,a}"}, "call_tool", "HIGH", ".ssh"),
    ("Grep", {"pattern": "", "path": "/"}, "call_tool", "HIGH", "/"),
    ("Glob", {"pattern": "{/etc,a}/*"}, "call_tool", "HIGH", "/etc"),
    ("Glob", {"pattern": "**/*.py"}, "read_file", "LOW", "/p"),
    ("Glob", {"pattern": "/etc/*"}, "call_tool", "HIGH", "/etc"),
    ("LS", {"path": "."}, "read_file", "LOW", "/p"),
    ("WebFetch", {"url": "https://example.com/a", "prompt": "p"}, "fetch_url", "LOW", "example.com"),
    ("WebFetch", {"url": "file:///etc/passwd", "prompt": "p"}, "fetch_url", "HIGH", "passwd"),
    ("WebFetch", {"url": "https://e.com/ -o /etc/x", "prompt": "p"}, "fetch_url", "HIGH", "e.com"),
    ("WebSearch", {"query": "words"}, "search_web", "MEDIUM", "words"),
    ("Task", {"prompt": "go"}, "call_tool", "HIGH", "go"),
    ("mcp__db__drop", {"table": "t"}, "call_tool", "HIGH", "mcp__db__drop"),
    ("", {}, "call_tool", "HIGH", ""),
    ("network-access", {"command": "network-access x.com"}, "call_tool", "HIGH", "x.com"),
    ("apply_patch", {"command": PATCH.format("*** Add File: n.txt\n+x")}, "patch_files", "MEDIUM", "n.txt"),
    ("apply_patch", {"command": PATCH.format("*** Update File: a.txt\n@@\n-one\n+1")}, "patch_files", "MEDIUM", "a.txt"),
    ("apply_patch", {"command": PATCH.format("*** Update File: a.txt\n*** Move to: /etc/b\n@@\n+1")}, "patch_files", "HIGH", "b"),
    ("apply_patch", {"command": PATCH.format("*** Delete File: ../.ssh/config")}, "patch_files", "HIGH", ".ssh"),
    ("apply_patch", {"command": PATCH.format("*** Add File: n.txt\n+x\n  *** Delete File: /etc/x")}, "call_tool", "HIGH", "/etc/x"),
    ("apply_patch", {"command": PATCH.format("*** Environment ID: x\n*** Add File: n\n+x")}, "call_tool", "HIGH", ""),
    ("apply_patch", {"command": PATCH.format("")}, "call_tool", "HIGH", ""),
    ("apply_patch", {"command": PATCH.format("*** Add File: n\n+x\n" * 2_001)}, "call_tool", "HIGH", ""),
    ("apply_patch", {"command": "rm -rf /"}, "call_tool", "HIGH", "rm"),
    ("opencode.bash", {"patterns": ["ls"], "metadata": {"command": "ls"}, "args": {"command": "ls"}}, "run_command", "LOW", "ls"),
    ("opencode.bash", {"patterns": ["ls"], "metadata": {"command": "ls"}, "args": None}, "call_tool", "HIGH", "ls"),
    ("opencode.bash", {"patterns": ["ls"], "metadata": {"command": "ls"}, "args": {"command": "id"}}, "call_tool", "HIGH", "ls"),
    ("opencode.external_directory", {"patterns": ["/etc/*"], "metadata": {"command": "cat /etc/hosts", "directories": ["/etc"], "patterns": ["/etc/*"]}, "args": {"command": "cat /etc/hosts"}}, "run_command", "LOW", "hosts"),
    ("opencode.external_directory", {"patterns": ["/x/*"], "metadata": {"filepath": "/x/y", "parentDir": "/x"}, "args": {}}, "call_tool", "HIGH", "/x/y"),
    ("opencode.edit", {"patterns": ["a.txt"], "metadata": {"filepath": "/home/u/.bashrc", "diff": "+x"}}, "write_file", "HIGH", ".bashrc"),
    ("opencode.edit", {"patterns": ["n"], "metadata": {"filepath": "n", "diff": "+x", "files": [{"filePath": "n", "type": "add"}]}}, "patch_files", "MEDIUM", "n"),
    ("opencode.edit", {"patterns": ["n", "m"], "metadata": {"filepath": "n", "diff": "+x", "files": [{"filePath": "n", "type": "add"}]}}, "call_tool", "HIGH", "m"),
    ("opencode.read", {"patterns": ["a.txt"], "metadata": {}}, "read_file", "LOW", "a.txt"),
    ("opencode.read", {"patterns": ["mcp:x:y"], "metadata": {}}, "call_tool", "HIGH", "mcp"),
    ("opencode.grep", {"patterns": ["x"], "metadata": {"pattern": "x", "path": None, "include": None}}, "read_file", "LOW", "/p"),
    ("opencode.glob", {"patterns": ["*"], "metadata": {"pattern": "*"}}, "read_file", "LOW", "/p"),
    ("opencode.webfetch", {"patterns": ["https://e.com"], "metadata": {"url": "https://e.com", "format": "text"}}, "fetch_url", "LOW", "e.com"),
    ("opencode.task", {"patterns": ["x"], "metadata": {}}, "call_tool", "HIGH", "task"),
]  # fmt: skip


@pytest.mark.parametrize(("tool", "input_", "kind", "risk", "part"), CASES)
def test_what_a_tool_comes_to(
    project: Path, tool: str, input_: object, kind: str, risk: str, part: str
) -> None:
    planned = plan(Asked(tool, input_), project)
    found = assess(planned.action, context(project))
    assert (planned.action.kind, found.risk.name) == (kind, risk)
    assert part in planned.action.text
    assert found.risk is Risk.LOW or found.reasons
    again = actions.read(json.loads(json.dumps(actions.written(planned.action))))
    assert again.digest() == planned.action.digest()


def test_every_tool_that_is_known_is_tried() -> None:
    assert set(_TOOLS) <= {case[0] for case in CASES}


def test_commands_are_judged_where_they_run(project: Path) -> None:
    given = {"command": "rm -rf build", "workdir": "/etc"}
    metadata = {"patterns": ["rm *"], "metadata": {"command": "rm -rf build"}, "args": given}
    planned = plan(Asked("opencode.bash", metadata), project)
    assert planned.cwd == Path("/etc")


def test_an_edit_is_shown_and_judged_as_the_file_it_makes(project: Path) -> None:
    edit = {"file_path": "a.txt", "old_string": "two", "new_string": "2"}
    planned = plan(Asked("Edit", edit), project)
    assert isinstance(planned.action, WriteFile)
    assert planned.action.content == "one\n2\n"
    assert "-two\n+2\n" in planned.diff


def test_rules_count_for_the_tools_of_others(project: Path) -> None:
    rules = parse_rules(
        {"deny": ["Bash(git push:*)", "Fetch(domain:example.com)", "Edit(secret/**)"]}
    )

    def denied(action: actions.Action) -> bool:
        return assess(action, context(project, rules)).denied_by is not None

    assert denied(RunCommand("git push", ""))
    assert denied(FetchUrl("https://www.example.com/x"))
    assert denied(PatchFiles((str(project / "a"), str(project / "secret/b")), (), ""))
    assert not denied(ReadFile(project / "a.txt"))


FIELDS = frozenset(
    {"command", "file_path", "content", "edits", "url", "patterns", "metadata", "args", "path"}
    | {"pattern", "tool_name", "tool_input", "properties", "permission", "type", "old_string"}
)

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.just("ls"),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(sorted(FIELDS)) | st.text(max_size=4),
            inner,
            max_size=5,
        )
    ),
    max_leaves=12,
)


@given(st.sampled_from([*_TOOLS, "other"]), json_values)
def test_odd_input_is_never_less_than_high(tool: str, value: object) -> None:
    planned = plan(Asked(tool, value), Path("/nowhere/p"))
    if isinstance(planned.action, CallTool):
        found = assess(planned.action, context(Path("/nowhere/p")))
        assert found.risk is Risk.HIGH
    planned.action.digest()
    json.dumps(actions.written(planned.action)).encode()
    planned.title.encode()


@given(
    st.sampled_from(list(ADAPTERS)),
    st.dictionaries(
        st.sampled_from(["hook_event_name", "type", "properties", "tool_input", "tool_name"]),
        json_values
        | st.sampled_from(["PermissionRequest", "PostToolUse", "Stop", "permission.asked"]),
    ),
)
def test_no_event_makes_an_adapter_fail(name: str, value: dict[str, object]) -> None:
    found = ADAPTERS[name].read(value)
    assert found is None or isinstance(found, Asked | Heard)
    if isinstance(found, Asked):
        assert isinstance(found.key, str)


@given(st.binary(max_size=40))
def test_any_bytes_are_read_as_an_object_or_not_at_all(payload: bytes) -> None:
    assert parse(payload) is None or isinstance(parse(payload), dict)


def test_the_command_line_knows_every_adapter() -> None:
    assert set(HOOKED) == set(ADAPTERS)


@pytest.mark.parametrize("name", ["claude", "codex"])
def test_a_denial_carries_its_reason(name: str) -> None:
    said = json.loads(ADAPTERS[name].deny('no: "really"\nno'))
    decision = said["hookSpecificOutput"]["decision"]
    assert decision == {"behavior": "deny", "message": 'no: "really"\nno'}
    assert ADAPTERS["gemini"].deny("no") == ADAPTERS["aider"].allow() == b""
