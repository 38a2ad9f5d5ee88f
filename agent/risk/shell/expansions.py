"""Reads quotes, parameters, arithmetic, substitutions and here-documents."""

from __future__ import annotations

import re

from agent.risk.shell.frames import (
    AFTER_COMPOUND,
    ARITH,
    DOUBLE,
    HEREDOC,
    LIST,
    PARAM,
    Frame,
    Reader,
)
from agent.risk.shell.syntax import (
    CLOSE,
    HISTORY,
    LITERAL,
    NUMBER,
    OPEN,
    PARAMETER,
    QUOTED,
    SUBSTITUTION,
    UNKNOWN,
    VARIABLE,
    Group,
    Part,
    ansi_c,
    literal,
)

_DOUBLE_RUN = re.compile(r"[^\"\\$`!]+")


# Nothing possessive here or elsewhere: Python 3.11.0 to 3.11.2 match that wrongly. The name's end
# is fixed by the lookahead, so that there is one way only to read a text.
_DOUBLE_PLAIN = re.compile(
    r"\"([^\"\\$`!]*(?:\$[A-Za-z_][A-Za-z0-9_]*(?![A-Za-z0-9_])[^\"\\$`!]*)*)\""
)


_DOUBLE_PIECE = re.compile(r"([^$]+)|\$([A-Za-z_][A-Za-z0-9_]*)")


_HEREDOC_RUN = re.compile(r"[^\\$`]+")


_PARAM_RUN = re.compile(r"[^\"'\\$`}]+")


_ARITH_RUN = re.compile(r"[^\"'\\$`()\[\]]+")


_MAX_EXPRESSION = 4_096
"""Characters of one arithmetic expression whose names are looked at."""


_DOLLAR = re.compile(r"[A-Za-z_][A-Za-z0-9_]*|[@*#?$!0-9\-]")


_PARAMETER = re.compile(r"([!#]?)([A-Za-z_][A-Za-z0-9_]*|[0-9]+|[@*#?$!\-])(\[[^\]\[${}`'\"]*\])?")


_ANSI = re.compile(r"(?:[^'\\]|\\.)*'", re.S)


_HISTORY = re.compile(r"![!$*?^A-Za-z0-9\-]")


class ExpansionReader(Reader):
    """Reads what stands behind `$`, backticks and quotes, and here-documents."""

    def _bang(self, f: Frame, *, quoted: bool) -> None:
        """A `!` may stand for earlier words; shells that take it as it is read on behind it."""
        if _HISTORY.match(self.text, self.pos, self.end):
            f.parts.append(Part(HISTORY, "!", quoted=quoted))
        else:
            f.parts.append(Part(QUOTED if quoted else LITERAL, "!", quoted=quoted))
        self.pos += 1

    def _next_heredoc(self, f: Frame) -> None:
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
        frame = Frame(HEREDOC, "", body_start, [], quoted=True, end=after, saved_end=end)
        frame.redirect_body = redirect
        self.end = body_end
        self._push(frame)

    def _heredoc(self, f: Frame) -> None:
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

    def _open_double(self, f: Frame, pos: int) -> None:
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
        self._push(Frame(DOUBLE, '"', pos, f.parts, quoted=True))

    def _double(self, f: Frame) -> None:
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

    def _inside_quotes(self, f: Frame, escapable: str) -> None:
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

    def _dollar(self, f: Frame, *, quoted: bool) -> None:
        text, pos, end = self.text, self.pos, self.end
        following = text[pos + 1 : min(pos + 2, end)]
        if following == "(":
            if text.startswith("((", pos + 1) and pos not in self.not_arithmetic:
                self.pos = pos + 3
                frame = Frame(ARITH, "))", pos, [], quoted=quoted, resume=pos)
                frame.base = len(f.parts)
                frame.steps = len(self.script.steps)
                self._push(frame)
                return
            self._open_substitution(f, pos, 2, "$(", quoted=quoted)
        elif following == "{":
            self._open_parameter(f, pos, quoted=quoted)
        elif following == "[":
            self.pos = pos + 2
            self._push(Frame(ARITH, "]", pos, [], quoted=quoted, resume=pos))
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

    def _open_parameter(self, f: Frame, pos: int, *, quoted: bool) -> None:
        match = _PARAMETER.match(self.text, pos + 2, self.end)
        frame = Frame(PARAM, "}", pos, [], quoted=quoted)
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

    def _param(self, f: Frame) -> None:
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

    def _pop_param(self, f: Frame) -> None:
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

    def _arith(self, f: Frame) -> None:
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

    def _pop_arith(self, f: Frame) -> None:
        self.frames.pop()
        parent = self.frames[-1]
        if f.base == -1:
            assert parent.command is not None
            parent.command.end = self.pos
            parent.command.counted = self._counted(f)
            looping = self.group is not None and self.group.phase == "for (("
            self._end_command(parent)
            if looping and self.group is not None:
                self.group.phase = ""
            parent.state = AFTER_COMPOUND
            parent.ready = True
            parent.outer_group = None
            return
        parent.parts.append(self._counted(f))

    def _counted(self, f: Frame) -> Part:
        """The expression with what is expanded in it; the text of a very long one is left out."""
        text = self.text[f.start : self.pos] if self.pos - f.start <= _MAX_EXPRESSION else UNKNOWN
        return Part(NUMBER, text, f.quoted, None, "", tuple(f.parts))

    def _retry_as_commands(self, f: Frame) -> None:
        """It looked like arithmetic and is a subshell inside: read it again as commands."""
        self.frames.pop()
        script = self.script
        del script.steps[f.steps :]
        self.not_arithmetic.add(f.resume)
        self.pos = f.resume
        if f.base == -1:
            self.frames[-1].command = None

    def _open_substitution(
        self, f: Frame, pos: int, length: int, kind: str, *, quoted: bool = False
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
        frame = Frame(LIST, ")", pos, [], quoted=quoted, group=group)
        frame.stage = len(script.commands)
        self.pos = pos + length
        self._push(frame)

    def _backtick(self, f: Frame, *, quoted: bool) -> None:
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
