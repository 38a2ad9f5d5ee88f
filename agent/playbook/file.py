"""Reading a playbook: YAML in which every scalar is the text that stands there, with line numbers.

No scalar is guessed at: `run: yes` runs `yes`, `type: 010` types `010`. Aliases are refused, since
they make small files huge, and so is a key that is given twice.
"""

from __future__ import annotations

import os
import select
import stat
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from agent.errors import AgentError
from agent.playbook.steps import MAX_STEPS, VERBS, AnyStep

MAX_BYTES = 256 * 1024
"""Longest playbook that is read; a thousand steps have a tenth of it."""

PIPE_SECONDS = 5.0
"""How long to wait for the next piece of a playbook that comes through a pipe or a terminal."""

MAX_DEPTH = 20
"""Most mappings and lists in each other; a playbook has six."""

NEAR = 0.5
"""Least similarity of a misspelt word to the one that is suggested."""

_KNOWN = ("about", "name", "steps")

Place = tuple[str | int, ...]


class PlaybookError(AgentError):
    """A playbook cannot be used; `lines` holds one line per fault, `str()` is the first."""

    def __init__(self, lines: Sequence[str]) -> None:
        self.lines = tuple(lines)
        more = len(self.lines) - 1
        super().__init__(self.lines[0] + (f" (and {more} more)" if more else ""))


@dataclass(frozen=True, slots=True)
class Playbook:
    """A playbook that can be played.

    Attributes:
        name: what to call the session.
        about: what it is for.
        steps: in order.
        lines: the line of each step in the file, from 1.
    """

    name: str
    about: str
    steps: tuple[AnyStep, ...]
    lines: tuple[int, ...]


def read(path: Path) -> str:
    """Read a playbook's text.

    Raises:
        PlaybookError: there is none, or it is no text.
    """
    try:
        content = _content(path)
        text = content.decode("utf-8-sig")
    except FileNotFoundError as error:
        raise PlaybookError([f"{path}: there is no such file"]) from error
    except OSError as error:
        raise PlaybookError([f"{path}: cannot be read ({error.strerror})"]) from error
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise PlaybookError([f"{path}:{line}: is not UTF-8: save the file as UTF-8"]) from error
    if len(content) > MAX_BYTES:
        raise PlaybookError([f"{path}: is longer than {MAX_BYTES} bytes: is it the right file?"])
    return text


def _content(path: Path) -> bytes:
    """Read at most a byte more than allowed; a pipe that nobody writes to holds nothing up."""
    content = b""
    # Opening a pipe would wait for its writer.
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        waits = not stat.S_ISREG(os.fstat(descriptor).st_mode)
        while len(content) <= MAX_BYTES:
            if waits and not select.select([descriptor], [], [], PIPE_SECONDS)[0]:
                raise PlaybookError(
                    [f"{path}: nothing came from it for {PIPE_SECONDS:g} s: is it the right file?"]
                )
            piece = os.read(descriptor, MAX_BYTES + 1 - len(content))
            if not piece:
                break
            content += piece
    finally:
        os.close(descriptor)
    return content


def parse(text: str, shown: str) -> Playbook:
    """Check a playbook.

    Args:
        text: YAML.
        shown: the file's name in errors.

    Raises:
        PlaybookError: `FILE:LINE: what is expected (what was found)`, one line per fault.
    """
    reading = _Reading(shown)
    value = reading.load(text)
    if not isinstance(value, dict):
        raise PlaybookError([f"{shown}:1: a playbook is a mapping with a list of steps"])
    for key in value:
        if key not in _KNOWN:
            reading.fault((key,), f"there is no {key!r} in a playbook: {_hint(key, _KNOWN)}")
    for key in ("name", "about"):
        if not isinstance(value.get(key, ""), str):
            reading.fault((key,), f"{key} must be a text")
    given = value.get("steps")
    if not isinstance(given, list) or not given:
        reading.fault(("steps",), "steps must be a list of at least one step, each on a `- ` line")
        given = []
    if len(given) > MAX_STEPS:
        reading.fault(("steps",), f"a playbook has at most {MAX_STEPS} steps (found {len(given)})")
        given = []
    steps = [_step(each, ("steps", number), reading) for number, each in enumerate(given)]
    _check_panes(steps, reading)
    if reading.faults:
        raise PlaybookError([text for _, text in sorted(reading.faults)])
    return Playbook(
        str(value.get("name", "")),
        str(value.get("about", "")),
        tuple(step for step in steps if step is not None),
        tuple(reading.line(("steps", number)) for number in range(len(steps))),
    )


