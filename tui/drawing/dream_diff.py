"""A dream as a diff: each operation with what was and what became of it, why, and the evidence."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from agent.protocol.memory import SOURCES
from tui.drawing.memory_words import HELD
from tui.drawing.text import Piece, age, clean, one_line, wrap

if TYPE_CHECKING:
    from agent.protocol.memory import DreamOperation, DreamPart, Side
    from tui.themes.theme import Paint


class _Draw(Protocol):
    """Draws one side of a diff."""

    def __call__(self, sign: str, told: Side | None, *, note: str = "") -> None: ...


KINDS = {
    "merge": "merge",
    "supersede": "supersede",
    "flag": "doubt",
    "quarantine": "hold back",
}
"""What an operation does, in a word."""

SIGNS = {
    "planned": "○",
    "applied": "●",
    "accepted": "✓",
    "undone": "↶",
    "open": "?",
    "declined": "=",
    "settled": "·",
}
"""How an operation or a pair stands, as a sign."""

WORDS = {
    "planned": "would be",
    "applied": "done",
    "accepted": "accepted",
    "undone": "taken back",
    "open": "yours to say",
    "declined": "both stay",
    "settled": "settled",
}
"""The same in words."""

RULES = {
    "stated_over_inferred": "what was stated or observed wins over what was inferred",
    "more_confirmed": "it was confirmed three times or more, and again after the other was seen",
    "later": "the later one wins",
}
"""The rules by which contradictions are decided; docs/dream.md has them."""

OPEN = {
    "merge": "They may say the same; the rules could not tell.",
    "supersede": "They may contradict each other; the rules do not decide it.",
}
"""What a pair is about."""


def text_of(operation: DreamOperation) -> str:
    """The words that an operation is known by in a list."""
    sides = [part.before or part.after for part in operation.parts]
    told = [one_line(side.text) for side in sides if side is not None]
    return (told[-1] if operation.kind == "merge" else told[0]) if told else "(removed)"


def stays(operation: DreamOperation, *, swapped: bool) -> Side | None:
    """Which memory of an open pair would stay: of two alike the fuller, of rivals the later."""
    found = [part.before for part in operation.parts]
    if len(found) != 2 or found[0] is None or found[1] is None:
        return None
    if operation.gone:
        return found[1] if found[0].id == operation.gone else found[0]

    def order(side: Side) -> tuple[float, str]:
        return (len(side.text) if operation.kind == "merge" else side.created_at, side.id)

    first, last = sorted((found[0], found[1]), key=order)
    return first if swapped else last


def lines(
    operation: DreamOperation, now: float, width: int, paint: Paint, *, swapped: bool = False
) -> list[list[Piece]]:
    """Write an operation as a diff, in lines of at most `width` cells."""
    found: list[list[Piece]] = []

    def side(sign: str, told: Side | None, *, note: str = "") -> None:
        style = {"-": paint.bad, "+": paint.good}.get(sign, paint.text)
        text = clean(told.text) if told is not None and told.text else "(its text was removed)"
        first, *rest = wrap([(text, style)], max(8, width - 2))
        found.append([(f"{sign} ", style), *first])
        found.extend([("  ", paint.blank), *line] for line in rest)
        if told is not None:
            known = [SOURCES.get(told.source, told.source)]
            known.append(f"{age(now - told.created_at)} old")
            known += [f"confirmed {told.confirmations} times"] if told.confirmations else []
            about = " · ".join([*([note] if note else []), *known])
            found.extend(
                [("  ", paint.blank), *line]
                for line in wrap([(one_line(about), paint.muted)], max(8, width - 2))
            )

    if operation.proposal:
        _pair(operation, side, swapped=swapped)
    else:
        for part in operation.parts:
            _part(operation, part, side)
        _kept(operation, side)
    found.append([])
    for name, value in _why(operation):
        first, *rest = wrap([(one_line(value), paint.text)], max(8, width - 10))
        found.append([(f"{name:<10}", paint.muted), *first])
        found.extend([(" " * 10, paint.blank), *line] for line in rest)
    return found


def _pair(operation: DreamOperation, side: _Draw, *, swapped: bool) -> None:
    staying = stays(operation, swapped=swapped)
    both = operation.state in ("declined", "settled") or staying is None
    for part in operation.parts:
        if both:
            side(" ", part.before)
        elif part.before is not None and staying is not None and part.before.id == staying.id:
            side("+", part.before, note="stays")
        else:
            side("-", part.before, note="gives way")


def _part(operation: DreamOperation, part: DreamPart, side: _Draw) -> None:
    before, after = part.before, part.after
    if operation.kind == "flag":
        side(" ", before, note="stays, with the doubt beside it")
    elif operation.kind == "quarantine":
        side("-", before, note="held back: no agent is told it")
    elif part.other is None and operation.kind == "merge":
        side("-", before, note="before")
        side("+", after, note="after: it says what the others said besides")
    else:
        side("-", before, note="gives way")


def _kept(operation: DreamOperation, side: _Draw) -> None:
    """Show once which memory stays, unless it is shown already as one that changed."""
    changed = {part.memory_id for part in operation.parts}
    told: set[str] = set()
    for part in operation.parts:
        if part.other is not None and part.other.id not in changed | told:
            told.add(part.other.id)
            side("+", part.other, note="stays")


def _why(operation: DreamOperation) -> list[tuple[str, str]]:
    reason = operation.reason
    told = RULES.get(reason, HELD.get(reason, reason))
    found = [("state", WORDS.get(operation.state, operation.state))]
    if operation.proposal:
        found.append(("why", OPEN[operation.kind]))
        found.append(("alike", f"{operation.likeness:.0%}"))
    elif told:
        found.append(("rule" if operation.kind == "supersede" else "why", told))
    if operation.drift:
        found.append(("doubt", operation.drift))
    found += [("evidence", one) for one in operation.evidence]
    return found
