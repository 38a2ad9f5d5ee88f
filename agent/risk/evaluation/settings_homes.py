"""Variables that tell programs where to look for their settings, plug-ins and code.

What an agent has put there, before or afterwards, is what these programs do from then on.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from agent.risk import programs
from agent.risk.evaluation.call import Call
from agent.risk.evaluation.names import known_programs
from agent.risk.path_patterns import STARTUP_HOME, TEMPORARY
from agent.risk.paths import Zone
from agent.risk.shell.syntax import UNKNOWN

_NAMED = re.compile(
    r"([A-Z][A-Z0-9]*)_(?:CONFIG(?:_?(?:FILE|PATH|DIR|HOME))?|CONF(?:_?(?:FILE|DIR|PATH))?|RC(?:_?(?:FILE|PATH))?|CONFDIR"
    r"|PLUGINS?(?:_(?:PATH|DIR|HOME))?|EXTENSIONS?_(?:DIR|PATH))"
)
"""`FOO_CONFIG`, `FOO_PLUGIN_DIR`: settings of the program `foo`."""
_WHOLE = {"HOME": "", "XDG_CONFIG_HOME": "/.config", "XDG_CONFIG_DIRS": "/.config"}
"""Variables below whose directory much else stands, too, and where that is below a home."""
_ANYWHERE = (*_WHOLE, "MPLCONFIGDIR")
"""Those that name the temporary directory on an everyday, so that only what is in there counts."""
_DIRECTORY = ("DIR", "HOME", "PLUGINS", "PLUGIN_PATH")
_ELSEWHERE = (Zone.TEMPORARY, Zone.OUTSIDE)
_SETTINGS = re.compile(
    r"/(?:\.[\w.-]+(?:/.*)?|[\w.-]*(?:config|conf|settings|rc|init)[\w.-]*)$", re.I
)
"""What may be settings directly in a directory that holds the project."""
_OF_GIT = re.compile(r"(?:^|/)(?:\.gitconfig|git/config)$")
"""git's own settings, which are read instead."""


def of_known_program(name: str) -> bool:
    """A variable is named after a program that is known, and tells of its settings."""
    match = _NAMED.fullmatch(name)
    return match is not None and match[1].lower() in known_programs()


def settings_home(call: Call, name: str, values: Sequence[str]) -> None:
    """Judge a variable that names a place of settings, and keep the place in mind."""
    evaluator = call.evaluator
    for piece in (piece for value in values for piece in value.split(":")):
        place = call.place(piece)
        path = place.path
        if UNKNOWN in path or not piece or path in (evaluator.ground.home, "/"):
            continue
        elsewhere = place.zone in _ELSEWHERE or f"{path}/" in TEMPORARY
        if elsewhere and name not in _ANYWHERE:
            call.high(f"{name} makes later commands take settings or code from elsewhere")
        if name in programs.SETTINGS_HOMES or name.endswith(_DIRECTORY):
            evaluator.state.homes |= {(path, name)}
    if evaluator.state.homes and evaluator.has_own():
        reads_own(call, evaluator.own_files())


def reads_own(call: Call, paths: Iterable[str]) -> None:
    """Files of the agent: do they stand where programs have been told to look for settings?"""
    from agent.risk.commands.any_settings import judge_settings

    project = call.evaluator.ground.project
    for path in paths:
        for home, name in call.evaluator.state.homes:
            if not f"{path}/".startswith(f"{home}/") or _OF_GIT.search(path):
                continue
            below = path[len(home) :]
            if name in _WHOLE and not STARTUP_HOME.match(_WHOLE[name] + below):
                continue
            if f"{project}/".startswith(f"{home}/") and not _SETTINGS.match(below):
                continue
            if name not in programs.SETTINGS_HOMES:
                judge_settings(call, path)
                continue
            call.high("has programs take their settings from what the agent made")
            return


def is_settings_home(name: str) -> bool:
    """Whether a variable names a directory of settings."""
    return name in programs.SETTINGS_HOMES or of_known_program(name)
