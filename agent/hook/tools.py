"""From a tool of another agent to an action that the gate can judge.

The table is by the agents' own names of tools (`agent.hook.claude`, `codex` and `opencode` say
where they are from). What is not in it, and what is given in a form that is not known here, becomes
a `CallTool`, which is HIGH: also where only one field more is there than is known, since nobody
knows what that changes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from agent.actions import (
    Action,
    CallTool,
    FetchUrl,
    PatchFiles,
    ReadFile,
    RunCommand,
    SearchWeb,
    WriteFile,
)
from agent.files.line_diff import unified
from agent.hook.adapter import Asked
from agent.sessions.session import clean

MAX_READ_BYTES = 4 * 1024 * 1024
"""Largest file that is read to show what an edit changes in it."""

MAX_TITLE = 300

MAX_PATCHED = 2_000
"""Files of a patch whose names are resolved; what changes more is not looked through."""


@dataclass(frozen=True, slots=True)
class Planned:
    """What a tool use comes to."""

    action: Action
    title: str
    diff: str = ""
    cwd: Path | None = None
    """Where it happens, if not where the agent is."""


class Unknown(Exception):
    """A tool's input is not of the form that is known."""


def plan(asked: Asked, cwd: Path) -> Planned:
    """Say what a tool use does, as far as it is known; never raises for odd input.

    Args:
        asked: the tool and its input, as the agent gave them.
        cwd: the directory that relative paths count from.
    """
    given = asked.input
    make = _TOOLS.get(asked.tool)
    try:
        if make is None or not isinstance(given, Mapping):
            raise Unknown
        found = make(dict(given), cwd)
        if clean(found.action.text) != found.action.text:
            # No program can be given this; what it makes of it instead is not known.
            raise Unknown
    except (Unknown, OSError, ValueError, RuntimeError):
        written = json.dumps(given, ensure_ascii=False, default=str)
        action = CallTool(clean(asked.tool) or "(without a name)", clean(written))
        return Planned(action, _title(action.text))
    return found


def _title(text: str) -> str:
    return " ".join(text.split())[:MAX_TITLE]


def _only(given: Mapping[str, Any], needed: Collection[str], may: Collection[str] = ()) -> None:
    """Let no field pass that is not known, and none be missing or be no text.

    Raises:
        Unknown: one does.
    """
    if not given.keys() <= {*needed, *may}:
        raise Unknown
    if not all(isinstance(given.get(name), str) for name in needed):
        raise Unknown


def _path(text: str, cwd: Path) -> Path:
    if not text or "\0" in text or text.startswith("~"):
        # Some take `~` for the home directory, some for a name.
        raise Unknown
    return Path(cwd / text).resolve()


# Commands ----------------------------------------------------------------------------------------

_BASH = ("timeout", "description", "run_in_background", "dangerouslyDisableSandbox")


def _command(text: str) -> Planned:
    if not text.strip():
        raise Unknown
    return Planned(RunCommand(text, ""), _title(text))


def _bash(given: dict[str, Any], cwd: Path) -> Planned:
    _only(given, ["command"], _BASH)
    return _command(given["command"])


def _monitor(given: dict[str, Any], cwd: Path) -> Planned:
    _only(given, ["command"], ("description", "timeout_ms"))
    return _command(given["command"])


# Files -------------------------------------------------------------------------------------------


def _before(path: Path) -> str:
    """A file as it is; empty where there is none.

    Raises:
        Unknown: it is no file that can be shown.
    """
    if not path.exists():
        return ""
    if not path.is_file() or path.stat().st_size > MAX_READ_BYTES:
        raise Unknown
    return path.read_text("utf-8")


def _written(path: Path, before: str, after: str) -> Planned:
    lines = unified(
        before.splitlines(keepends=True), after.splitlines(keepends=True), str(path), str(path)
    )
    diff = "".join(line if line.endswith("\n") else f"{line}\n" for line in lines)
    return Planned(WriteFile(path, after, diff=diff), _title(f"write {path}"), diff)


def _write(given: dict[str, Any], cwd: Path) -> Planned:
    _only(given, ["file_path", "content"])
    path = _path(given["file_path"], cwd)
    return _written(path, _before(path), given["content"])


def _replaced(text: str, edit: Mapping[str, Any]) -> str:
    _only(edit, ["old_string", "new_string"], ["replace_all"])
    old, new = edit["old_string"], edit["new_string"]
    if not old:
        if text:
            raise Unknown
        return str(new)
    if old not in text:
        # The agent's own tool will say so; until then nothing is known of what it does.
        raise Unknown
    return text.replace(old, new) if edit.get("replace_all") else text.replace(old, new, 1)


