"""Files of options: `curl -K FILE`, `.curlrc`, `wget --config`, `.wgetrc`."""

from __future__ import annotations

import os
import re
from pathlib import Path

from agent.risk.commands.script_files import read_script
from agent.risk.evaluation.call import Call
from agent.risk.evaluation.findings import shown
from agent.risk.paths import Zone
from agent.risk.shell.syntax import UNKNOWN

_CURL_LINE = re.compile(r"[ \t]*(-?-?[\w-]+(?:\.\w+)?)[ \t]*[:=]?[ \t]*(.*)")
_ESCAPED = re.compile(r"\\(.)")


def settings_file(call: Call, path: str, *, named: bool) -> None:
    """`curl -K FILE`, `.curlrc`, `.wgetrc`: what is set there are options like any other.

    One that the agent wrote is HIGH, and so is one that is there and cannot be read, or that a
    command before this one may make.

    Args:
        call: the command.
        path: the file.
        named: it is said to be used; otherwise only if it is there.
    """
    evaluator = call.evaluator
    place = call.place(path)
    known = place.path in evaluator.files
    written = known or Path(place.path) in evaluator.context.written
    if written:
        call.high("takes its options from a file that the agent wrote", f"uses {shown(path)}")
    elif named and (path == "-" or place.zone is not Zone.PROJECT or UNKNOWN in place.path):
        call.high("takes its options from a file")
    elif not named and f"{evaluator.ground.home}/" in place.path and (
        place.zone in (Zone.HOME, Zone.OUTSIDE)
    ):  # fmt: skip
        # What stands in the person's own home is the person's.
        return
    if named:
        call.reads(path)
    content = evaluator.files[place.path] if known else None
    if content is None and not known and UNKNOWN not in place.path:
        found = read_script(place.path, evaluator.digests)
        if not isinstance(found, str):
            there = found is not None or os.path.lexists(place.path)
            if there or (named and evaluator.commands > 1):
                call.high("takes its options from a file that cannot be read")
            elif named:
                call.medium("takes its options from a file that is not there")
            return
        content = found
    key = f"options:{place.path}"
    if content is None or key in evaluator.reading:
        return
    evaluator.reading.add(key)
    try:
        if call.argv[0].rpartition("/")[2].startswith("wget"):
            lines = (line for line in content.splitlines() if line.strip()[:1] not in ("", "#"))
            call.run(["wget", *(word for line in lines for word in ("-e", line))])
        else:
            call.run(["curl", "-q", *_curl_words(content)])
    finally:
        evaluator.reading.discard(key)


def _curl_words(content: str) -> list[str]:
    """Words of a command line that says what a file of curl options says."""
    words: list[str] = []
    for line in content.splitlines():
        match = _CURL_LINE.match(line)
        if match is None or line.lstrip()[:1] == "#":
            continue
        name, text = match[1], match[2].strip()
        words.append(name if name[:1] == "-" else f"--{name}")
        if text[:1] == '"':
            closed = re.match(r'"((?:\\.|[^"\\])*)"?', text)
            words.append(_ESCAPED.sub(r"\1", closed[1]) if closed else text)
        elif text:
            words.append(text.split()[0])
    return words


def curl_settings(call: Call) -> list[str]:
    """Where curl looks for its `.curlrc`, as far as variables of this shell say."""
    variables = call.evaluator.state.variables
    found = [f"{home}/.curlrc" for home in variables.get("CURL_HOME") or ()]
    for home in variables.get("XDG_CONFIG_HOME") or ():
        found += [f"{home}/curlrc", f"{home}/.curlrc"]
    touched = call.evaluator.files or call.evaluator.context.written
    for home in variables.get("HOME") or ():
        if home == call.evaluator.ground.home and not touched:
            continue
        found += [f"{home}/.curlrc", f"{home}/.config/curlrc"]
    return found
