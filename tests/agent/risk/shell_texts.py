# ruff: noqa: E501 - tables of cases read better unbroken
"""Shell text drawn at random: complete by a grammar, or with a piece lost, doubled or moved."""

from __future__ import annotations

import random


class Grammar:
    """Draws from most of bash's grammar; the words are harmless."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self.pending: list[str] = []

    def text(self) -> str:
        """A whole text."""
        text = self.list(self.chance.randrange(1, 4))
        return self._close(text)

    def broken(self) -> str:
        """The same with something wrong (most of the time)."""
        text = self.text()
        for _ in range(self.chance.randrange(1, 3)):
            at = self.chance.randrange(len(text) + 1)
            how = self.chance.randrange(4)
            if how == 0:
                text = text[:at] + text[at + 1 :]
            elif how == 1:
                text = text[:at] + self.chance.choice(_PIECES) + text[at:]
            elif how == 2:
                text = text[:at]
            else:
                to = self.chance.randrange(len(text) + 1)
                text = text[:at] + text[to : to + 3] + text[at:]
        return text

    def _close(self, text: str) -> str:
        """Here-documents opened on a line have their bodies after it."""
        if not self.pending:
            return text
        bodies, self.pending = self.pending, []
        return text + "\n" + "\n".join(bodies) + "\n"

    def list(self, depth: int) -> str:
        out = []
        for _ in range(self.chance.choice([1, 1, 2, 3])):
            out.append(self.pipeline(depth))
            out.append(self.chance.choice(["; ", " && ", " || ", "\n", "\n", " & "]))
            if out[-1] == "\n":
                out[-2:] = [self._close(out[-2])] if self.pending else out[-2:]
                if not out[-1].endswith("\n"):
                    out.append("\n")
        text = "".join(out)
        for end in (" && ", " || "):
            text = text.removesuffix(end)
        return text.rstrip() if not self.pending else text.rstrip(" ;&")

    def pipeline(self, depth: int) -> str:
        if self.chance.random() < 0.15:
            # Before compounds, `!` and `time` confuse the oracles: tree-sitter reads `for` as a
            # command then, and bash 5.2 refuses `$(time if a; then b; fi)` in places.
            return self.chance.choice(["! ", "time "]) + self.simple(depth)
        parts = [self.command(depth) for _ in range(self.chance.choice([1, 1, 1, 2, 3]))]
        return " | ".join(parts)

    def command(self, depth: int) -> str:
        if depth <= 0 or self.chance.random() < 0.45:
            return self.simple(depth)
        inner = self._closed(depth - 1)
        kind = self.chance.randrange(14)
        word = self.word(depth - 1)
        if kind == 0:
            return f"if {inner}\nthen {self._closed(depth - 1)}\nelse {self._closed(0)}\nfi"
        if kind == 1:
            return f"while {inner}\ndo {self._closed(depth - 1)}\ndone"
        if kind == 2:
            return f"for x in {word} {self.word(0)}; do {inner}\ndone"
        if kind == 3:
            return f"for ((i=0; i<$(echo 3); i++)); do {inner}\ndone"
        if kind == 4:
            return f"case {word} in (a|b*) {inner}\n;; *) {self._closed(0)}\nesac"
        if kind == 5:
            return f"{{ {inner}\n}} > out"
        if kind == 6:
            return f"( {inner}\n)"
        if kind == 7:
            return f"f{depth}() {{ {inner}\n}}"
        if kind == 8:
            return f"function g {{ {inner}\n}}"
        if kind == 9:
            return f"[[ -n {word} && ( a = b* || 1 -lt 2 ) ]]"
        if kind == 10:
            return "(( x = 1 + $(echo 2) , y << 2 ))"
        if kind == 11:
            return f"until {inner}\ndo break; done < /dev/null"
        if kind == 12:
            return f"coproc {{ {inner}\n}}"
        return f"select x in a b; do {inner}\nbreak; done"

    def _closed(self, depth: int) -> str:
        saved, self.pending = self.pending, []
        text = self._close(self.list(depth))
        self.pending = saved
        return text

    def simple(self, depth: int) -> str:
        words = [self.chance.choice(["echo", "true", "ls", "cat", "./x", "[", "c" + "d"])]
        if words[0] == "[":
            return f"[ -n {self.word(depth - 1)} ]"
        words += [self.word(depth - 1) for _ in range(self.chance.randrange(4))]
        if self.chance.random() < 0.2:
            words.insert(0, f"A={self.word(0)}")
        if self.chance.random() < 0.25:
            words.append(self._redirect(depth))
        return " ".join(words)

    def _redirect(self, depth: int) -> str:
        kind = self.chance.randrange(7)
        if kind == 0:
            name = self.chance.choice(["E", "'E'", "\\E"])
            inner = "$(echo in)" if name == "E" else "$(not read"
            self.pending.append(f"text {inner} 'quote\nE")
            return f"<<{name}"
        if kind == 1:
            self.pending.append("\ttabs\n\tEND")
            return "<<-END"
        if kind == 2:
            return f"<<< {self.word(depth - 1)}"
        return self.chance.choice(["> out", "2>&1", ">> log", "&> all", "3< in", "{fd}> x", ">| y"])

    def word(self, depth: int) -> str:
        kind = self.chance.randrange(18)
        if depth > 0 and kind < 6:
            inner = self._closed(depth - 1)
            if kind == 0:
                return f"$({inner}\n)"
            if kind == 1:
                return f'"a $({inner}\n) b"'
            if kind == 2:
                return f"<({inner}\n)"
            if kind == 3:
                return f"${{x:-$({inner}\n)}}"
            if kind == 4:
                return f"$(( 1 + $({inner}\n) ))"
            return f"x{{a,$({inner}\n)}}"
        return self.chance.choice(
            [
                "a", "b c".replace(" ", "\\ "), "'single ; | & ( quoted'", '"double $x `echo y` ; )"',
                "$'ansi\\'c\\n'", "${x}", "${x#*/}", "${#x}", "${x//a/b}", "${a[@]}", "$((1 << 2))", "$1", "$@",
                "`echo old`", "{1..3}", "*.txt", "~", "\\$", "-n", "a#b", "x=y", "$\"loc\"", "\"${x:-\"in\"}\"",
                "!", "in", "do", "esac", "@", "a\\\nb", "''", "${x@Q}", "${!x}", "[a-z]*", "+x",
            ]
        )  # fmt: skip


_PIECES = [
    "'", '"', "`", "(", ")", "{ ", "}", ";", "&", "|", "\n", "<", ">", "<<E", "$(", "${", "if ", "fi",
    "then ", "do ", "done", "case ", "esac", "in ", ";;", "[[ ", " ]]", "((", "))", "\\", "#", "!", "&&",
    "function ", "time ", "coproc ", "x=(", "$'", "<(", "=", "*", "\t",
]  # fmt: skip
