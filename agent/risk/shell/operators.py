"""Reads what stands between commands: joiners, parentheses, redirections, line ends."""

from __future__ import annotations

import re

from agent.risk.shell.compounds import CompoundReader
from agent.risk.shell.frames import (
    AFTER_COMPOUND,
    ARITH,
    AT_ARGUMENT,
    CASE_IN,
    CASE_PATTERN,
    CASE_WORD,
    CONDITION,
    FOR_IN,
    FOR_NAME,
    FOR_WORDS,
    FUNCTION_NAME,
    Frame,
)
from agent.risk.shell.syntax import (
    ARRAY,
    CLOSE,
    LITERAL,
    PROCESS,
    SUBSTITUTION,
    Part,
    Redirect,
    Word,
)

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


_REDIRECT = re.compile(r"<<<|<<-|<<|<&|<>|<|>>|>&|>\||>")


class OperatorReader(CompoundReader):
    """Reads what stands between commands: joiners, parentheses, redirections."""

    def _operator(self, f: Frame, c: str) -> None:
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

    def _join(self, f: Frame, joiner: str, pos: int) -> None:
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
        if joiner == "&":
            commands = self.script.commands
            # What `&&` and `||` bind runs beside the rest too, from wherever it starts.
            bound = stage < len(commands) and commands[stage].joiner in ("&&", "||")
            self.script.background.append((0 if bound else stage, len(commands)))
        if joiner in ("|", "|&"):
            pipe = (stage, len(self.script.commands))
            self._fresh(f)
            f.pipe = pipe
            f.piped = True
        else:
            self._fresh(f)
        f.joiner = joiner
        f.need = joiner not in (";", "&")

    def _newline(self, f: Frame) -> None:
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

    def _condition_operator(self, f: Frame, c: str) -> None:
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

    def _redirect(self, f: Frame, c: str) -> None:
        text, pos = self.text, self.pos
        if text.startswith("(", pos + 1) and not f.name:
            f.word_start = pos
            f.word_quoted = False
            f.parts = []
            return
        match = _REDIRECT.match(text, pos, self.end)
        operator = match.group() if match else c
        self._start_redirect(f, operator, pos, len(operator))

    def _start_redirect(self, f: Frame, operator: str, pos: int, length: int) -> None:
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

    def _open_paren(self, f: Frame) -> None:
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
                Frame(ARITH, "))", pos, [], resume=pos, base=-1, steps=len(self.script.steps))
            )
            return
        self.pos = pos + 1
        self._open_compound(f, "subshell", pos)

    def _close_paren(self, f: Frame) -> None:
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

    def _close_list(self, f: Frame, *, at_end: bool) -> None:
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

    def _pop_array(self, f: Frame) -> None:
        self.frames.pop()
        self.frames[-1].parts.append(Part(ARRAY, words=tuple(f.words)))

    def _finish_word(self, f: Frame, *, before_redirect: bool = False) -> None:
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
