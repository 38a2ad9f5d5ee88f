"""Where the world now says something else than a memory.

A memory drifts only if it says what holds now: prohibitions, plans, dated events and bounds agree
with any state of the world. What no evidence speaks of is not doubted.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, TypeAlias

from memory.dream.orient import Doer, Event, Evidence, Memory, ProjectState
from memory.dream.reading import PATH, Reading, words
from memory.dream.wording import ALTERNATIVES, CATEGORIES, UNITS, concept, word_set

DriftKind: TypeAlias = Literal["path", "branch", "version", "config", "command", "behaviour"]

RECENT = 60 * 86400.0
"""Seconds within which behaviour counts as recent."""

WEIGHT: Mapping[Doer, int] = {"person": 5, "agent": 2}
"""What one event counts, by who did it."""

OCCASIONS = 2 * WEIGHT["person"]
"""What events must come to before they speak against a memory: once is an exception."""

CHECKS = 10 * WEIGHT["agent"]
"""What runs of all tests must come to before they speak against how the tests are said to run."""

SHOWN = 10
"""Events that are named as evidence, the last ones."""


@dataclass(frozen=True, slots=True)
class Drift:
    """A memory with which the evidence disagrees, and the ids of the evidence."""

    id: str
    kind: DriftKind
    evidence: tuple[str, ...]


_PATHS = re.compile(PATH)
_GENERATED = word_set(
    """
    dist build target node_modules var tmp logs log coverage out vendor .venv venv bin obj cache
    .cache artifacts .git secrets .terraform public generated data
    """
)
_HISTORY = re.compile(
    r"\b(?:was|were|has been|have been|got) (?:\w+ )?(?:merged|deleted|removed|moved|renamed"
    r"|split|replaced"
    r"|closed|dropped|abandoned|rewritten|introduced|created|fixed)\b|\bmoved (?:from|to)\b"
    r"|\brenamed\b"
    r"|\bno longer\b|\bused to\b|\bformerly\b|\bpreviously\b|\bbefore the\b|\bis gone\b|\bare"
    r" gone\b"
    r"|\breplaced\b|\bmigrated\b|\bswitched\b|\bupgraded\b|\bcame from\b",
    re.IGNORECASE,
)


def drifts(
    memories: Sequence[Memory], readings: Mapping[str, Reading], evidence: Evidence
) -> list[Drift]:
    """The memories with which the evidence disagrees, one entry each.

    Args:
        memories: the live ones.
        readings: theirs, by id.
        evidence: what is known of the world.
    """
    found: list[Drift] = []
    if not evidence.projects and not evidence.events:
        return found
    ports = _ports(memories, readings)
    habits = _Habits(evidence)
    for memory in memories:
        reading = readings[memory.id]
        if reading.event or reading.plan:
            continue
        drift = None
        state = evidence.projects.get(memory.project or "")
        if state is not None and memory.scope != "user":
            drift = _state(memory, reading, state, ports)
        if drift is None:
            seen = habits.against(memory, reading) or habits.tested_otherwise(memory, reading)
            if seen:
                drift = Drift(memory.id, "behaviour", seen)
        if drift is not None and not (reading.prohibition or _HISTORY.search(memory.text)):
            found.append(drift)
    return found


def _state(
    memory: Memory,
    reading: Reading,
    state: ProjectState,
    ports: Mapping[str, Mapping[float, int]],
) -> Drift | None:
    name = memory.project or ""
    if branch := _branch(memory.text, state, name):
        return Drift(memory.id, "branch", branch)
    if path := _path(memory.text, state, name):
        return Drift(memory.id, "path", path)
    if _version(memory.text, state) and not reading.lower_bound:
        return Drift(memory.id, "version", (f"versions:{name}",))
    if _config(memory.text, reading, state, ports.get(name, {})):
        return Drift(memory.id, "config", (f"config:{name}",))
    if _command(memory.text, state):
        return Drift(memory.id, "command", (f"commands:{name}",))
    return None


# -- paths and branches


def _path(text: str, state: ProjectState, project: str) -> tuple[str, ...]:
    if not state.paths and not state.renames:
        return ()
    mentioned = [match[0].rstrip(".,/").removeprefix("./") for match in _PATHS.finditer(text)]
    branches = set(state.branches) | set(state.deleted_branches)
    gone: list[str] = []
    for path in mentioned:
        if path in branches or _exists(path, state.paths):
            continue
        renamed = [r.id for r in state.renames if _under(path, r.old) or _named(path, r.old)]
        if renamed:
            if any(r.id in renamed and (r.new in text) for r in state.renames):
                continue
            gone += renamed
        elif _belongs(path, state.paths):
            gone.append(f"paths:{project}")
    return tuple(dict.fromkeys(gone))


def _under(path: str, directory: str) -> bool:
    return path == directory.rstrip("/") or path.startswith(directory.rstrip("/") + "/")


def _named(path: str, full: str) -> bool:
    """Whether a bare file name is that of a path."""
    return "/" not in path and "." in path and posixpath.basename(full) == path


def _exists(path: str, paths: frozenset[str]) -> bool:
    if any(character in path for character in "*[]{}"):
        return True
    if path in paths:
        return True
    return path in _parts(paths)


@lru_cache(maxsize=256)
def _parts(paths: frozenset[str]) -> frozenset[str]:
    """Every directory of some paths, and every end of one: they may be named by these as well."""
    found: set[str] = set()
    for path in paths:
        names = path.split("/")
        for place in range(1, len(names)):
            found.add("/".join(names[:place]))
            found.add("/".join(names[place:]))
    return frozenset(found)


@lru_cache(maxsize=256)
def _tops(paths: frozenset[str]) -> frozenset[str]:
    return frozenset(path.partition("/")[0] for path in paths if "/" in path)


def _belongs(path: str, paths: frozenset[str]) -> bool:
    """Whether a path can only be one of this repository's sources."""
    if not paths or path.startswith(("/", "~", "..", "@", "http")) or "@" in path:
        return False
    head, _, rest = path.partition("/")
    base = posixpath.basename(path)
    if head in _GENERATED or base.startswith(".env") or base.endswith((".log", ".lock", ".env")):
        return False
    if not rest:
        # A bare file name may stand anywhere; only names that are given in full are looked for.
        return False
    if "." not in base.lstrip("."):
        return False
    return (
        head in _tops(paths)
        or re.search(r"\.(?:py|ts|tsx|js|jsx|rs|go|java|kt|rb|c|cpp|cs|swift|sql|vue|ex|tf)$", base)
        is not None
    )


