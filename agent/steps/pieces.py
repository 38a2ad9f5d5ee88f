"""Judges what an approved line turns out to run, where its text could not tell.

A person who approves `eval "$x"` has not seen what `$x` holds. The shell asks about each piece
right before it runs (`tungsten.shell.pieces`, which says what counts as one): a piece that needs a
decision of its own and does not stand in the approved text is refused, with all after it.

Lines that run files behind something that takes its time are asked about as well: a piece whose
files have changed since the line was judged is judged again, at the bytes that are there then.
Other lines are not slowed down: every piece of theirs was judged in the text already.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from agent.actions import RunCommand
from agent.risk import Assessment, Context, Risk, assess
from agent.risk.commands.script_files import read_script
from agent.risk.evaluation.findings import OPAQUE

CHANGED = "what it runs has changed since it was judged"
"""How the reason begins where a piece is refused for its files."""

_ONE = re.compile(r"\b1(?=>)")
_BLANK = re.compile(rf"\\\n|\s+|{_ONE.pattern}")
"""How bash writes a piece differs in these from how it stands in the line."""

_GAP = r"(?:\s|\\\n)"
_OPERATORS = frozenset("<>|&;()")
"""Beside these bash puts blanks, or leaves them out."""

_QUOTES = frozenset("'\"")
_BEFORE = rf"(?:\A|[;&|(){{\n`!'\"]|\b(?:if|then|elif|else|while|until|do|time|coproc)\s){_GAP}*"
_AFTER = r"[^\S\n]*(?=\Z|[;&|)\n`'\"]|(?<=\s)#)"
"""What a whole command stands between."""


class Pieces:
    """The pieces of one approved line.

    Attributes:
        why: why the piece that was refused needs a decision of its own; empty if none was.
    """

    def __init__(
        self,
        action: RunCommand,
        context: Context,
        pid: int,
        reads: Iterable[tuple[Path, str]] = (),
        *,
        left_open: bool = True,
    ) -> None:
        """Take in what was judged.

        Args:
            action: the line.
            context: where it was judged.
            pid: the shell's process.
            reads: files that were read to judge it, with their digests.
            left_open: a person approved it though its text does not tell what runs.
        """
        self.why = ""
        self._text = action.text
        self._solid = _BLANK.sub("", action.text)
        self._pane_id = action.pane_id
        self._context = replace(context, history=(*context.history, action.text))
        self._pid = pid
        self._reads = {str(path): digest for path, digest in reads}
        self._left_open = left_open

    @staticmethod
    def worth_asking(assessment: Assessment) -> bool:
        """Say whether the text left open what it runs."""
        return OPAQUE in assessment.reasons

    async def allow(self, piece: str) -> bool:
        """Say whether a piece may run. It is judged where the line began and where it is now."""
        action = RunCommand(piece, self._pane_id)
        if not self._left_open or (
            _BLANK.sub("", piece) in self._solid and _stands_in(piece, self._text)
        ):
            changed = await asyncio.to_thread(self._changed)
            return not changed or self._holds(action, changed)
        for cwd in {self._context.cwd, self._now()}:
            try:
                # In a thread: what is judged with all that came before may take long.
                found = await asyncio.to_thread(assess, action, replace(self._context, cwd=cwd))
            except Exception as error:  # noqa: BLE001 - a judge that died lets nothing through
                self.why = f"could not be judged ({type(error).__name__})"
                return False
            if found.risk is Risk.HIGH or found.denied_by or found.asked_by:
                rule = found.denied_by or found.asked_by
                self.why = found.reasons[0] if found.reasons else f"your rule {rule}"
                return False
        return True

    def _changed(self) -> set[str]:
        """The files that do not hold any more what was judged."""
        now: dict[str, str] = {}
        for path in self._reads:
            read_script(path, now)
        return {path for path, digest in self._reads.items() if now.get(path, "") != digest}

    def _holds(self, action: RunCommand, changed: set[str]) -> bool:
        """Say whether a piece may run with the files that have changed; others are as judged."""
        for cwd in {self._context.cwd, self._now()}:
            # Without what the line itself wrote: now the disk tells.
            found = assess(action, replace(self._context, cwd=cwd, history=()))
            if changed.isdisjoint(str(path) for path, _ in found.reads):
                continue
            if found.risk is Risk.HIGH or found.denied_by:
                reason = found.reasons[0] if found.reasons else ""
                self.why = f"{CHANGED}: {reason}"
                return False
        return True

    def _now(self) -> Path:
        try:
            return Path(f"/proc/{self._pid}/cwd").readlink()
        except OSError:
            return self._context.cwd


def _stands_in(piece: str, text: str) -> bool:
    """Say whether a piece is a whole command of a text: `rm -rf /` is none of `rm -rf /tmp/x`."""
    return any(
        not _divided(text, found.start(), opens=True)
        and not _divided(text, found.end(), opens=False)
        for found in re.finditer(_BEFORE + _as_typed(piece) + _AFTER, text)
    )


def _as_typed(piece: str) -> str:
    """Write the pattern of what bash may have made this piece of."""
    pattern, last, blank = "", "", False
    for character in _ONE.sub("", piece).strip():
        if character.isspace():
            blank = True
            continue
        if last in _OPERATORS or character in _OPERATORS:
            pattern += f"{_GAP}*"
        elif blank:
            pattern += f"{_GAP}+"
        pattern += (r"(?:\b1)?" if character == ">" else "") + re.escape(character)
        last, blank = character, False
    return pattern


def _divided(text: str, at: int, *, opens: bool) -> bool:
    """Say whether a word goes on over a quote that stands there: it opens or closes only inside."""
    quote = text[at : at + 1]
    return quote in _QUOTES and text.count(quote, 0, at) % 2 == (1 if opens else 0)