def _edit(given: dict[str, Any], cwd: Path) -> Planned:
    _only(given, ["file_path", "old_string", "new_string"], ["replace_all"])
    path = _path(given.pop("file_path"), cwd)
    before = _before(path)
    return _written(path, before, _replaced(before, given))


def _multi_edit(given: dict[str, Any], cwd: Path) -> Planned:
    _only(given, ["file_path"], ["edits"])
    edits = given.get("edits")
    if not isinstance(edits, list) or not edits:
        raise Unknown
    path = _path(given["file_path"], cwd)
    before = after = _before(path)
    for edit in edits:
        if not isinstance(edit, Mapping):
            raise Unknown
        after = _replaced(after, edit)
    return _written(path, before, after)


def _notebook(given: dict[str, Any], cwd: Path) -> Planned:
    _only(given, ["notebook_path", "new_source"], ["cell_id", "cell_type", "edit_mode"])
    path = _path(given["notebook_path"], cwd)
    source = given["new_source"]
    diff = "".join(f"+{line}\n" for line in source.splitlines())
    return Planned(WriteFile(path, source, diff=diff), _title(f"change a cell of {path}"), diff)


def _read(given: dict[str, Any], cwd: Path) -> Planned:
    _only(given, ["file_path"], ["offset", "limit", "pages", "allow_large"])
    path = _path(given["file_path"], cwd)
    return Planned(ReadFile(path), _title(f"read {path}"))


_GREP = ("glob", "output_mode", "-B", "-A", "-C", "context", "-n", "-i", "-o", "type", "head_limit")


def _search(given: dict[str, Any], cwd: Path) -> Planned:
    _only(given, ["pattern"], ["path", *_GREP, "offset", "multiline"])
    path = given.get("path", ".")
    if not isinstance(path, str):
        raise Unknown
    return _looked_at(given["pattern"], path, given.get("glob", ""), cwd)


def _glob(given: dict[str, Any], cwd: Path) -> Planned:
    _only(given, ["pattern"], ["path"])
    path = given.get("path", ".")
    if not isinstance(path, str):
        raise Unknown
    return _looked_at(None, path, given["pattern"], cwd)


_FILES = re.compile(r"[\w*/.\-]*(\{[\w,\-]+\})?")
"""Patterns of files whose meaning is known: stars, and at most one choice at the end."""


def _looked_at(pattern: str | None, path: str, glob: object, cwd: Path) -> Planned:
    """A search below a directory: of what files hold by `pattern`, of their names without.

    A pattern of files may lead out of it, or to credentials in it. Whoever reads all that a home
    directory holds reads those as well.
    """
    if not isinstance(glob, str) or ".." in glob or glob.startswith(("/", "~")):
        raise Unknown
    if not (known := _FILES.fullmatch(glob)):
        raise Unknown
    found = _path(path or ".", cwd)
    if pattern is None:
        return Planned(ReadFile(found), _title(f"search {glob} in {found}"))
    if Path.home().is_relative_to(found):
        raise Unknown
    named = glob.removesuffix(known[1] or "")
    place = found / named if named.strip("*/") else found
    return Planned(ReadFile(place), _title(f"search {pattern} in {found}"))


def _listed(given: dict[str, Any], cwd: Path) -> Planned:
    _only(given, ["path"], ["ignore"])
    path = _path(given["path"], cwd)
    return Planned(ReadFile(path), _title(f"list {path}"))


_PATCH = re.compile(r"\*\*\* (?:(Add|Update|Delete) File|Move to): (.+)")
_PATCH_REST = re.compile(r"\*\*\* End of File|(?!\s*\*\*\*)[ +\-@].*|[ \t]*")
"""What stands in a patch beside the names of its files. Codex looks for those behind spaces too."""


def _patch(text: str, cwd: Path) -> Planned:
    """A patch in the form of Codex's `apply_patch`.

    Lines are those that begin with `***`, a space, `+`, `-` or `@`; the names of all files stand
    in lines of their own.

    Raises:
        Unknown: another line is in it, or no file.
    """
    paths: list[str] = []
    removed: list[str] = []
    first, *body, last = text.strip().split("\n")
    if (first, last) != ("*** Begin Patch", "*** End Patch"):
        raise Unknown
    if text.count("\n***") > MAX_PATCHED:
        raise Unknown
    for line in (each.removesuffix("\r") for each in body):
        found = _PATCH.fullmatch(line)
        if found is not None:
            path = str(_path(found[2].strip(), cwd))
            if found[1] == "Delete":
                removed.append(path)
            else:
                paths.append(path)
        elif not _PATCH_REST.fullmatch(line):
            raise Unknown
    if not paths and not removed:
        raise Unknown
    names = ", ".join(Path(each).name for each in (*paths, *removed))
    return Planned(PatchFiles(tuple(paths), tuple(removed), text), _title(f"patch {names}"), text)


