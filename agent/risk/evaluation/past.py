"""What the earlier lines of a shell leave behind for the next one.

Lines are read one by one, so that one that is not complete hides none of the later ones; what
follows such a line is read as its rest too, and both readings count.
"""

from __future__ import annotations

import posixpath
import re
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import replace

from agent.risk.arguments import wordlist
from agent.risk.assessment import Context
from agent.risk.evaluation.deception import deception, readable
from agent.risk.evaluation.findings import State
from agent.risk.evaluation.names import known_programs
from agent.risk.shell.scanner import scan
from agent.risk.shell.syntax import Script

MAX_KEPT = 131_072
"""Characters of earlier lines that are kept for one shell."""

MAX_CONTINUED = 50
"""Lines that are tried as the rest of one that was not complete."""

Left = tuple[State, dict[str, str | None]]

_CACHE: OrderedDict[tuple[object, ...], tuple[State, dict[str, str | None], str, int]] = (
    OrderedDict()
)
_CACHED = 16


class Past:
    """The lines of one shell that change how later ones are read.

    Attributes:
        lines: oldest first, each text once (its last occurrence).
        full: there were more than are kept.
    """

    def __init__(self) -> None:
        self._lines: dict[str, None] = {}
        self._size = 0
        self._named: set[str] = set()
        self.full = False

    @property
    def lines(self) -> tuple[str, ...]:
        """What is kept, oldest first."""
        return tuple(self._lines)

    def add(self, line: str) -> None:
        """Note a line that the shell was given."""
        if self.full or not self._matters(line):
            return
        if line in self._lines:
            del self._lines[line]
        else:
            self._size += len(line)
            if self._size > MAX_KEPT:
                self.full = True
                return
        self._lines[line] = None

    def _matters(self, line: str) -> bool:
        """Whether a line may change how later ones are read; in doubt it does."""
        if len(line) > MAX_KEPT or deception(line) is not None:
            return True
        script = scan(line)
        if script.errors or script.exhausted or script.parameters or script.coprocesses:
            return True
        if any(group.function or group.variable for group in script.groups):
            self._named.update(group.function for group in script.groups)
            return True
        return self._names(script)

    def _names(self, script: Script) -> bool:
        known = known_programs()
        for command in script.commands:
            if command.kind in ("arithmetic", "for") or (command.assigns and not command.words):
                return True
            if command.kind != "simple" or not command.words:
                continue
            words = [word.text for word in command.words]
            if words[0] is None:
                return True
            name = posixpath.basename(words[0])
            if name in ("alias", "function"):
                self._named.update(word.partition("=")[0] for word in words[1:] if word)
                self._named.update(_ALIASES.findall(script.text))
                return True
            if name in _SETTING or name in self._named or name not in known:
                return True
            if name == "git" and "remote" in words:
                return True
            if name in _GOING and any(word is None for word in words):
                return True
            if name in ("printf", "wait") and any(w is None or w[:2] in _INTO for w in words):
                return True
        return False


_ALIASES = re.compile(r"([^\s=;&|'\"]+)=")
_INTO = ("-v", "-p")
_GOING = frozenset(["cd", "pushd", "popd"])
_SETTING = frozenset(
    wordlist(
        """. source eval export declare typeset local readonly unset unalias set shopt setopt
        unsetopt read mapfile readarray getopts let trap hash enable bind complete compopt exec
        command builtin autoload zmodload emulate abbr function umask ulimit fc history"""
    )
)


def left(history: tuple[str, ...], context: Context) -> Left:
    """What a shell remembers after some lines, and the contents of files that they wrote.

    What was found for the same lines before is used again, so each new line is read once.
    """
    ground = replace(context, history=(), forgotten=False, screen="", line=None, recalls=True)
    key = (ground.cwd, ground.home, ground.project, ground.own, ground.written, ground.fetched)
    done = next((n for n in (len(history), len(history) - 1) if (*key, history[:n]) in _CACHE), 0)
    if done:
        state, files, unfinished, tries = _CACHE[(*key, history[:done])]
        state, files = state.copy(), dict(files)
    else:
        state, files, unfinished, tries = None, {}, "", 0
    state, unfinished, tries = _follow(history[done:], ground, state, files, unfinished, tries)
    state.settled = frozenset(state.aliases)
    state.unfinished = unfinished
    _CACHE[(*key, history)] = (state.copy(), dict(files), unfinished, tries)
    while len(_CACHE) > _CACHED:
        _CACHE.popitem(last=False)
    return state, files


def _follow(
    lines: Iterable[str],
    ground: Context,
    state: State | None,
    files: dict[str, str | None],
    unfinished: str,
    tries: int,
) -> tuple[State, str, int]:
    state = _read("", ground, state, files)
    for line in lines:
        text = readable(line)
        before = state.copy()
        state = _read(text, ground, state, files)
        if unfinished and tries < MAX_CONTINUED:
            whole = f"{unfinished}\n{text}"
            tries += 1
            other = _read(whole, ground, before, files)
            state.join(other)
            complete = not scan(whole).errors
            unfinished = "" if complete else whole
        elif scan(text).errors:
            unfinished, tries = text, 0
    return state, unfinished, tries


def _read(text: str, ground: Context, state: State | None, files: dict[str, str | None]) -> State:
    from agent.risk.evaluate import Evaluator

    evaluator = Evaluator(ground)
    if state is not None:
        evaluator.state = state.copy()
        evaluator.state.unfinished = ""
        evaluator.expander.variables = evaluator.state.variables
    evaluator.files.update(files)
    evaluator.writings.extend(files)
    evaluator.run(text)
    files.update(evaluator.files)
    return evaluator.state