_BRANCH = re.compile(
    r"\bbranch(?:es)?(?: (?:called|named|is|is called|is named|for \w+"
    r" is))? [`'\"]?([A-Za-z0-9][\w./-]*)"
    r"|(?<![\w/])(?=([A-Za-z0-9][\w./-]*)[`'\"]? branch\b)",
    re.IGNORECASE,
)
_KNOWN_BRANCHES = word_set(
    """
    master main develop dev trunk next stable staging production
    """
)


def _branch(text: str, state: ProjectState, project: str) -> tuple[str, ...]:
    for name, identifier in state.deleted_branches.items():
        if name in state.branches:
            continue
        plain = not ("/" in name or "-" in name)
        if plain and not re.search(r"\bbranch", text, re.IGNORECASE):
            continue
        if re.search(rf"(?<![\w/.-]){re.escape(name)}(?![\w/-])", text):
            return (identifier,)
    if not state.branches:
        return ()
    for match in _BRANCH.finditer(text):
        name = (match[1] or match[2]).rstrip(".")
        if name in state.branches or name.lower() in ("a", "the"):
            continue
        if name in _KNOWN_BRANCHES or re.search(r"[\w]/[\w]", name):
            return (f"branches:{project}",)
    return ()


# -- versions, configuration, commands

_PRODUCTS = {
    "node": "node(?:\\.?js)?", "python": "(?:c?python|py)", "postgresql": "postgres(?:ql)?",
    "postgres": "postgres(?:ql)?", "go": "go(?:lang)?", "rust": "rust(?:c)?",
    "typescript": "(?:typescript|ts)", "kubernetes": "(?:kubernetes|k8s)",
    "react": "react(?:\\.?js)?",
    "vue": "vue(?:\\.?js)?", "next": "next(?:\\.?js)?", "java": "(?:java|jdk|openjdk)",
    "dotnet": "(?:dotnet|\\.net)", "ruby": "ruby", "nodejs": "node(?:\\.?js)?",
}  # fmt: skip
_NEEDS = re.compile(r"\b(?:needs?|requires?|required|necessary)\b", re.IGNORECASE)