class _Reading:
    """One text: its values, where each stands, and what is wrong with them."""

    def __init__(self, shown: str) -> None:
        self.faults: list[tuple[int, str]] = []
        self._shown = shown
        self._lines: dict[Place, int] = {}

    def fault(self, place: Place, text: str) -> None:
        """Note what is wrong at a place."""
        line = self.line(place)
        self.faults.append((line, f"{self._shown}:{line}: {text}"))

    def line(self, place: Place) -> int:
        """The line of a place, or of the nearest thing around it."""
        while place and place not in self._lines:
            place = place[:-1]
        return self._lines.get(place, 1)

    def load(self, text: str) -> Any:
        """Read YAML as mappings, lists and texts."""
        try:
            self._check_shape(text)
            node = yaml.compose(text, Loader=yaml.SafeLoader)
            return None if node is None else self._value(node, ())
        except yaml.MarkedYAMLError as error:
            line = _line_of(error.problem_mark or error.context_mark)
            problem = " ".join(filter(None, (error.context, error.problem)))
            raise PlaybookError([f"{self._shown}:{line}: is not valid YAML: {problem}"]) from error
        except yaml.reader.ReaderError as error:
            line = text.count("\n", 0, error.position) + 1
            raise PlaybookError(
                [f"{self._shown}:{line}: holds a character that YAML forbids: write it as a key"]
            ) from error
        except yaml.YAMLError as error:
            raise PlaybookError([f"{self._shown}:1: is not valid YAML: {error}"]) from error

    def _check_shape(self, text: str) -> None:
        """Refuse what makes a small file huge, or takes YAML's reader very long."""
        depth = 0
        for event in yaml.parse(text, Loader=yaml.SafeLoader):
            line = _line_of(event.start_mark)
            if isinstance(event, yaml.AliasEvent):
                raise PlaybookError([f"{self._shown}:{line}: aliases (*name) are not allowed"])
            depth += isinstance(event, yaml.CollectionStartEvent)
            depth -= isinstance(event, yaml.CollectionEndEvent)
            if depth > MAX_DEPTH:
                raise PlaybookError([f"{self._shown}:{line}: is nested too deeply"])

    def _value(self, node: yaml.Node, place: Place) -> Any:
        self._lines.setdefault(place, node.start_mark.line + 1)
        if isinstance(node, yaml.ScalarNode):
            return node.value
        if isinstance(node, yaml.SequenceNode):
            return [self._value(item, (*place, index)) for index, item in enumerate(node.value)]
        found: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key = key_node.value if isinstance(key_node, yaml.ScalarNode) else "?"
            where = (*place, key)
            self._lines[where] = key_node.start_mark.line + 1
            if key in found:
                self.fault(where, f"{key!r} is given twice")
            found[key] = self._value(value_node, where)
        return found


def _line_of(mark: Any) -> int:
    """A line, from 1, from what PyYAML knows of a place; it may know nothing."""
    return 1 if mark is None else int(mark.line) + 1


