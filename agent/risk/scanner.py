"""Reads shell text the way bash does, far enough to name every command that could run.

One pass, linear time, an explicit stack instead of recursion. It over-approximates: where bash
would decide at run time (branches, loops, functions never called) everything counts. What is not
complete shell is reported in `Script.errors`; the commands found before and after it still count.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import NamedTuple

from agent.risk.arguments import wordlist

UNKNOWN = "\0"
"""Stands for text that only running the command would tell."""

LITERAL, QUOTED, VARIABLE, PARAMETER, SUBSTITUTION, PROCESS, NUMBER, TILDE, HISTORY, ARRAY = range(
    10
)


class Part(NamedTuple):
    """A piece of a word. Which fields matter depends on `kind`."""

    kind: int
    text: str = ""
    quoted: bool = False
    group: Group | None = None
    operator: str = ""
    inner: tuple[Part, ...] = ()
    words: tuple[Word, ...] = ()


class Word(NamedTuple):
    """A word before expansion; `text` is set when it is one plain literal."""

    start: int
    end: int
    text: str | None
    parts: tuple[Part, ...] = ()
    quoted: bool = False


@dataclass(slots=True)
class Redirect:
    """A redirection; here-documents carry `body` (its parts) instead of a target."""

    operator: str
    fd: str
    start: int
    end: int = 0
    target: Word | None = None
    body: tuple[Part, ...] | None = None


@dataclass(slots=True, eq=False)
class Group:
    """What commands stand in: a compound, a subshell, a function body or a substitution.

    `first` and `last` are the half-open range of its commands in `Script.commands`.
    """

    kind: str
    parent: Group | None
    first: int
    last: int = 0
    start: int = 0
    function: str = ""
    pipe: tuple[int, int] | None = None
    fed_by: Command | None = None
    redirects: list[Redirect] = field(default_factory=list)
    depth: int = 0
    number: int = 0
    phase: str = ""
    variable: str = ""
    conditional: bool = False


class Command:
    """A simple command: assignments, words, redirects, and what feeds it.

    `depth` says how many substitutions it stands in.
    """

    __slots__ = (
        "assigns", "depth", "end", "group", "joiner", "kind", "pipe", "piped", "redirects", "start",
        "words",
    )  # fmt: skip

    def __init__(
        self,
        group: Group | None,
        start: int,
        pipe: tuple[int, int] | None,
        piped: bool,
        joiner: str,
        kind: str,
        depth: int,
    ) -> None:
        self.group = group
        self.start = self.end = start
        self.words: list[Word] = []
        self.assigns: list[Word] = []
        self.redirects: list[Redirect] = []
        self.pipe = pipe
        self.piped = piped
        self.joiner = joiner
        self.kind = kind
        self.depth = depth


OPEN, CLOSE, RUN = 0, 1, 2


@dataclass(slots=True)
class Script:
    """Everything found in one text: `steps` are in the order in which bash would meet them."""

    text: str
    commands: list[Command] = field(default_factory=list)
    steps: list[tuple[int, Group | Command]] = field(default_factory=list)
    groups: list[Group] = field(default_factory=list)
    errors: list[tuple[str, int]] = field(default_factory=list)
    parameters: list[tuple[Part, int, int]] = field(default_factory=list)
    """Expansions that set a variable or read their value once more, and where they stand."""
    coprocesses: list[tuple[str, int, int]] = field(default_factory=list)
    """Names that coprocesses take, and where they stand."""
    work: int = 0
    exhausted: bool = False


LIST, DOUBLE, PARAM, ARITH, HEREDOC = range(5)
(
    AT_COMMAND,
    AT_ARGUMENT,
    AFTER_COMPOUND,
    FOR_NAME,
    FOR_IN,
    FOR_WORDS,
    CASE_WORD,
    CASE_IN,
    CASE_PATTERN,
    FUNCTION_NAME,
    CONDITION,
) = range(11)


@dataclass(slots=True)
class _Frame:
    mode: int
    closer: str
    start: int
    parts: list[Part]
    quoted: bool = False
    end: int = 0
    saved_end: int = 0
    group: Group | None = None
    outer_group: Group | None = None
    compounds: list[Group] = field(default_factory=list)
    state: int = AT_COMMAND
    command: Command | None = None
    word_start: int = -1
    word_quoted: bool = False
    redirect: Redirect | None = None
    heredocs: list[Redirect] = field(default_factory=list)
    reading: bool = False
    stage: int = 0
    pipe: tuple[int, int] | None = None
    piped: bool = False
    joiner: str = ";"
    ready: bool = False
    need: bool = False
    function: str | None = None
    words: list[Word] = field(default_factory=list)
    name: str = ""
    operator: str = ""
    depth: int = 0
    resume: int = 0
    steps: int = 0
    base: int = 0
    redirect_body: Redirect | None = None


_PLAIN = re.compile(r"[A-Za-z0-9_./:@%+,=^\-]+(?=[ \t\n;|&)]|\Z)")
_PLAIN_WORDS = re.compile(r"(?:[ \t]++[A-Za-z0-9_./:@%+,=^\-]++(?=[ \t\n;|&)]|\Z))++")
_BLANK = re.compile(r"(?:[ \t]+|\\\n)+")
_RUN = re.compile(r"[^ \t\n'\"\\$`;&|<>()!]+")
_DOUBLE_RUN = re.compile(r"[^\"\\$`!]+")
_DOUBLE_PLAIN = re.compile(r"\"((?:[^\"\\$`!]++|\$[A-Za-z_][A-Za-z0-9_]*+)*+)\"")
_DOUBLE_PIECE = re.compile(r"([^$]+)|\$([A-Za-z_][A-Za-z0-9_]*)")
_HEREDOC_RUN = re.compile(r"[^\\$`]+")
_PARAM_RUN = re.compile(r"[^\"'\\$`}]+")
_ARITH_RUN = re.compile(r"[^\"'\\$`()\[\]]+")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_DOLLAR = re.compile(r"[A-Za-z_][A-Za-z0-9_]*|[@*#?$!0-9\-]")
_PARAMETER = re.compile(r"([!#]?)([A-Za-z_][A-Za-z0-9_]*|[0-9]+|[@*#?$!\-])(\[[^\]\[${}`'\"]*\])?")
_ASSIGN = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)(\[[^\]]*\])?(\+?)=")
_ANSI = re.compile(r"(?:[^'\\]|\\.)*'", re.S)
_REDIRECT = re.compile(r"<<<|<<-|<<|<&|<>|<|>>|>&|>\||>")
_EMPTY_PARENS = re.compile(r"[ \t]*\([ \t]*\)")
_COPROC_NAME = re.compile(
    r"[ \t]+([A-Za-z_][A-Za-z0-9_]*)"
    r"(?=[ \t]+(?:[({]|\[\[[ \t]|(?:while|until|for|if|case|select)[ \t]))"
)
_HISTORY = re.compile(r"![!$*?^A-Za-z0-9\-]")

_OPENERS = {"if": "if", "while": "loop", "until": "loop", "{": "brace"}
_CLOSERS = {"fi": "if", "done": "loop", "}": "brace", "esac": "case"}
_MIDDLE = {"then": ("if",), "elif": ("if",), "else": ("if",), "do": ("loop",)}
_RESERVED = frozenset(
    wordlist(
        "if then elif else fi while until do done for select case esac in function { } ! time"
        " coproc [["
    )
)
_SIMPLE_ESCAPES = {
    "a": "\a", "b": "\b", "e": "\x1b", "E": "\x1b", "f": "\f", "n": "\n", "r": "\r", "t": "\t",
    "v": "\v", "\\": "\\", "'": "'", '"': '"', "?": "?",
}  # fmt: skip
_ESCAPE = re.compile(
    r"\\(?:([abeEfnrtv\\'\"?])|([0-7]{1,3})|x([0-9A-Fa-f]{1,2})|u([0-9A-Fa-f]{1,4})"
    r"|U([0-9A-Fa-f]{1,8})|c(.))",
    re.S,
)


def ansi_c(text: str) -> str:
    r"""Decode what stands between `$'` and `'` (also what `echo -e` and `printf` decode)."""

    def decode(match: re.Match[str]) -> str:
        simple, octal, hexadecimal, short, long, control = match.groups()
        if simple:
            return _SIMPLE_ESCAPES[simple]
        if octal:
            return chr(int(octal, 8) & 0xFF)
        if control:
            return chr(ord(control[0]) & 0x1F)
        value = int(hexadecimal or short or long, 16)
        return chr(value) if value < 0x110000 and not 0xD800 <= value < 0xE000 else "\ufffd"

    return _ESCAPE.sub(decode, text) if "\\" in text else text


def scan(text: str, *, max_work: int = 2_000_000, max_depth: int = 400) -> Script:
    """Read `text` as bash would.

    Args:
        text: shell text of any size and quality.
        max_work: scanner steps after which it gives up (`Script.exhausted`).
        max_depth: how deep substitutions, quotes and compounds may nest.
    """
    scanner = _Scanner(text, max_work, max_depth)
    scanner.run()
    return scanner.script


class _Scanner:
    """The state of one scan; see `scan`."""

    def __init__(self, text: str, max_work: int, max_depth: int) -> None:
        self.text = text
        self.pos = 0
        self.end = len(text)
        self.script = Script(text)
        self.max_work = max_work
        self.max_depth = max_depth
        self.frames: list[_Frame] = []
        self.group: Group | None = None
        self.depth = 0
        self.not_arithmetic: set[int] = set()

    def run(self) -> None:
        """Scan to the end, or until a budget is spent."""
        handlers = (self._list, self._double, self._param, self._arith, self._heredoc)
        frames = self.frames
        frames.append(_Frame(LIST, "", 0, []))
        script = self.script
        work = 0
        while frames:
            work += 1
            if work > self.max_work or len(frames) > self.max_depth:
                script.exhausted = True
                # What was being read still counts: close every open command.
                while frames:
                    frame = frames.pop()
                    if frame.mode == LIST:
                        self._finish_word(frame)
                        self._end_command(frame)
                break
            handlers[frames[-1].mode](frames[-1])
        script.work = work

    def _error(self, reason: str, at: int) -> None:
        if len(self.script.errors) < 20:
            self.script.errors.append((reason, at))

    # command lists ------------------------------------------------------------------------------

    def _list(self, f: _Frame) -> None:
        """Consume one token of a command list."""
        if f.reading:
            self._next_heredoc(f)
            return
        text, pos, end = self.text, self.pos, self.end
        if f.word_start < 0:
            blank = _BLANK.match(text, pos, end)
            if blank:
                pos = self.pos = blank.end()
            if pos >= end:
                self._close_list(f, at_end=True)
                return
            plain = _PLAIN.match(text, pos, end)
            if plain:
                self.pos = plain.end()
                self._add_word(f, Word(pos, self.pos, plain.group()))
                if f.state == AT_ARGUMENT and f.command is not None and f.redirect is None:
                    self._plain_words(f, f.command)
                return
            c = text[pos]
            if c == "#":
                newline = text.find("\n", pos, end)
                self.pos = end if newline < 0 else newline
                return
            if c in "\n;&|()<>":
                self._operator(f, c)
                return
            f.word_start = pos
            f.word_quoted = False
            f.parts = []
        elif pos >= end:
            self._finish_word(f)
            return
        self._word_piece(f)

    def _plain_words(self, f: _Frame, command: Command) -> None:
        """Take the arguments that need no closer look, all at once."""
        run = _PLAIN_WORDS.match(self.text, self.pos, self.end)
        if run is None or f.closer == "array":
            return
        words, text, at = command.words, self.text, self.pos
        for piece in run.group().split():
            at = text.index(piece, at)
            start, at = at, at + len(piece)
            words.append(Word(start, at, piece))
        self.pos = command.end = at

    def _word_piece(self, f: _Frame) -> None:
        text, pos, end = self.text, self.pos, self.end
        run = _RUN.match(text, pos, end)
        if run:
            self.pos = run.end()
            piece = run.group()
            if piece[0] == "~" and pos == f.word_start:
                slash = piece.find("/")
                user = piece[1:] if slash < 0 else piece[1:slash]
                f.parts.append(Part(TILDE, user))
                piece = "" if slash < 0 else piece[slash:]
            if piece:
                f.parts.append(Part(LITERAL, piece))
            return
        c = text[pos]
        if c == "'":
            close = text.find("'", pos + 1, end)
            if close < 0:
                self._error("a single quote is not closed", pos)
                close = end
            f.word_quoted = True
            f.parts.append(Part(QUOTED, text[pos + 1 : close], quoted=True))
            self.pos = min(close + 1, end)
        elif c == '"':
            self._open_double(f, pos)
        elif c == "\\":
            f.word_quoted = True
            if pos + 1 >= end:
                self._error("a backslash stands at the end", pos)
                self.pos = end
            else:
                if text[pos + 1] != "\n":
                    f.parts.append(Part(QUOTED, text[pos + 1], quoted=True))
                self.pos = pos + 2
        elif c == "$":
            self._dollar(f, quoted=False)
        elif c == "`":
            self._backtick(f, quoted=False)
        elif c in "<>" and text.startswith("(", pos + 1):
            self._open_substitution(f, pos, 2, c + "(")
        elif c == "!":
            self._bang(f, quoted=False)
        elif c == "(" and f.parts:
            self._paren_in_word(f)
        elif c in "<>" and f.word_start >= 0:
            self._finish_word(f, before_redirect=True)
        else:
            self._finish_word(f)

    def _bang(self, f: _Frame, *, quoted: bool) -> None:
        if _HISTORY.match(self.text, self.pos, self.end):
            f.parts.append(Part(HISTORY, quoted=quoted))
            self.pos += 2
        else:
            f.parts.append(Part(QUOTED if quoted else LITERAL, "!", quoted=quoted))
            self.pos += 1

    def _paren_in_word(self, f: _Frame) -> None:
        """`name()`, `name=(…)`, an extended glob, or the end of the word."""
        text, pos = self.text, self.pos
        last = f.parts[-1]
        so_far = text[f.word_start : pos]
        assign = _ASSIGN.fullmatch(so_far)
        if assign and f.state in (AT_COMMAND, AT_ARGUMENT):
            self._push(_Frame(LIST, "array", pos, [], base=len(self.script.commands)))
            self.frames[-1].state = AT_ARGUMENT
            self.pos = pos + 1
            return
        if last.kind == LITERAL and last.text[-1:] in "?*+@!" and not f.word_quoted:
            close = text.find(")", pos, self.end)
            inside = text[pos:close] if close >= 0 else ""
            if close >= 0 and not set(inside[1:]) & set("$`'\"\\\n;&(<>"):
                f.parts.append(Part(LITERAL, "*"))
                self.pos = close + 1
                return
        self._finish_word(f)

    def _finish_word(self, f: _Frame, *, before_redirect: bool = False) -> None:
        if f.word_start < 0:
            return
        start, parts = f.word_start, f.parts
        f.word_start = -1
        f.parts = []
        plain = None
        if len(parts) == 1 and parts[0].kind == LITERAL:
            plain = parts[0].text
        elif not parts and not f.word_quoted:
            return
        if before_redirect and plain is not None:
            braces = plain[0] == "{" and plain[-1] == "}" and _NAME.fullmatch(plain[1:-1])
            if plain.isdigit() or braces:
                f.name = plain
                return
        self._add_word(f, Word(start, self.pos, plain, tuple(parts), f.word_quoted))

    def _add_word(self, f: _Frame, word: Word) -> None:
        redirect = f.redirect
        if redirect is not None:
            f.redirect = None
            redirect.end = word.end
            redirect.target = word
            if redirect.operator in ("<<", "<<-"):
                f.heredocs.append(redirect)
            return
        plain = word.text
        state = f.state
        if state == AT_ARGUMENT:
            if f.closer == "array":
                f.words.append(word)
            elif f.command is not None:
                f.command.words.append(word)
                f.command.end = word.end
            return
        if state == AT_COMMAND:
            self._command_word(f, word)
        elif state == CONDITION:
            assert f.command is not None
            f.command.words.append(word)
            f.command.end = word.end
            if plain == "]]":
                self._end_command(f)
                f.state = AFTER_COMPOUND
                f.outer_group = None
                f.ready = True
        elif state == AFTER_COMPOUND:
            if plain in _CLOSERS or plain in _MIDDLE or plain in ("{", "in"):
                self._command_word(f, word)
            else:
                self._error("a word follows a complete command", word.start)
                f.state = AT_COMMAND
                self._command_word(f, word)
        elif state == FOR_NAME:
            group = self.group
            if group is not None:
                group.variable = plain or UNKNOWN
            f.state = FOR_IN
        elif state == FOR_IN:
            if plain == "in":
                f.state = FOR_WORDS
                f.command = self._new_command(f, word.start, kind="for")
            elif plain == "do":
                f.state = AT_COMMAND
                self._command_word(f, word)
            else:
                self._error("`for` without `in`", word.start)
        elif state == FOR_WORDS:
            if f.command is None:
                f.command = self._new_command(f, word.start, kind="for")
            f.command.words.append(word)
            f.command.end = word.end
        elif state == CASE_WORD:
            f.command = self._new_command(f, word.start, kind="case")
            f.command.words.append(word)
            self._end_command(f)
            f.state = CASE_IN
        elif state == CASE_IN:
            if plain != "in":
                self._error("`case` without `in`", word.start)
            f.state = CASE_PATTERN
        elif state == CASE_PATTERN:
            if plain == "esac" and not word.quoted:
                self._close_compound(f, "case", word.start)
        elif state == FUNCTION_NAME:
            f.function = plain or UNKNOWN
            f.state = AT_COMMAND
            parens = _EMPTY_PARENS.match(self.text, self.pos, self.end)
            if parens:
                self.pos = parens.end()

    def _command_word(self, f: _Frame, word: Word) -> None:
        plain = word.text
        command = f.command
        fresh = command is None or (not command.assigns and not command.redirects)
        if plain is not None and fresh and not word.quoted:
            if plain in _RESERVED:
                if self._reserved(f, plain, word):
                    return
            elif f.state == AT_COMMAND:
                parens = (
                    _EMPTY_PARENS.match(self.text, self.pos, self.end)
                    if self.text[self.pos : self.pos + 1] in " \t("
                    else None
                )
                if parens:
                    self.pos = parens.end()
                    f.function = plain
                    return
        f.state = AT_COMMAND
        if f.function is not None:
            self._error("a function has no body", word.start)
            f.function = None
        if command is None:
            command = f.command = self._new_command(f, word.start)
        if _is_assignment(word, self.text):
            command.assigns.append(word)
        else:
            command.words.append(word)
            f.state = AT_ARGUMENT
        command.end = word.end

    def _reserved(self, f: _Frame, plain: str, word: Word) -> bool:
        """Act on a reserved word in command position; False when it is an ordinary word."""
        if plain in ("!", "time", "coproc"):
            f.state = AT_COMMAND
            if plain == "coproc":
                name = _COPROC_NAME.match(self.text, self.pos, self.end)
                if name:
                    self.script.coprocesses.append((name[1], name.start(1), name.end()))
                    self.pos = name.end()
            elif plain == "time":
                option = re.compile(r"[ \t]+-p(?=[ \t\n])").match(self.text, self.pos, self.end)
                if option:
                    self.pos = option.end()
        elif plain in _OPENERS:
            self._open_compound(f, _OPENERS[plain], word.start)
        elif plain in ("for", "select"):
            group = self._open_compound(f, "loop", word.start)
            arithmetic = re.compile(r"[ \t]*\(\(").match(self.text, self.pos, self.end)
            if arithmetic:
                self.pos = arithmetic.end()
                f.command = self._new_command(f, word.start, kind="arithmetic")
                self._push(_Frame(ARITH, "))", self.pos, [], resume=self.pos, base=-1))
                group.phase = "for (("
            else:
                f.state = FOR_NAME
        elif plain == "case":
            self._open_compound(f, "case", word.start)
            f.state = CASE_WORD
        elif plain == "function":
            f.state = FUNCTION_NAME
        elif plain == "[[":
            f.command = self._new_command(f, word.start, kind="condition")
            f.command.words.append(word)
            f.state = CONDITION
        elif plain in _CLOSERS:
            self._close_compound(f, _CLOSERS[plain], word.start)
        elif plain in _MIDDLE:
            if not f.compounds or f.compounds[-1].kind not in _MIDDLE[plain]:
                self._error(f"`{plain}` without its opening word", word.start)
            else:
                if f.need:
                    self._error(f"`{plain}` without a command before it", word.start)
                f.compounds[-1].phase = plain
            self._fresh(f)
            f.need = True
        else:
            return False
        return True

    def _fresh(self, f: _Frame) -> None:
        """Expect a command that nothing feeds."""
        f.state = AT_COMMAND
        f.ready = False
        f.pipe = None
        f.piped = False
        f.joiner = ";"
        f.outer_group = None
        f.stage = len(self.script.commands)

    def _new_command(self, f: _Frame, start: int, kind: str = "simple") -> Command:
        return Command(self.group, start, f.pipe, f.piped, f.joiner, kind, self.depth)

    def _end_command(self, f: _Frame) -> None:
        command = f.command
        if command is None:
            return
        f.command = None
        f.ready = True
        f.need = False
        self.script.commands.append(command)
        self.script.steps.append((RUN, command))

    def _open_compound(self, f: _Frame, kind: str, start: int) -> Group:
        group = Group(
            kind,
            self.group,
            len(self.script.commands),
            start=start,
            pipe=f.pipe,
            depth=self.depth,
            number=len(self.script.groups),
            conditional=kind in ("if", "loop", "case") or f.joiner in ("&&", "||"),
        )
        if f.function is not None:
            group.function = f.function
            f.function = None
        self.script.groups.append(group)
        self.script.steps.append((OPEN, group))
        f.compounds.append(group)
        self.group = group
        stage = f.stage
        self._fresh(f)
        group.last = stage
        f.need = True
        if len(f.compounds) > self.max_depth:
            self.script.exhausted = True
        return group

    def _close_compound(self, f: _Frame, kind: str, at: int) -> None:
        if not f.compounds or f.compounds[-1].kind != kind:
            self._error("something is closed that was not opened", at)
            self._fresh(f)
            return
        group = f.compounds.pop()
        if (kind == "if" and group.phase not in ("then", "else")) or (
            kind == "loop" and group.phase != "do"
        ):
            self._error("a compound command is not complete", at)
        if f.need and kind != "case":
            self._error("a command is missing", at)
        f.stage = group.last
        group.last = len(self.script.commands)
        self.script.steps.append((CLOSE, group))
        self.group = group.parent
        f.state = AFTER_COMPOUND
        f.ready = True
        f.need = False
        f.outer_group = group

    def _operator(self, f: _Frame, c: str) -> None:
        text, pos, end = self.text, self.pos, self.end
        if f.redirect is not None:
            if c in "<>" and text.startswith("(", pos + 1):
                f.word_start = pos
                f.word_quoted = False
                f.parts = []
                return
            self._error("a redirection has no target", pos)
            f.redirect = None
        if f.closer == "array":
            if c == ")":
                self.pos = pos + 1
                self._pop_array(f)
                return
            if c == "\n":
                self.pos = pos + 1
                if f.heredocs:
                    f.reading = True
                return
            if c in "<>" and text.startswith("(", pos + 1):
                f.word_start = pos
                f.word_quoted = False
                f.parts = []
                return
            self._error("an operator stands in an array", pos)
            self.pos = pos + 1
            return
        if f.state == CONDITION:
            self._condition_operator(f, c)
            return
        if c == "\n":
            self.pos = pos + 1
            self._newline(f)
        elif c in "<>":
            self._redirect(f, c)
        elif c == "&" and text.startswith(">", pos + 1):
            operator = "&>>" if text.startswith(">>", pos + 1) else "&>"
            self._start_redirect(f, operator, pos, len(operator))
        elif c == "(":
            self._open_paren(f)
        elif c == ")":
            self._close_paren(f)
        elif f.state == CASE_PATTERN and c == "|":
            self.pos = pos + 1
        elif c == ";" and text.startswith((";;", ";&"), pos):
            self.pos = pos + (3 if text.startswith(";;&", pos) else 2)
            self._end_command(f)
            if not f.compounds or f.compounds[-1].kind != "case":
                self._error("`;;` outside of `case`", pos)
                self._fresh(f)
            else:
                if f.need and f.joiner in ("&&", "||", "|"):
                    self._error("a command is missing", pos)
                self._fresh(f)
                f.state = CASE_PATTERN
                f.need = False
        else:
            two = text[pos : min(pos + 2, end)]
            joiner = two if two in ("&&", "||", "|&") else c
            self.pos = pos + len(joiner)
            self._join(f, joiner, pos)

    def _join(self, f: _Frame, joiner: str, pos: int) -> None:
        if f.state in (FOR_IN, FOR_WORDS):
            if joiner != ";":
                self._error("`for` is not complete", pos)
            self._end_command(f)
            self._fresh(f)
            return
        if f.command is None and not f.ready:
            self._error("an operator has no command before it", pos)
        stage = f.stage
        self._end_command(f)
        if joiner in ("|", "|&"):
            pipe = (stage, len(self.script.commands))
            self._fresh(f)
            f.pipe = pipe
            f.piped = True
        else:
            self._fresh(f)
        f.joiner = joiner
        f.need = joiner not in (";", "&")

    def _newline(self, f: _Frame) -> None:
        if f.heredocs:
            f.reading = True
        if f.state in (FOR_IN, FOR_WORDS):
            self._end_command(f)
            self._fresh(f)
            return
        if f.state in (CASE_IN, CASE_PATTERN, CASE_WORD, FOR_NAME, FUNCTION_NAME):
            return
        if f.command is None and not f.ready:
            return
        self._end_command(f)
        self._fresh(f)

    def _condition_operator(self, f: _Frame, c: str) -> None:
        assert f.command is not None
        text, pos = self.text, self.pos
        if c in "<>" and text.startswith("(", pos + 1):
            f.word_start = pos
            f.word_quoted = False
            f.parts = []
            return
        if c == ";":
            self._error("`[[` is not closed", pos)
            self._end_command(f)
            self._fresh(f)
            self.pos = pos + 1
            return
        self.pos = pos + 1
        if c != "\n":
            f.command.words.append(Word(pos, pos + 1, c))

    def _redirect(self, f: _Frame, c: str) -> None:
        text, pos = self.text, self.pos
        if text.startswith("(", pos + 1) and not f.name:
            f.word_start = pos
            f.word_quoted = False
            f.parts = []
            return
        match = _REDIRECT.match(text, pos, self.end)
        operator = match.group() if match else c
        self._start_redirect(f, operator, pos, len(operator))

    def _start_redirect(self, f: _Frame, operator: str, pos: int, length: int) -> None:
        redirect = Redirect(operator, f.name, pos - len(f.name), pos + length)
        f.name = ""
        self.pos = pos + length
        f.redirect = redirect
        if f.state == AFTER_COMPOUND and f.outer_group is not None:
            f.outer_group.redirects.append(redirect)
            return
        if f.command is None:
            f.command = self._new_command(f, pos)
        f.command.redirects.append(redirect)

    def _open_paren(self, f: _Frame) -> None:
        text, pos = self.text, self.pos
        if f.state == CASE_PATTERN:
            self.pos = pos + 1
            return
        if f.state == AT_ARGUMENT or (f.command is not None and f.command.words):
            self._error("an unexpected parenthesis", pos)
            self._end_command(f)
            self._fresh(f)
        if f.state == AFTER_COMPOUND:
            self._error("an unexpected parenthesis", pos)
        if text.startswith("((", pos) and pos not in self.not_arithmetic:
            f.command = self._new_command(f, pos, kind="arithmetic")
            self.pos = pos + 2
            self._push(
                _Frame(ARITH, "))", pos, [], resume=pos, base=-1, steps=len(self.script.steps))
            )
            return
        self.pos = pos + 1
        self._open_compound(f, "subshell", pos)

    def _close_paren(self, f: _Frame) -> None:
        pos = self.pos
        self.pos = pos + 1
        if f.state == CASE_PATTERN:
            self._fresh(f)
            return
        if f.compounds:
            self._end_command(f)
            if f.compounds[-1].kind == "subshell":
                self._close_compound(f, "subshell", pos)
                return
            self._error("a parenthesis closes in the middle of a command", pos)
            if f.closer != ")":
                self._fresh(f)
                return
        if f.closer == ")":
            self.pos = pos
            self._close_list(f, at_end=False)
            return
        self._error("a parenthesis closes that was not opened", pos)
        self._end_command(f)
        self._fresh(f)

    def _close_list(self, f: _Frame, *, at_end: bool) -> None:
        self._finish_word(f)
        if f.state == CONDITION:
            self._error("`[[` is not closed", f.start)
        if f.state in (FOR_NAME, FOR_IN, CASE_WORD, CASE_IN, FUNCTION_NAME):
            self._error("a compound command is not complete", f.start)
        if f.redirect is not None:
            self._error("a redirection has no target", self.pos)
        if f.closer == "array":
            self._error("an array is not closed", f.start)
            self._pop_array(f)
            return
        ready = f.ready or f.command is not None
        self._end_command(f)
        if f.need and not ready:
            self._error("a command is missing at the end", self.pos)
        if f.function is not None:
            self._error("a function has no body", self.pos)
        if f.compounds:
            self._error("a compound command is not closed", f.compounds[-1].start)
            for compound in reversed(f.compounds):
                compound.last = len(self.script.commands)
                self.script.steps.append((CLOSE, compound))
        if f.heredocs:
            self._error("a here-document has no body", self.pos)
        self.frames.pop()
        if f.closer == "":
            return
        group = f.group
        assert group is not None
        if at_end and f.closer == ")":
            self._error("a substitution is not closed", f.start)
        group.last = len(self.script.commands)
        self.script.steps.append((CLOSE, group))
        self.group = group.parent
        self.depth -= 1
        if f.closer == "`":
            self.end = f.saved_end
        self.pos = min(self.pos + 1, self.end)
        parent = self.frames[-1]
        kind = PROCESS if group.kind in ("<(", ">(") else SUBSTITUTION
        parent.parts.append(Part(kind, group.kind, f.quoted, group))

    def _pop_array(self, f: _Frame) -> None:
        self.frames.pop()
        self.frames[-1].parts.append(Part(ARRAY, words=tuple(f.words)))

    # here-documents -----------------------------------------------------------------------------

    def _next_heredoc(self, f: _Frame) -> None:
        if not f.heredocs:
            f.reading = False
            return
        redirect = f.heredocs.pop(0)
        assert redirect.target is not None
        delimiter = literal(redirect.target)
        quoted = redirect.target.quoted
        text, end = self.text, self.end
        pos = body_start = self.pos
        strip = redirect.operator == "<<-"
        while True:
            if pos >= end:
                self._error("a here-document is not closed", redirect.start)
                body_end = after = end
                break
            newline = text.find("\n", pos, end)
            line_end = end if newline < 0 else newline
            line = text[pos:line_end]
            if (line.lstrip("\t") if strip else line) == delimiter:
                body_end = pos
                after = min(line_end + 1, end)
                break
            pos = line_end + 1
        if quoted:
            body = text[body_start:body_end]
            if strip:
                body = re.sub(r"^\t+", "", body, flags=re.M)
            redirect.body = (Part(QUOTED, body, quoted=True),)
            self.pos = after
            return
        frame = _Frame(HEREDOC, "", body_start, [], quoted=True, end=after, saved_end=end)
        frame.redirect_body = redirect
        self.end = body_end
        self._push(frame)

    def _heredoc(self, f: _Frame) -> None:
        text, pos, end = self.text, self.pos, self.end
        if pos >= end:
            self.frames.pop()
            self.end = f.saved_end
            self.pos = f.end
            if f.redirect_body is not None:
                f.redirect_body.body = tuple(f.parts)
            return
        run = _HEREDOC_RUN.match(text, pos, end)
        if run:
            f.parts.append(Part(QUOTED, run.group(), quoted=True))
            self.pos = run.end()
            return
        self._inside_quotes(f, "$`\\\n")

    # quotes, parameters, arithmetic -------------------------------------------------------------

    def _push(self, frame: _Frame) -> None:
        self.frames.append(frame)

    def _open_double(self, f: _Frame, pos: int) -> None:
        f.word_quoted = True
        plain = _DOUBLE_PLAIN.match(self.text, pos, self.end)
        if plain:
            inside = plain[1]
            if "$" not in inside:
                f.parts.append(Part(QUOTED, inside, quoted=True))
            else:
                for text, name in _DOUBLE_PIECE.findall(inside):
                    f.parts.append(
                        Part(VARIABLE, name, True) if name else Part(QUOTED, text, quoted=True)
                    )
            self.pos = plain.end()
            return
        if f.mode in (LIST, PARAM):
            f.parts.append(Part(QUOTED, "", quoted=True))
        self.pos = pos + 1
        self._push(_Frame(DOUBLE, '"', pos, f.parts, quoted=True))

    def _double(self, f: _Frame) -> None:
        text, pos, end = self.text, self.pos, self.end
        if pos >= end:
            self._error("a double quote is not closed", f.start)
            self.frames.pop()
            return
        run = _DOUBLE_RUN.match(text, pos, end)
        if run:
            f.parts.append(Part(QUOTED, run.group(), quoted=True))
            self.pos = run.end()
            return
        c = text[pos]
        if c == '"':
            self.pos = pos + 1
            self.frames.pop()
        elif c == "!":
            self._bang(f, quoted=True)
        else:
            self._inside_quotes(f, '$`"\\\n')

    def _inside_quotes(self, f: _Frame, escapable: str) -> None:
        text, pos, end = self.text, self.pos, self.end
        c = text[pos]
        if c == "\\":
            following = text[pos + 1 : min(pos + 2, end)]
            if following and following in escapable:
                if following != "\n":
                    f.parts.append(Part(QUOTED, following, quoted=True))
                self.pos = pos + 2
            else:
                f.parts.append(Part(QUOTED, "\\", quoted=True))
                self.pos = pos + 1
        elif c == "$":
            self._dollar(f, quoted=True)
        else:
            self._backtick(f, quoted=True)

    def _dollar(self, f: _Frame, *, quoted: bool) -> None:
        text, pos, end = self.text, self.pos, self.end
        following = text[pos + 1 : min(pos + 2, end)]
        if following == "(":
            if text.startswith("((", pos + 1) and pos not in self.not_arithmetic:
                self.pos = pos + 3
                frame = _Frame(ARITH, "))", pos, [], quoted=quoted, resume=pos)
                frame.base = len(f.parts)
                frame.steps = len(self.script.steps)
                self._push(frame)
                return
            self._open_substitution(f, pos, 2, "$(", quoted=quoted)
        elif following == "{":
            self._open_parameter(f, pos, quoted=quoted)
        elif following == "[":
            self.pos = pos + 2
            self._push(_Frame(ARITH, "]", pos, [], quoted=quoted, resume=pos))
        elif following == "'" and not quoted:
            match = _ANSI.match(text, pos + 2, end)
            f.word_quoted = True
            if match is None:
                self._error("a quote is not closed", pos)
                self.pos = end
            else:
                f.parts.append(Part(QUOTED, ansi_c(match.group()[:-1]), quoted=True))
                self.pos = match.end()
        elif following == '"' and not quoted:
            self._open_double(f, pos + 1)
        else:
            name = _DOLLAR.match(text, pos + 1, end)
            if name:
                f.parts.append(Part(VARIABLE, name.group(), quoted))
                self.pos = name.end()
            else:
                f.parts.append(Part(QUOTED if quoted else LITERAL, "$", quoted))
                self.pos = pos + 1

    def _open_parameter(self, f: _Frame, pos: int, *, quoted: bool) -> None:
        match = _PARAMETER.match(self.text, pos + 2, self.end)
        frame = _Frame(PARAM, "}", pos, [], quoted=quoted)
        if match is None:
            frame.name = ""
            self.pos = pos + 2
        else:
            prefix, name, index = match.groups()
            after = self.text[match.end() : match.end() + 1]
            if prefix == "" and name == "#" and after not in ("}", ":", "-", "+", "=", "?"):
                frame.name, frame.operator = "#", "?"
            else:
                frame.name = name
                frame.operator = prefix + (index or "")
            self.pos = match.end()
        self._push(frame)

    def _param(self, f: _Frame) -> None:
        text, pos, end = self.text, self.pos, self.end
        if pos >= end:
            self._error("`${` is not closed", f.start)
            self._pop_param(f)
            return
        run = _PARAM_RUN.match(text, pos, end)
        if run:
            f.parts.append(Part(LITERAL, run.group(), f.quoted))
            self.pos = run.end()
            return
        c = text[pos]
        if c == "}":
            self.pos = pos + 1
            self._pop_param(f)
        elif c == '"':
            self._open_double(f, pos)
        elif c == "'":
            close = text.find("'", pos + 1, end) if not f.quoted else -1
            if close >= 0:
                f.parts.append(Part(QUOTED, text[pos + 1 : close], quoted=True))
                self.pos = close + 1
            else:
                if not f.quoted:
                    self._error("a single quote is not closed", pos)
                f.parts.append(Part(QUOTED, "'", quoted=True))
                self.pos = pos + 1
        elif c == "\\":
            f.parts.append(Part(QUOTED, text[pos + 1 : min(pos + 2, end)], quoted=True))
            self.pos = min(pos + 2, end)
        elif c == "$":
            self._dollar(f, quoted=f.quoted)
        else:
            self._backtick(f, quoted=f.quoted)

    def _pop_param(self, f: _Frame) -> None:
        self.frames.pop()
        if f.name == "":
            self._error("a parameter expansion cannot be read", f.start)
        if not f.parts and not f.operator:
            part = Part(VARIABLE, f.name, f.quoted)
        else:
            part = Part(PARAMETER, f.name, f.quoted, None, f.operator, tuple(f.parts))
            if f.parts and f.parts[0].text.startswith((":=", "=", "@P")):
                self.script.parameters.append((part, f.start, self.pos))
        self.frames[-1].parts.append(part)

    def _arith(self, f: _Frame) -> None:
        text, pos, end = self.text, self.pos, self.end
        if pos >= end:
            self._error("an arithmetic expression is not closed", f.start)
            self._pop_arith(f)
            return
        run = _ARITH_RUN.match(text, pos, end)
        if run:
            self.pos = run.end()
            return
        c = text[pos]
        if c == "(" and f.closer == "))":
            f.depth += 1
            self.pos = pos + 1
            if f.depth > self.max_depth:
                self.script.exhausted = True
        elif c == ")" and f.closer == "))":
            if f.depth:
                f.depth -= 1
                self.pos = pos + 1
            elif text.startswith("))", pos) and pos + 2 <= end:
                self.pos = pos + 2
                self._pop_arith(f)
            else:
                self._retry_as_commands(f)
        elif c == "[" and f.closer == "]":
            f.depth += 1
            self.pos = pos + 1
        elif c == "]" and f.closer == "]":
            self.pos = pos + 1
            if f.depth:
                f.depth -= 1
            else:
                self._pop_arith(f)
        elif c == "$":
            self._dollar(f, quoted=True)
        elif c == "`":
            self._backtick(f, quoted=True)
        elif c == "\\":
            self.pos = min(pos + 2, end)
        else:
            self.pos = pos + 1

    def _pop_arith(self, f: _Frame) -> None:
        self.frames.pop()
        parent = self.frames[-1]
        if f.base == -1:
            assert parent.command is not None
            parent.command.end = self.pos
            looping = self.group is not None and self.group.phase == "for (("
            self._end_command(parent)
            if looping and self.group is not None:
                self.group.phase = ""
            parent.state = AFTER_COMPOUND
            parent.ready = True
            parent.outer_group = None
            return
        parent.parts.append(Part(NUMBER, quoted=f.quoted))

    def _retry_as_commands(self, f: _Frame) -> None:
        """It looked like arithmetic and is a subshell inside: read it again as commands."""
        self.frames.pop()
        script = self.script
        del script.steps[f.steps :]
        self.not_arithmetic.add(f.resume)
        self.pos = f.resume
        if f.base == -1:
            self.frames[-1].command = None

    def _open_substitution(
        self, f: _Frame, pos: int, length: int, kind: str, *, quoted: bool = False
    ) -> None:
        script = self.script
        group = Group(
            kind,
            self.group,
            len(script.commands),
            start=pos,
            number=len(script.groups),
            depth=self.depth,
        )
        owner = self._owner()
        group.fed_by = owner
        script.groups.append(group)
        script.steps.append((OPEN, group))
        if any(frame.heredocs for frame in self.frames[-4:] if frame.mode == LIST):
            newline = self.text.find("\n", pos, self.end)
            close = self.text.find(")", pos, self.end)
            if 0 <= newline < close:
                self._error("a here-document starts inside another command", pos)
        self.group = group
        self.depth += 1
        frame = _Frame(LIST, ")", pos, [], quoted=quoted, group=group)
        frame.stage = len(script.commands)
        self.pos = pos + length
        self._push(frame)

    def _owner(self) -> Command | None:
        """The command whose words are being read."""
        for frame in reversed(self.frames):
            if frame.mode == LIST:
                if frame.reading:
                    return None
                if frame.command is None and frame.state == AT_COMMAND and frame.closer != "array":
                    frame.command = self._new_command(frame, frame.word_start)
                if frame.command is not None:
                    return frame.command
                if frame.closer != "array":
                    return None
        return None

    def _backtick(self, f: _Frame, *, quoted: bool) -> None:
        text, pos, end = self.text, self.pos, self.end
        at = pos + 1
        while True:
            close = text.find("`", at, end)
            if close < 0:
                break
            slashes = 0
            while close - 1 - slashes > pos and text[close - 1 - slashes] == "\\":
                slashes += 1
            if slashes % 2 == 0:
                break
            at = close + 1
        if close < 0:
            self._error("a backtick is not closed", pos)
            close = end
        inside = text[pos + 1 : close]
        if "\\" in inside:
            # The text that runs is another one than stands here: hand it over as such.
            unescaped = re.sub(r'\\([$`\\"])' if quoted else r"\\([$`\\])", r"\1", inside)
            group = Group("`", self.group, 0, start=pos, function=unescaped)
            group.fed_by = self._owner()
            self.script.steps.append((OPEN, group))
            self.script.steps.append((CLOSE, group))
            f.parts.append(Part(SUBSTITUTION, "`", quoted, group))
            self.pos = min(close + 1, end)
            return
        self._open_substitution(f, pos, 1, "$(", quoted=quoted)
        frame = self.frames[-1]
        frame.closer = "`"
        frame.saved_end = end
        self.end = close


def _is_assignment(word: Word, text: str) -> bool:
    if word.text is not None:
        return "=" in word.text and _ASSIGN.match(word.text) is not None
    first = word.parts[0] if word.parts else None
    return first is not None and first.kind == LITERAL and _ASSIGN.match(first.text) is not None


def literal(word: Word) -> str:
    """Dequote a word without expanding anything (here-document delimiters)."""
    if word.text is not None:
        return word.text
    pieces = []
    for part in word.parts:
        if part.kind in (LITERAL, QUOTED):
            pieces.append(part.text)
        elif part.kind == TILDE:
            pieces.append("~" + part.text)
        elif part.kind == VARIABLE:
            pieces.append("$" + part.text)
        else:
            pieces.append(UNKNOWN)
    return "".join(pieces)
