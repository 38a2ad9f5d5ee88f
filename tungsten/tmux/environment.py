"""The environment that programs in panes get: the person's, without secrets and outer tmux."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

_SECRET = re.compile(
    r"(?i)(?:^|_)(?:api_?key|access_?key(?:_id)?|secret(?:_?key)?|token|passw(?:or)?d|passphrase|"
    r"credentials?|private_?key|auth_?token|session_?key|pat)(?:$|_)"
)
_OWNED = re.compile(
    r"(?:TMUX|TUNGSTEN_|ANTHROPIC_|OPENAI_|AWS_|AZURE_|GOOGLE_APPLICATION_|STY$|LINES$|COLUMNS$|"
    r"TERM$|TERMCAP$|PROMPT_COMMAND$|PS[0124]$|BASH_ENV$|ENV$|_$)"
)

MARKER = "TUNGSTEN_PANE"
"""Set to 1 in every pane: what runs there is an agent's, or typed beside one."""

TERMINFO = tuple(
    Path(directory)
    for directory in (
        "/etc/terminfo",
        "/lib/terminfo",
        "/usr/share/terminfo",
        "/usr/lib/terminfo",
        "/usr/local/share/terminfo",
        "/opt/homebrew/share/terminfo",
    )
)
"""Where systems keep terminal descriptions (terminfo(5))."""


HISTORIES = {
    "LESSHISTFILE": "-",
    "NODE_REPL_HISTORY": "",
}
"""What programs are told to keep no history by: less(1), node(1).

Others know no word for "none", and `/dev/null` is no answer: some rename a new file over the name
they are given, which as root takes `/dev/null` away from the whole machine (mysql(1)). Python
before 3.13 knows no such variable: what is typed at its prompt stays in ~/.python_history.
"""


def is_secret(name: str) -> bool:
    """Say whether a variable's name promises a key, token or password."""
    return _SECRET.search(name) is not None


def scrub(environment: Mapping[str, str]) -> dict[str, str]:
    """Copy an environment for panes; `SSH_AUTH_SOCK` stays, without it git over ssh would not.

    What agents do gets into no history of the person's.
    """
    kept = {
        name: value
        for name, value in environment.items()
        if not _OWNED.match(name) and not is_secret(name) and "\0" not in value
    }
    kept[MARKER] = "1"
    return kept | HISTORIES


def terminal_name(home: Path | None = None) -> str:
    """Choose TERM for panes: tmux's own, or screen's where the system does not know tmux's."""
    places = TERMINFO if home is None else (home / ".terminfo", *TERMINFO)
    for place in places:
        if (place / "t" / "tmux-256color").exists() or (place / "74" / "tmux-256color").exists():
            return "tmux-256color"
    return "screen-256color"