def _version(text: str, state: ProjectState) -> bool:
    if not any(character.isdigit() for character in text):
        return False
    for product, now in state.versions.items():
        name = _PRODUCTS.get(
            product.lower(), re.escape(product).replace("_", "[ _-]").replace("\\-", "[ _-]")
        )
        stated = re.findall(
            rf"(?<![\w/.-]){name}(?:['’]s)?(?: (?:version|release|at|is|on|to|in version|pinned"
            rf" to|pinned at"
            rf"|is pinned to|is pinned at|runs?|is at|is on))*[ @=:-]{{1,2}}[v^~=]*(\d+(?:\.\d+)*)"
            r"(?!\w|\.\d|-bit| (?:ms|seconds?|minutes?|hours?|days?|times"
            r"|workers?|nodes?|instances?|MB|GB|kB|jobs?"
            r"|replicas?|shards?|threads?|pods?|processes"
            r"|cores?|containers?|services?|tests?|files?|errors?)\b)",
            text,
            re.IGNORECASE,
        )
        stated += re.findall(
            rf"\b(?:version|release|v)\s?(\d+(?:\.\d+)*) of {name}\b", text, re.IGNORECASE
        )
        if not stated:
            continue
        stated += re.findall(r"(?:,|\band\b|\bor\b|/)\s*v?(\d+(?:\.\d+)*)(?![\w.]*\w)", text)
        if any(_agrees(version, now) for version in stated):
            continue
        if _NEEDS.search(text) and _numbers(stated[0]) <= _numbers(now):
            continue
        return True
    return False


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version)[:4])


def _agrees(stated: str, now: str) -> bool:
    mine, theirs = _numbers(stated), _numbers(now)
    return bool(theirs) and mine[: len(theirs)] == theirs[: len(mine)]


def _config(text: str, reading: Reading, state: ProjectState, ports: Mapping[float, int]) -> bool:
    by_key: dict[str, dict[str, str]] = {}
    for key, value in state.config.items():
        name, _, where = key.partition(".")
        if where and concept(where.lower()) in CATEGORIES:
            by_key.setdefault(name, {})[concept(where.lower())] = value
        else:
            by_key.setdefault(key, {})[""] = value
    for key, values in by_key.items():
        literal = (
            key in text and re.search(rf"(?<![\w.]){re.escape(key)}(?![\w])", text) is not None
        )
        places = {where for where in reading.qualifiers if where in values}
        asked = [values[where] for where in sorted(places)] or (
            [values[""]] if "" in values else list(values.values())
        )
        if "" not in values and not places and reading.qualifiers:
            continue
        stated = _stated(text, key, literal=literal, reading=reading, ports=ports, values=values)
        if stated is not None and not any(_equal(stated, value, key) for value in asked):
            return True
    return False


_SET_TO = (
    r"[`'\"]?\s*(?:is|are|=|:|was|stands at|defaults to|equals|to|at|of)?\s*(?:now |currently "
    r"|set |configured |fixed "
    r"|pinned |capped |limited )*(?:to |at |as )?[`'\"]?"
    r"(?P<value>-?\d[\d,_.]*(?:\s?[a-zA-Z%]+)?|[A-Za-z][\w.:/-]*)"
)


