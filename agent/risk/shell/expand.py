"""What words become: variables, braces, tildes and parameters, as far as the text itself tells."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Callable
from itertools import islice, pairwise

from agent.risk.shell.counting import Counting
from agent.risk.shell.syntax import (
    ARRAY,
    HISTORY,
    LITERAL,
    NUMBER,
    PARAMETER,
    PROCESS,
    QUOTED,
    SUBSTITUTION,
    TILDE,
    UNKNOWN,
    VARIABLE,
    Group,
    Part,
    Word,
)

MAX_VALUES = 24
"""Different values followed for one variable or word; more become unknown."""

MAX_LENGTH = 65_536
"""Characters of one value that are followed; a longer value becomes unknown."""

MAX_FIELDS = 4_096
"""Fields one word may become by brace expansion; more are cut and marked unknown."""

_NUMBERS = frozenset("?!#")
_NUMERIC_NAMES = frozenset(["RANDOM", "SECONDS", "LINENO", "UID", "EUID", "COLUMNS", "LINES"])
_COUNTED = frozenset(["#", "OPTIND", "BASH_SUBSHELL", "SHLVL", *_NUMBERS, *_NUMERIC_NAMES])
_NAME = re.compile(r"(?:[A-Za-z_]\w*|\d*|[@*])(?:\[[\w@*]+\])?")
_RANGE = re.compile(r"(-?\d+|[A-Za-z])\.\.(-?\d+|[A-Za-z])(?:\.\.-?\d+)?")
_SLICE = re.compile(r":\s*(-?\d+)(?::\s*(-?\d+))?$")


_KEYED = re.compile(r"^\[[^\]]*\]=")
"""What stands before an element that is given with its index: `([key]=value)`."""


_EMPTY = "\x1d"
"""An empty field between two separators, until those are dropped that only come from blanks."""


class Variables:
    """What is known of shell variables: each name has its possible values."""

    __slots__ = ("_names", "arrays", "given", "integers", "keyed", "separators")

    def __init__(self, names: dict[str, tuple[str, ...]]) -> None:
        self._names = names
        self.arrays: dict[str, tuple[str, ...]] = {}
        """Elements of arrays that hold blanks, which the joined values do not tell apart."""
        self.separators = ""
        self.given: frozenset[str] = frozenset()
        """Names in whose values only what the text was given is unknown: `$1`, the environment."""
        self.keyed: frozenset[str] = frozenset()
        """Arrays with words for indexes (`declare -A`)."""
        self.integers: frozenset[str] = frozenset()
        """Names whose values are counted with as they are set (`declare -i`)."""

    def get(self, name: str) -> tuple[str, ...] | None:
        """Possible values, None when nothing is known of the name."""
        return self._names.get(name)

    def set(self, name: str, values: tuple[str, ...], *, add: bool, given: bool = False) -> None:
        """Give a variable its values; `add` keeps the earlier ones as possible too.

        Args:
            name: the variable.
            values: what it may hold.
            add: whether it may also still hold what it held before.
            given: what is unknown in the values is only what the text itself was given.
        """
        if add:
            earlier = self._names.get(name, ())
            given = given and (name in self.given or not any(UNKNOWN in v for v in earlier))
            values = tuple(dict.fromkeys(earlier + values))
        if given:
            self.given |= {name}
        elif name in self.given:
            self.given -= {name}
        if len(values) > MAX_VALUES:
            # Unknown must not hide a value that was already seen to be dangerous.
            values = (*values[: MAX_VALUES - 1], UNKNOWN)
        self._names[name] = values
        if name == "IFS":
            self.separators = "".join(values)

    def join(self, other: Variables) -> None:
        """Take the values of another reading as possible too."""
        for name, values in other._names.items():
            if values != self._names.get(name):
                self.set(name, values, add=True, given=name in other.given)
        self.keyed &= other.keyed
        self.integers |= other.integers

    def copy(self) -> Variables:
        """An independent copy (subshells)."""
        other = Variables(dict(self._names))
        other.arrays = dict(self.arrays)
        other.separators = self.separators
        other.given, other.keyed, other.integers = self.given, self.keyed, self.integers
        return other


class Expander(Counting):
    """Turns words into fields.

    Attributes:
        variables: what is known of variables; replaced on entering a subshell.
        substitution: gives the possible outputs of a command substitution.
        indirect: told when a name to be looked up cannot be known, or runs something.
        counting: told the name of what is taken for a number and may be other text.
        loose: told that something was counted with that the text was given.
    """

    def __init__(
        self,
        variables: Variables,
        home: str,
        cwd: Callable[[], str],
        substitution: Callable[[Group], tuple[str, ...]],
        indirect: Callable[[str], None],
        counting: Callable[[str], None] = lambda _: None,
        loose: Callable[[], None] = lambda: None,
    ) -> None:
        self.variables = variables
        self.home = home
        self.cwd = cwd
        self.substitution = substitution
        self.indirect = indirect
        self.counting = counting
        self.loose = loose

    def word(self, word: Word) -> list[list[str]]:
        """Every way the word may expand; each way is its list of fields."""
        text = word.text
        if text is not None:
            if "{" not in text:
                return [[text]]
            return [_braces(text)]
        parts = word.parts
        if any(part.kind == LITERAL and "{" in part.text for part in parts):
            spread = _spread(parts)
            if len(spread) > 1:
                fields: list[str] = []
                for way in spread:
                    for found in self._parts(way):
                        fields.extend(found)
                return [fields]
        option = parts[0].kind == LITERAL and parts[0].text[:1] == "-" if parts else False
        if (
            len(parts) > 1
            and any(self._absent(part, option=option) for part in parts)
            and any(part.kind in (LITERAL, QUOTED) and part.text for part in parts)
        ):
            # What is not set leaves nothing there.
            rest = tuple(part for part in parts if not self._absent(part, option=option))
            return [*self._parts(rest), *self._parts(parts)]
        return self._parts(parts)

    def _absent(self, part: Part, *, option: bool) -> bool:
        """Positional parameters that nobody gave; in an option, any variable that is not set."""
        if part.kind not in (VARIABLE, PARAMETER) or part.inner or part.operator:
            return False
        return (option or part.text in ("@", "*")) and self.variables.get(part.text) is None

    def text(self, word: Word) -> tuple[str, ...]:
        """Possible values of a word that is not split (assignments, redirect targets)."""
        if word.text is not None:
            return (word.text,)
        return self.joined(word.parts)

    def joined(self, parts: tuple[Part, ...]) -> tuple[str, ...]:
        """Possible values of parts that are not split (here-documents)."""
        ways = [""]
        for part in parts:
            values = self._values(part)
            if len(values) == 1:
                ways = [way + values[0] for way in ways]
            else:
                grown = [way + value for way in ways for value in values]
                # What is cut off could be anything, so it stays as something unknown.
                ways = grown if len(grown) <= MAX_VALUES else [*grown[: MAX_VALUES - 1], UNKNOWN]
            if len(ways[0]) > MAX_LENGTH:
                ways = [UNKNOWN if len(way) > MAX_LENGTH else way for way in ways]
        return tuple(dict.fromkeys(ways))

    def _parts(self, parts: tuple[Part, ...]) -> list[list[str]]:
        ways: list[list[str]] = [[""]]
        solid = False
        for part in parts:
            kind = part.kind
            if part.quoted or kind in (LITERAL, QUOTED):
                solid = True
            values = self._values(part)
            split = not part.quoted and kind in (VARIABLE, PARAMETER, SUBSTITUTION)
            if len(values) == 1 and not split:
                for way in ways:
                    way[-1] += values[0]
                continue
            grown: list[list[str]] = []
            for way in ways:
                for value in values:
                    fields = self._split(value) if split else [value]
                    piece = way[-1] + fields[0]
                    if len(piece) > MAX_LENGTH:
                        piece = UNKNOWN
                    grown.append([*way[:-1], piece, *fields[1:]])
                    if len(grown) > 2 * MAX_VALUES:
                        break
            # What is cut off could be anything, so it stays as something unknown.
            ways = grown if len(grown) <= MAX_VALUES else [*grown[: MAX_VALUES - 1], [UNKNOWN]]
        if not solid:
            ways = [[field for field in way if field] for way in ways]
        if self.variables.separators:
            ways = [["" if field == _EMPTY else field for field in way] for way in ways]
        return ways

    def _split(self, value: str) -> list[str]:
        separators = self.variables.separators
        if separators:
            solid = "".join(separators.split())
            if solid and re.search(f"[{re.escape(solid)}]\\s*[{re.escape(solid)}]", value):
                # Two separators that are no blanks have an empty field between them, which stays.
                pieces = re.split(f"[{re.escape(solid)}]", value)
                fields = [field for piece in pieces for field in (piece.split() or [_EMPTY])]
                ends = ("" if field is _EMPTY else field for field in (fields[0], fields[-1]))
                return [next(ends), *fields[1:-1], next(ends)]
            value = re.sub(f"[{re.escape(separators)}]", " ", value)
        if " " not in value and "\n" not in value and "\t" not in value:
            return [value]
        fields = value.split()
        if not fields:
            return ["", ""]
        if value[0].isspace():
            fields.insert(0, "")
        if value[-1].isspace():
            fields.append("")
        return fields

    def _values(self, part: Part) -> tuple[str, ...]:
        kind = part.kind
        if kind in (LITERAL, QUOTED):
            return (part.text,)
        if kind == VARIABLE:
            return self._variable(part.text)
        if kind == PARAMETER:
            return self._parameter(part)
        if kind == SUBSTITUTION:
            assert part.group is not None
            return self.substitution(part.group)
        if kind == PROCESS:
            assert part.group is not None
            return (f"/dev/fd/sub:{part.group.number}",)
        if kind == NUMBER:
            self.count(part.text, part.inner)
            return ("7",)
        if kind == TILDE:
            if part.text == "":
                return (self.home,)
            if part.text == "+":
                return (self.cwd(),)
            if part.text == "-":
                return (UNKNOWN,)
            return ("/root" if part.text == "root" else f"/home/{part.text}",)
        if kind == ARRAY:
            fields = (field for w in part.words for way in self.word(w) for field in way)
            return (" ".join(_KEYED.sub("", field) for field in fields),)
        assert kind == HISTORY
        return (part.text, UNKNOWN)

    def _variable(self, name: str) -> tuple[str, ...]:
        known = self.variables.get(name)
        if known is not None:
            return known
        if name in _NUMBERS or name in _NUMERIC_NAMES:
            return ("7",)
        if name == "$":
            return ("$$",)
        if name == "PPID":
            return ("$PPID",)
        if name == "PWD":
            return (self.cwd(),)
        if name in ("0", "BASH", "SHELL"):
            return ("bash",)
        return (UNKNOWN,)

    def _parameter(self, part: Part) -> tuple[str, ...]:
        name, operator = part.text, part.operator
        inside = self.subscript(part)
        if inside is not None:
            return inside
        if operator.startswith("#"):
            return ("7",)
        if operator.startswith("!"):
            listing = operator != "!" or (part.inner and part.inner[0].text in ("*", "@"))
            if listing or name in _COUNTED:
                return (UNKNOWN,)
            targets = self.variables.get(name)
            if targets is None or any(not _NAME.fullmatch(target) for target in targets):
                self.indirect(name)
                return (UNKNOWN,)
            if part.inner:
                return (UNKNOWN,)
            return tuple(v for target in targets for v in self._variable(target))
        values = self._variable(name)
        if operator.startswith("["):
            if operator in ("[@]", "[*]"):
                return values
            index = operator[1:-1]
            if not index.isdigit():
                return values
            elements = self.variables.arrays.get(name)
            if elements is not None:
                picked = [elements[int(index)] if int(index) < len(elements) else ""]
                if len(values) == 1:
                    return tuple(picked)
            else:
                picked = []
            for value in values:
                fields = value.split()
                picked.append(fields[int(index)] if int(index) < len(fields) else "")
            if elements is None and int(index) == 0:
                # What is no array is its own first element.
                picked += values
            return tuple(dict.fromkeys(picked))
        if not part.inner:
            return values
        joined = self.joined(part.inner)
        found: list[str] = []
        for value in values:
            for rest in joined:
                found.extend(_operate(value, rest, known=self.variables.get(name) is not None))
        return tuple(dict.fromkeys(found[:MAX_VALUES])) or (UNKNOWN,)


def _operate(value: str, rest: str, *, known: bool) -> tuple[str, ...]:
    """`${value<rest>}`: the common operators; anything else is unknown."""
    if rest[:2] in (":-", ":="):
        return (value, rest[2:]) if known else (rest[2:],)
    if rest[:1] in "-=":
        return (value, rest[1:]) if known else (rest[1:],)
    if rest[:2] == ":+":
        return (rest[2:], "")
    if rest[:1] == "+":
        return (rest[1:], "")
    if rest[:2] == ":?" or rest[:1] == "?":
        return (value,)
    if UNKNOWN in value:
        return (_strip_unknown(value, rest),)
    if UNKNOWN in rest:
        return (UNKNOWN,)
    piece = _SLICE.match(rest)
    if piece:
        start = int(piece[1])
        text = value[start:]
        if piece[2] is not None:
            length = int(piece[2])
            text = text[:length]
        return (text,)
    if rest[:1] in ("%", "#") and len(rest) > 1:
        return (_trim(value, rest),)
    if rest in ("^^", "^"):
        return (value.upper() if rest == "^^" else value[:1].upper() + value[1:],)
    if rest in (",,", ","):
        return (value.lower() if rest == ",," else value[:1].lower() + value[1:],)
    if rest[:1] == "/":
        body = rest.lstrip("/")
        old, _, new = body.partition("/")
        if old and not set(old) & set("*?["):
            count = -1 if rest.startswith("//") else 1
            return (value.replace(old, new, count),)
    if rest in ("@Q", "@E", "@L", "@U"):
        return (value.upper() if rest == "@U" else value.lower() if rest == "@L" else value,)
    return (UNKNOWN,)


def _strip_unknown(value: str, rest: str) -> str:
    """Trimming a value that is partly unknown keeps its known beginning."""
    if rest[:1] == "%":
        return value[: value.index(UNKNOWN) + 1]
    return UNKNOWN


def _trim(value: str, rest: str) -> str:
    longest = rest[:2] in ("%%", "##")
    pattern = rest[2:] if longest else rest[1:]
    sizes = range(len(value) + 1)
    if rest[0] == "%":
        order = sizes if longest else reversed(sizes)
        for size in islice(order, 400):
            if fnmatch.fnmatchcase(value[size:], pattern):
                return value[:size]
    else:
        order = reversed(sizes) if longest else sizes
        for size in islice(order, 400):
            if fnmatch.fnmatchcase(value[:size], pattern):
                return value[size:]
    return value


_MARK = "\ue000"


def _spread(parts: tuple[Part, ...]) -> list[tuple[Part, ...]]:
    """Brace expansion of a word in parts: quoted and expanded parts are carried as marks."""
    carried: list[Part] = []
    pieces: list[str] = []
    for part in parts:
        if part.kind == LITERAL:
            pieces.append(part.text.replace(_MARK, "?"))
        else:
            pieces.append(f"{_MARK}{len(carried)}{_MARK}")
            carried.append(part)
    ways = []
    for way in _braces("".join(pieces)):
        found: list[Part] = []
        for number, piece in enumerate(way.split(_MARK)):
            if number % 2:
                found.append(carried[int(piece)])
            elif piece:
                found.append(Part(LITERAL, piece))
        ways.append(tuple(found))
    return ways


_MAX_MADE = 1_000_000
"""Characters that brace expansion may make of one word."""


def _braces(text: str) -> list[str]:
    """Brace expansion of plain text; bounded, what is cut off becomes unknown."""
    done: list[str] = []
    work = [text]
    steps = made = 0
    while work:
        steps += 1
        made += len(work[-1])
        if (
            len(done) + len(work) > MAX_FIELDS
            or steps > 4 * MAX_FIELDS
            or made > _MAX_MADE + len(text)
        ):
            done.append(UNKNOWN)
            break
        current = work.pop()
        found = _first_brace(current)
        if found is None:
            done.append(current)
            continue
        start, end, options = found
        work.extend(current[:start] + option + current[end:] for option in reversed(options))
    return done


def _first_brace(text: str) -> tuple[int, int, list[str]] | None:
    """The first expandable `{…}`: its range and its options."""
    opens: list[tuple[int, list[int]]] = []
    best: tuple[int, int, list[int]] | None = None
    for at, c in enumerate(text):
        if c == "{":
            opens.append((at, []))
        elif c == "," and opens:
            opens[-1][1].append(at)
        elif c == "}" and opens:
            start, commas = opens.pop()
            if text[start - 1 : start] == "$":
                continue
            if commas or _RANGE.fullmatch(text, start + 1, at):
                if best is None or start < best[0]:
                    best = (start, at + 1, commas)
                if not opens:
                    break
    if best is None:
        return None
    start, end, commas = best
    if commas:
        bounds = [start, *commas, end - 1]
        return start, end, [text[a + 1 : b] for a, b in pairwise(bounds)]
    match = _RANGE.fullmatch(text, start + 1, end - 1)
    assert match is not None
    return start, end, _range(match[1], match[2])


def _range(first: str, last: str) -> list[str]:
    if first.lstrip("-").isdigit() and last.lstrip("-").isdigit():
        low, high = sorted((int(first[:10]), int(last[:10])))
        return [str(n) for n in range(low, min(high, low + 256) + 1)]
    if len(first) == 1 and len(last) == 1:
        low, high = sorted((ord(first), ord(last)))
        return [chr(n) for n in range(low, high + 1)]
    return [UNKNOWN]
