"""Why an action waits and what it does, without saying the same thing twice.

The gate's reasons name kinds of things (`rewrites a shared branch on the remote`), its effect the
things themselves (`rewrites a shared branch on origin`). Where both begin alike, what is more in
the effect follows the reason: `rewrites a shared branch on the remote: origin`.
"""

from __future__ import annotations

from collections.abc import Sequence

BETWEEN = "; "
"""Between two effects, as `agent.risk` writes them."""

MORE = "and "
"""How the last one begins where only some are told."""


def said_once(reasons: Sequence[str], effect: str) -> tuple[str, str]:
    """Fold an effect into the reasons that say the same.

    Args:
        reasons: Why it waits, the weightiest first.
        effect: What happens, parts joined by `BETWEEN`.

    Returns:
        The reasons as lines, and what is left of the effect, which is often nothing. No word of
        either is lost.
    """
    lines = [[reason] for reason in reasons]
    left: list[str] = []
    last: list[str] | None = None
    for part in effect.split(BETWEEN) if effect else ():
        if last is not None and part.startswith(MORE):
            last.append(part)
            continue
        line = _best(part, reasons, lines)
        last = line
        if line is None:
            left.append(part)
        else:
            _fold(part, line)
    why = "\n".join(f"{line[0]}: {', '.join(line[1:])}" if line[1:] else line[0] for line in lines)
    return why, BETWEEN.join(left)


def without(text: str, effect: str, reasons: Sequence[str]) -> str:
    """Leave out of an effect what only repeats the text of the gate that stands above it.

    That is the text itself, or a verb that a reason begins with and the text: `writes /srv/x`.
    """
    verb = effect.removesuffix(f" {text}") if text else effect
    repeats = verb != effect and any(reason.startswith(f"{verb} ") for reason in reasons)
    return "" if effect == text or repeats else effect


def _best(part: str, reasons: Sequence[str], lines: list[list[str]]) -> list[str] | None:
    """The line whose reason begins most like a part of the effect; None where two do alike."""
    alike = [_alike(part, reason) for reason in reasons]
    most = max(alike, default=0)
    return lines[alike.index(most)] if most and alike.count(most) == 1 else None


def _alike(part: str, reason: str) -> int:
    """How many words both begin with; all of them where one holds the other."""
    one, other = _words(part), _words(reason)
    if _holds(part, reason) or _holds(reason, part):
        return max(len(one), len(other))
    same = 0
    for mine, theirs in zip(one, other, strict=False):
        if mine != theirs:
            break
        same += 1
    return same


def _fold(part: str, line: list[str]) -> None:
    reason = line[0]
    if _holds(part, reason):
        line[0] = part
    elif not _holds(reason, part):
        line.append(" ".join(part.split()[_alike(part, reason) :]))


def _holds(text: str, other: str) -> bool:
    """Whether all words of another text stand in this one, side by side."""
    return f" {' '.join(_words(other))} " in f" {' '.join(_words(text))} "


def _words(text: str) -> list[str]:
    return [word.rstrip(",") for word in text.split()]