def _stated(
    text: str,
    key: str,
    *,
    literal: bool,
    reading: Reading,
    ports: Mapping[float, int],
    values: Mapping[str, str],
) -> str | None:
    """What a memory says the value of a key is, None if it does not speak of it."""
    if literal:
        match = re.search(re.escape(key) + _SET_TO, text)
        if match is None:
            return None
        value = match["value"].rstrip(".,")
        if re.match(r"\d", value) or any(
            not re.match(r"[\d.]+$", item) for item in values.values()
        ):
            known = re.match(r"\d", value) or _SETTABLE.match(value) or value.isupper()
            if known or re.search(r"\b(?:is|=|set to)\s*[`'\"]?" + re.escape(value), text):
                return None if value.lower() in _NO_VALUE else value
        return None
    parts, unit, names = _named_parts(key)
    numbers = [
        token for token in reading.tokens if token.kind == "number" and token.value is not None
    ]
    if names == ("port",):
        return _main_port(reading, numbers, ports, next(iter(values.values())))
    if (len(names) < 2 and not unit) or not names:
        return None
    if names and names[-1] == "port":
        numbers = [token for token in numbers if not token.unit]
    spoken = reading.keys | words(text)
    if not all(name in spoken for name in names):
        return None
    said = re.search(
        r"\b" + r"\W+".join(map(re.escape, parts)) + r"\b" + _SET_TO, text, re.IGNORECASE
    )
    if said is not None and _SETTABLE.match(said["value"].rstrip(".,")):
        return said["value"].rstrip(".,")
    others = [
        t for t in reading.tokens if t.kind != "number" and not t.light and t.key not in names
    ]
    others = [token for token in others if token.key not in reading.qualifiers]
    if unit:
        numbers = [token for token in numbers if token.unit == UNITS[unit][0]]
        if len(numbers) == 1 and numbers[0].value is not None and len(others) <= 1:
            return f"{numbers[0].value:.6f} base"
        return None
    # Only a sentence that is about nothing else speaks of the key.
    if len(numbers) == 1 and not numbers[0].unit and len(names) >= 2 and not others:
        return f"{numbers[0].value:g}"
    return None


@lru_cache(maxsize=4096)
def _named_parts(key: str) -> tuple[tuple[str, ...], str, tuple[str, ...]]:
    """A key's words, the unit among them, and the others as concepts."""
    parts = tuple(part for part in re.split(r"[_\s.-]+", key.lower()) if part)
    unit = next((part for part in parts if part in UNITS and part not in ("b", "day")), "")
    return parts, unit, tuple(concept(part) for part in parts if part != unit)


_NO_VALUE = word_set(
    """
    a an the read in on at by for not only required used from set missing defined needed what
    where how optional mandatory stored documented never always
    """
)  # fmt: skip
_SETTABLE = re.compile(
    r"(?:true|false|on|off|enabled|disabled|yes|no|debug|info|warn|warning|error|trace|none|auto)$",
    re.IGNORECASE,
)


_SERVERS = frozenset(
    concept(word)
    for word in word_set(
        """
        server app api dev web http https listen service gateway websocket backend port localhost
        development local application expose bind start serve available
        """
    )
)
"""What is said of a project's main port; other words mean the port of something else."""


def _main_port(
    reading: Reading, numbers: Sequence[object], ports: Mapping[float, int], value: str
) -> str | None:
    """A single port speaks of PORT only if no memory of the project names another one."""
    mine = [t for t in reading.tokens if t.kind == "number" and t.value is not None and not t.unit]
    if any(
        token.key not in _SERVERS and not token.light for token in reading.tokens if not token.hard
    ):
        return None
    if "port" not in reading.keys or len(mine) != 1 or len(numbers) != 1 or len(ports) != 1:
        return None
    return f"{mine[0].value:g}"


def _ports(
    memories: Iterable[Memory], readings: Mapping[str, Reading]
) -> dict[str, dict[float, int]]:
    found: dict[str, dict[float, int]] = {}
    for memory in memories:
        reading = readings[memory.id]
        if "port" in reading.keys or re.search(r":\d{4,5}\b", memory.text):
            for token in reading.tokens:
                if token.kind == "number" and token.value is not None and not token.unit:
                    counts = found.setdefault(memory.project or "", {})
                    counts[token.value] = counts.get(token.value, 0) + 1
    return found


_TRUE = frozenset(["true", "on", "yes", "enabled", "1"])
_FALSE = frozenset(["false", "off", "no", "disabled", "0"])


def _equal(stated: str, value: str, key: str) -> bool:
    stated, value = stated.strip().lower(), value.strip().lower()
    if stated == value:
        return True
    if stated in _TRUE | _FALSE and value in _TRUE | _FALSE:
        return (stated in _TRUE) == (value in _TRUE)
    units = [part for part in key.lower().split("_") if part in UNITS]
    mine, theirs = _amount(stated, units), _amount(value, units)
    if mine is None or theirs is None:
        return False
    return abs(mine - theirs) <= 1e-9 * max(abs(mine), abs(theirs), 1.0)


def _amount(text: str, units: Sequence[str]) -> float | None:
    match = re.match(r"(-?\d[\d,_]*(?:\.\d+)?)\s*([a-z%]*)$", text)
    if match is None:
        return None
    number = float(match[1].replace(",", "").replace("_", ""))
    unit = match[2]
    if unit == "base":
        return number
    if unit in UNITS:
        return number * UNITS[unit][1]
    return number * UNITS[units[-1]][1] if units else number


