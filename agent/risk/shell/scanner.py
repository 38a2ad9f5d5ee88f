"""Reads shell text the way bash does, far enough to name every command that could run.

One pass, linear time, an explicit stack instead of recursion. It over-approximates: where bash
would decide at run time (branches, loops, functions never called) everything counts. What is not
complete shell is reported in `Script.errors`; the commands found before and after it still count.
"""

from __future__ import annotations

import re

from agent.risk.shell.compounds import ASSIGN
from agent.risk.shell.frames import AT_ARGUMENT, AT_COMMAND, LIST, Frame
from agent.risk.shell.operators import OperatorReader
from agent.risk.shell.syntax import LITERAL, QUOTED, TILDE, Command, Part, Script, Word

_PLAIN = re.compile(r"[A-Za-z0-9_./:@%+,=^\-]+(?=[ \t\n;|&)]|\Z)")


_PLAIN_WORDS = re.compile(r"(?:[ \t]+[A-Za-z0-9_./:@%+,=^\-]+(?=[ \t\n;|&)]|\Z)){1,8192}")


_BLANK = re.compile(r"(?:[ \t]+|\\\n)+")


_made = tuple.__new__


_RUN = re.compile(r"[^ \t\n'\"\\$`;&|<>()!]+")


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


class _Scanner(OperatorReader):
    """The state of one scan; see `scan`."""

    def run(self) -> None:
        """Scan to the end, or until a budget is spent."""
        handlers = (self._list, self._double, self._param, self._arith, self._heredoc)
        frames = self.frames
        frames.append(Frame(LIST, "", 0, []))
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

    def _list(self, f: Frame) -> None:
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

    def _plain_words(self, f: Frame, command: Command) -> None:
        """Take the arguments that need no closer look, all at once."""
        run = _PLAIN_WORDS.match(self.text, self.pos, self.end)
        if run is None or f.closer == "array":
            return
        words, text, at = command.words, self.text, self.pos
        for piece in run.group().split():
            at = text.index(piece, at)
            start, at = at, at + len(piece)
            # Most words are such; the class's own way of making one takes twice as long.
            words.append(_made(Word, (start, at, piece, (), False)))
        self.pos = command.end = at

    def _word_piece(self, f: Frame) -> None:
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

    def _paren_in_word(self, f: Frame) -> None:
        """`name()`, `name=(…)`, an extended glob, or the end of the word."""
        text, pos = self.text, self.pos
        last = f.parts[-1]
        so_far = text[f.word_start : pos]
        assign = ASSIGN.fullmatch(so_far)
        if assign and f.state in (AT_COMMAND, AT_ARGUMENT):
            self._push(Frame(LIST, "array", pos, [], base=len(self.script.commands)))
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