def _step(value: Any, place: Place, reading: _Reading) -> AnyStep | None:
    words = ", ".join(VERBS)
    if not isinstance(value, dict):
        reading.fault(place, f"a step begins with one of {words} and a colon (found {value!r})")
        return None
    verbs = [verb for verb in VERBS if verb in value]
    if verbs == ["type", "press"]:
        verbs = ["type"]
    if not verbs:
        first = next(iter(value), "nothing")
        hint = _nearest(str(first), tuple(VERBS))
        meant = f': did you mean "{hint}"?' if hint else ""
        reading.fault(place, f"a step begins with one of {words} (found {first!r}){meant}")
        return None
    if len(verbs) > 1:
        reading.fault(place, f"one step does one thing: make two of {' and '.join(verbs)}")
        return None
    model = VERBS[verbs[0]]
    try:
        return model.model_validate(value)
    except ValidationError as error:
        said: set[Place] = set()
        for fault in error.errors(include_url=False):
            where = _real(value, fault["loc"])
            if where and where[0] in _ALTERNATIVES:
                # The other alternatives failed as well, each for reasons of its own.
                where = where[: 2 if where[0] == "type" else 1]
                if where[:1] in {each[:1] for each in said}:
                    continue
            if where not in said:
                said.add(where)
                reading.fault((*place, *where), _words(fault, where, model, verbs[0]))
    return None


def _real(value: Any, location: Sequence[str | int]) -> Place:
    """The part of an error's location that is in the file; the rest names alternatives."""
    place: list[str | int] = []
    for part in location:
        keyed = isinstance(value, dict) and part in value
        numbered = isinstance(value, list) and isinstance(part, int) and part < len(value)
        if keyed or numbered:
            value = value[part]
            place.append(part)
    return tuple(place)


_ALTERNATIVES = frozenset({"expect", "status", "type", "wait"})

_EXPECTED = {
    "wait": "prompt, exit, {text: …} or {idle: SECONDS}",
    "expect": "a text, {text: …} or {absent: …}",
    "type": "a text, or a list of texts and {press: KEY}",
    "status": "an exit status from 0 to 255, or any",
    "timeout": "seconds, more than 0 and at most 3600",
    "idle": "seconds, more than 0 and at most 60",
    "pane": "a name of letters, digits, _ . -",
    "open": "a name of letters, digits, _ . -",
    "close": "the name of a pane",
    "screenshot": "a name of letters, digits, _ . -",
}


def _words(fault: Any, where: Place, model: type[AnyStep], verb: str) -> str:
    name = next((str(part) for part in reversed(where) if isinstance(part, str)), verb)
    found = fault["input"]
    shown = f" (found {str(found)[:60]!r})" if isinstance(found, str) else ""
    if fault["type"] == "extra_forbidden" and name == str(fault["loc"][-1]):
        known = tuple(model.model_fields)
        return f"{verb} has no {name!r} beside it: {_hint(name, known)}"
    if fault["type"] == "value_error" and name not in ("wait", "expect"):
        return f"{name} {fault['ctx']['error']}"
    if name in _EXPECTED:
        return f"{name} must be {_EXPECTED[name]}{shown}"
    return f"{name}: {fault['msg'][:1].lower()}{fault['msg'][1:]}{shown}"


def _check_panes(steps: Sequence[AnyStep | None], reading: _Reading) -> None:
    """A pane must be opened before it is named, and not twice."""
    opened: set[str] = set()
    for number, step in enumerate(steps):
        name = getattr(step, "open", None)
        if name in opened:
            reading.fault(("steps", number, "open"), f"the pane {name!r} is open already")
        if name is not None:
            opened.add(name)
        for field in ("pane", "close"):
            named = getattr(step, field, None)
            if named is not None and named not in opened:
                reading.fault(
                    ("steps", number, field), f"no step before this one opens a pane {named!r}"
                )
        opened.discard(getattr(step, "close", ""))


def _nearest(word: str, known: Sequence[str]) -> str:
    from rapidfuzz.distance import OSA

    score, best = max((OSA.normalized_similarity(word, each), each) for each in known)
    return best if score >= NEAR else ""


def _hint(word: str, known: Sequence[str]) -> str:
    near = _nearest(word, known)
    return f'did you mean "{near}"?' if near else f"known are {', '.join(known)}"