def _apply_patch(given: dict[str, Any], cwd: Path) -> Planned:
    _only(given, ["command"], ["description"])
    return _patch(given["command"], cwd)


# The web -----------------------------------------------------------------------------------------


def _web_fetch(given: dict[str, Any], cwd: Path) -> Planned:
    _only(given, ["url"], ["prompt", "offset", "format", "timeout"])
    return Planned(FetchUrl(given["url"]), _title(f"read {given['url']}"))


def _web_search(given: dict[str, Any], cwd: Path) -> Planned:
    _only(given, ["query"], ["allowed_domains", "blocked_domains"])
    return Planned(SearchWeb(given["query"]), _title(f"search {given['query']}"))


# OpenCode ----------------------------------------------------------------------------------------


def _parts(given: Mapping[str, Any]) -> tuple[list[str], dict[str, Any]]:
    patterns, metadata = given.get("patterns"), given.get("metadata")
    if not isinstance(patterns, list) or not isinstance(metadata, Mapping):
        raise Unknown
    if not all(isinstance(each, str) for each in patterns):
        raise Unknown
    return patterns, dict(metadata)


def _opencode_bash(given: dict[str, Any], cwd: Path) -> Planned:
    """A command; where it runs stands in what the tool was called with, and nowhere else."""
    _, metadata = _parts(given)
    args = given.get("args")
    if not isinstance(args, Mapping):
        raise Unknown
    _only(args, ["command"], ["workdir", "timeout", "description"])
    if metadata.get("command") != args["command"]:
        raise Unknown
    where = args.get("workdir") or "."
    if not isinstance(where, str):
        raise Unknown
    return replace(_command(args["command"]), cwd=_path(where, cwd))


def _opencode_edit(given: dict[str, Any], cwd: Path) -> Planned:
    patterns, metadata = _parts(given)
    _only(metadata, ["filepath", "diff"], ["files"])
    diff, files = metadata["diff"], metadata.get("files")
    if files is None:
        path = _path(metadata["filepath"], cwd)
        return Planned(WriteFile(path, diff, diff=diff), _title(f"write {path}"), diff)
    paths: list[str] = []
    removed: list[str] = []
    for each in files if isinstance(files, list) else ():
        if not isinstance(each, Mapping):
            raise Unknown
        file = str(_path(str(each.get("filePath", "")), cwd))
        (removed if each.get("type") == "delete" else paths).append(file)
        if each.get("movePath") is not None:
            paths.append(str(_path(str(each["movePath"]), cwd)))
    if len(paths) + len(removed) < max(1, len(patterns)):
        raise Unknown
    title = _title(f"patch {', '.join(patterns)}")
    return Planned(PatchFiles(tuple(paths), tuple(removed), diff), title, diff)


def _opencode_read(given: dict[str, Any], cwd: Path) -> Planned:
    patterns, metadata = _parts(given)
    if metadata or len(patterns) != 1 or patterns[0].startswith("mcp:"):
        raise Unknown
    path = _path(patterns[0], cwd)
    return Planned(ReadFile(path), _title(f"read {path}"))


def _opencode_search(given: dict[str, Any], cwd: Path) -> Planned:
    _, metadata = _parts(given)
    _only(metadata, ["pattern"], ["path", "include"])
    path = metadata.get("path") or "."
    if not isinstance(path, str):
        raise Unknown
    return _looked_at(metadata["pattern"], path, metadata.get("include") or "", cwd)


def _opencode_glob(given: dict[str, Any], cwd: Path) -> Planned:
    _, metadata = _parts(given)
    _only(metadata, ["pattern"], ["path"])
    path = metadata.get("path") or "."
    if not isinstance(path, str):
        raise Unknown
    return _looked_at(None, path, metadata["pattern"], cwd)


def _opencode_fetch(given: dict[str, Any], cwd: Path) -> Planned:
    return _web_fetch(_parts(given)[1], cwd)


Make = Callable[[dict[str, Any], Path], Planned]

_TOOLS: dict[str, Make] = {
    # Claude Code, and Codex's Bash
    "Bash": _bash,
    "Monitor": _monitor,
    "Write": _write,
    "Edit": _edit,
    "MultiEdit": _multi_edit,
    "NotebookEdit": _notebook,
    "Read": _read,
    "Grep": _search,
    "Glob": _glob,
    "LS": _listed,
    "WebFetch": _web_fetch,
    "WebSearch": _web_search,
    # Codex
    "apply_patch": _apply_patch,
    # OpenCode's permissions
    "opencode.bash": _opencode_bash,
    "opencode.external_directory": _opencode_bash,
    "opencode.edit": _opencode_edit,
    "opencode.read": _opencode_read,
    "opencode.grep": _opencode_search,
    "opencode.glob": _opencode_glob,
    "opencode.webfetch": _opencode_fetch,
}
