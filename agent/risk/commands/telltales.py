"""Judges programs whose words say by themselves that secrets are shown or the network let in."""

from __future__ import annotations

import re

from agent.risk.evaluation.call import Call
from agent.risk.evaluation.findings import shown
from agent.risk.path_patterns import KEY_NAME, NOT_SECRET, OTHER_HOME, SECRET_HOME
from agent.risk.programs.telltales import LETS_IN, SHOWS_SECRETS

TELLTALES = frozenset([*SHOWS_SECRETS, *LETS_IN, "docker", "podman"])
"""Programs that `telltales` has something to say of."""

MAX_END = 2_000
"""Characters of the words that are looked at, from either end."""

_OF_CONTAINER = re.compile(r"[\w.-]+:(/\S*)")


def telltales(call: Call, program: str) -> None:
    """Raise a command to HIGH when its words are among those of the tables."""
    text = " ".join(call.argv[1:])
    if len(text) > 2 * MAX_END:
        text = f"{text[:MAX_END]} {text[-MAX_END:]}"
    shows, lets_in = SHOWS_SECRETS.get(program), LETS_IN.get(program)
    if shows is not None and shows.match(text):
        call.high("reads credentials or keys", f"{program} {shown(text)}")
    if lets_in is not None and lets_in.match(text):
        call.high("opens a port to whoever connects", f"{program} {shown(text)}")
    if program in ("docker", "podman") and "cp" in call.argv[1:3]:
        for word in call.argv[2:]:
            match = _OF_CONTAINER.fullmatch(word)
            if match is not None and _secret_there(match[1]):
                call.high("copies credentials or keys", f"copies {shown(word)}")


def _secret_there(path: str) -> bool:
    """A path inside a container that is secret, whoever's home it lies in."""
    if NOT_SECRET.search(path):
        return False
    home = OTHER_HOME.match(path)
    return KEY_NAME.match(path, path.rfind("/") + 1) is not None or (
        home is not None and SECRET_HOME.match(path[home.end() :]) is not None
    )
