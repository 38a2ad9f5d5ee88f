"""Reads words in command position: reserved words, functions, assignments."""

from __future__ import annotations

import re

from agent.risk.arguments import wordlist
from agent.risk.shell.expansions import ExpansionReader
from agent.risk.shell.frames import (
    AFTER_COMPOUND,
    ARITH,
    AT_ARGUMENT,
    AT_COMMAND,
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
from agent.risk.shell.syntax import CLOSE, LITERAL, OPEN, UNKNOWN, Group, Word

_INDEXED = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\[[^\]=]*$")
ASSIGN = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)(\[[^\]]*\])?(\+?)=")


_EMPTY_PARENS = re.compile(r"[ \t]*\([ \t]*\)")


_COPROC_NAME = re.compile(
    r"[ \t]+([A-Za-z_][A-Za-z0-9_]*)"
    r"(?=[ \t]+(?:[({]|\[\[[ \t]|(?:while|until|for|if|case|select)[ \t]))"
)


_OPENERS = {"if": "if", "while": "loop", "until": "loop", "{": "brace"}


_CLOSERS = {"fi": "if", "done": "loop", "}": "brace", "esac": "case"}


_MIDDLE = {"then": ("if",), "elif": ("if",), "else": ("if",), "do": ("loop",)}


RESERVED = frozenset(
    wordlist(
        "if then elif else fi while until do done for select case esac in function { } ! time"
        " coproc [["
    )
)


class CompoundReader(ExpansionReader):
    """Knows the reserved words and what they open and close."""

    def _reserved(self, f: Frame, plain: str, word: Word) -> bool:
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
                self._push(Frame(ARITH, "))", self.pos, [], resume=self.pos, base=-1))
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

    def _open_compound(self, f: Frame, kind: str, start: int) -> Group:
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

    def _close_compound(self, f: Frame, kind: str, at: int) -> None:
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

    def _command_word(self, f: Frame, word: Word) -> None:
        plain = word.text
        command = f.command
        fresh = command is None or (not command.assigns and not command.redirects)
        if plain is not None and fresh and not word.quoted:
            if plain in RESERVED:
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

    def _add_word(self, f: Frame, word: Word) -> None:
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
            elif plain is None:
                # What is expanded in a pattern is expanded for the comparison.
                f.command = self._new_command(f, word.start, kind="case")
                f.command.words.append(word)
                self._end_command(f)
        elif state == FUNCTION_NAME:
            f.function = plain or UNKNOWN
            f.state = AT_COMMAND
            parens = _EMPTY_PARENS.match(self.text, self.pos, self.end)
            if parens:
                self.pos = parens.end()


def _is_assignment(word: Word, text: str) -> bool:
    if word.text is not None:
        return "=" in word.text and ASSIGN.match(word.text) is not None
    first = word.parts[0] if word.parts else None
    if first is None or first.kind != LITERAL:
        return False
    if ASSIGN.match(first.text) is not None:
        return True
    if _INDEXED.match(first.text) is None:
        return False
    # `seen[$key]=1`: what ends the index is not quoted, and `=` stands right behind it.
    for part in word.parts[1:]:
        if part.kind == LITERAL and not part.quoted and "]" in part.text:
            return part.text.partition("]")[2].startswith(("=", "+="))
    return False