_RUNNERS = r"(?:just|make|npm run|pnpm run|yarn run|pnpm|yarn|task|rake|nox -s|tox -e|invoke|inv|mage|mise run|cargo xtask|bin)"  # noqa: E501
_TASK = re.compile(
    rf"`({_RUNNERS}) ([A-Za-z][\w:.-]*)[^`]*`|\b(just|make|npm run|pnpm run)"
    rf" ([a-z][\w:-]*[_:-][\w:-]*)"
)
_BUILT_IN = word_set(
    """
    install add remove update init publish test start create link audit ci exec dlx up upgrade
    why list all
    """
)


def _command(text: str, state: ProjectState) -> bool:
    """Whether a task is named of a runner that has tasks here, but not this one."""
    for match in _TASK.finditer(text):
        runner, task = match[1] or match[3], match[2] or match[4]
        known = [c.split() for c in state.commands]
        tasks = {
            words_[len(runner.split())]
            for words_ in known
            if words_[: len(runner.split())] == runner.split() and len(words_) > len(runner.split())
        }
        if tasks and task not in tasks and task not in _BUILT_IN:
            return True
    return False


# -- behaviour

_GAVE_UP = re.compile(
    r"\b(?:not|no longer|instead of|rather than|removed|uninstalled|dropped|gave up(?:"
    r" on)?|stop(?:ped)? using|quit"
    r"|never|without|don['’]t (?:use|run)|do not (?:use|run)|got rid of|moved (?:off|away from)"
    r"|switched from|left"
    r"|replaced|done with|over|from|deleted|tired of|hate|away from)\s+(?:my |the |using |our "
    r"|all )?([\w.+-]+)",
    re.IGNORECASE,
)
_HABIT = re.compile(
    r"\b(?:uses?|runs?|starts?|installs?|edits?|writes?|prefers?|likes?|works? (?:in|with|on)"
    r"|builds?|tests?|formats?"
    r"|lints?|commits?|deploys?|opens?|manages?|with|in|through|via|favou?rs"
    r"|wants?|reach(?:es)? for|default(?:s)? to"
    r"|shell|editor|browser|is|are)\b",
    re.IGNORECASE,
)


_EVERYDAY = frozenset(concept(word) for word in ("make", "just", "task", "less", "bat", "salt"))
"""Tools whose names are everyday words: they count only where they are marked as code."""


class _Habits:
    """Recent events by the tools that they show in use."""

    def __init__(self, evidence: Evidence) -> None:
        self._by_tool: dict[str, list[Event]] = {}
        self._given_up: dict[str, list[Event]] = {}
        self._commands: list[Event] = []
        for event in sorted(evidence.events, key=lambda event: (event.at, event.id)):
            if evidence.now and event.at < evidence.now - RECENT:
                continue
            if event.kind == "command":
                self._commands.append(event)
            used, given_up = _tools(event)
            for tool in used:
                self._by_tool.setdefault(tool, []).append(event)
            for tool in given_up:
                self._given_up.setdefault(tool, []).append(event)

    def against(self, memory: Memory, reading: Reading) -> tuple[str, ...]:
        """The ids of recent events that show another tool in the place of the memory's."""
        if reading.negative or not _HABIT.search(memory.text):
            return ()
        if memory.scope != "user" and not re.search(
            r"\b(?:user|we|team|developers?|run|use)\b", memory.text, re.IGNORECASE
        ):
            return ()
        since = max(memory.created_at, memory.last_confirmed_at)
        for token in reading.tokens:
            others = ALTERNATIVES.get(token.key)
            if (
                not others
                or token.key in reading.rejected
                or others & (reading.keys - reading.rejected)
            ):
                continue
            if token.key in _EVERYDAY and f"`{token.surface}" not in memory.text:
                continue
            still = [e for e in self._by_tool.get(token.key, ()) if self._counts(e, memory, since)]
            by_other: dict[str, list[Event]] = {}
            for other in others:
                by_other[other] = [
                    e for e in self._by_tool.get(other, ()) if self._counts(e, memory, since)
                ]
            given_up = [
                e for e in self._given_up.get(token.key, ()) if self._counts(e, memory, since)
            ]
            best = max(by_other.values(), key=_weight, default=[])
            events = {event.id: event for event in (*best, *given_up)}
            if _weight(events.values()) >= OCCASIONS and not still:
                return _last_ids(events.values())
        return ()

    def tested_otherwise(self, memory: Memory, reading: Reading) -> tuple[str, ...]:
        """The ids of recent runs of all tests by another command than the one a memory names.

        Only runs without a file or name of a test count: one test is run by itself all the time.
        """
        if memory.scope == "user" or reading.negative or not _TESTS.search(memory.text):
            return ()
        named = {_tests_by(code) for code in _CODE.findall(memory.text)} - {""}
        if len(named) != 1:
            return ()
        since = max(memory.created_at, memory.last_confirmed_at)
        runs: dict[str, list[Event]] = {}
        for event in self._commands:
            if self._counts(event, memory, since) and (command := _tests_by(event.text)):
                runs.setdefault(command, []).append(event)
        best = max(runs.values(), key=_weight, default=[])
        if named & runs.keys() or _weight(best) < CHECKS:
            return ()
        return _last_ids(best)

    @staticmethod
    def _counts(event: Event, memory: Memory, since: float) -> bool:
        # An event is dated by its day, so one of the same day may have come after.
        if event.at + 86400 <= since:
            return False
        if memory.scope == "user":
            return event.by == "person"
        return event.project in (None, memory.project)


