"""Short words for times, risks and actions, the same wherever something waits."""

from __future__ import annotations

from tungsten.duration import duration as duration

ACTIONS = {
    "run_command": "run a command",
    "type_keys": "type keys into a terminal",
    "write_file": "write a file",
    "read_file": "read a file",
    "open_pane": "open another terminal",
    "close_pane": "close a terminal",
    "read_screen": "look at a terminal",
    "start_worker": "start a worker",
    "message_worker": "tell a worker something",
    "stop_worker": "stop a worker",
    "remove_worktree": "remove a git work tree",
    "remember": "remember something",
    "search_memory": "look up what was remembered",
    "patch_files": "change files",
    "fetch_url": "read a page of the web",
    "search_web": "search the web",
    "call_tool": "use a tool",
    "allow_dialog": "do what its dialog asks",
    "answer_dialog": "have its dialog answered",
}


def action_words(action: str) -> str:
    """Say what kind of action it is, to follow `wants to`."""
    return ACTIONS.get(action, action.replace("_", " "))


def next_duration_change(seconds: float) -> float:
    """Say in how many seconds `duration(seconds)` will read differently."""
    past = max(0.0, seconds)
    unit = 1.0 if past < 60 else 60.0 if past < 86_400 else 86_400.0
    return max(0.0, -seconds) + unit - past % unit


def short_path(path: str, home: str) -> str:
    """Write the home directory as `~`."""
    if home and home != "/" and (path == home or path.startswith(home + "/")):
        return "~" + path[len(home) :]
    return path