def _weight(events: Iterable[Event]) -> int:
    return sum(WEIGHT[event.by] for event in events)


def _last_ids(events: Iterable[Event]) -> tuple[str, ...]:
    ordered = sorted(events, key=lambda event: (event.at, event.id))
    return tuple(event.id for event in ordered[-SHOWN:])


_TESTS = re.compile(
    r"\b(?:tests?|test suite|suite) (?:are |is )?(?:run|started|executed)\b"
    r"|\brun(?:s|ning)? (?:all |the |its |our |every )*(?:tests?|test suite|suite)\b"
    r"|`[^`]+` runs (?:all |the |its |our |every )*tests?\b",
    re.IGNORECASE,
)
_CODE = re.compile(r"`([^`]+)`")
_TEST_RUN = re.compile(
    r"(?:(?:python3?|uv run|poetry run|pipenv run|hatch run|npx|bundle exec) (?:-m )?)*"
    r"(?P<command>pytest|tox|nox|rspec|jest|vitest|phpunit|ctest|nose2"
    r"|(?:cargo|go|dotnet|mix|npm|pnpm|yarn|bun|deno|gradle|mvn|swift|rake) (?:run )?test"
    r"|(?:make|just|task) (?:test|tests|check|checks))"
    r"(?: (?:-\S+|\./\.\.\.))*"
)
"""A run of all tests: a runner, or a task that is called so, with options alone."""


def _tests_by(line: str) -> str:
    """By which command a line runs all tests, empty where it does not."""
    found = _TEST_RUN.fullmatch(" ".join(line.split()))
    return "" if found is None else found["command"].replace(" run ", " ")


def _tools(event: Event) -> tuple[frozenset[str], frozenset[str]]:
    """The tools that an event shows in use, and those that it says were given up."""
    if event.kind == "command":
        found: set[str] = set()
        for part in re.split(r"&&|\|\||[;|\n]", event.text):
            tokens = [t for t in part.split() if "=" not in t]
            while tokens and tokens[0] in (
                "sudo",
                "env",
                "time",
                "nice",
                "exec",
                "command",
                "npx",
                "uvx",
            ):
                tokens.pop(0)
            if tokens:
                found.add(concept(posixpath.basename(tokens[0]).lower()))
                if len(tokens) > 1 and tokens[0] in (
                    "git",
                    "python",
                    "python3",
                    "uv",
                    "poetry",
                    "cargo",
                ):
                    found |= {concept(t.lower().lstrip("-")) for t in tokens[1:4]}
        if "git" in found and not found & {"rebas", "merg", concept("rebase"), concept("merge")}:
            found.add("git")
        return frozenset(found), frozenset()
    gone = frozenset(
        concept(match[1].lower().strip(".")) for match in _GAVE_UP.finditer(event.text)
    )
    said = frozenset(
        concept(part.strip(".,")) for part in re.findall(r"[\w.+-]+", event.text.lower())
    )
    return said - gone, gone
