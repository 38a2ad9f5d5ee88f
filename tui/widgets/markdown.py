"""Markdown as lines of styled text, growing at its end without being drawn anew.

The source of a streaming block only grows. All but the last two of its top-level blocks can no
longer change, so they are laid out once; each new fragment costs the layout of those two only.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache

from markdown_it import MarkdownIt
from markdown_it.tree import SyntaxTreeNode
from rich.cells import cell_len
from rich.style import Style

from tui.drawing.text import Piece, clean, fit, wrap
from tui.themes.theme import Paint
from tui.widgets.code import highlighted

Line = list[Piece]

OPEN_BLOCKS = 2
"""Top-level blocks at the end that may still change: `1` after a list may become its next item."""

DEEPEST = 12
"""Levels of nesting that are indented; deeper ones are drawn at this one."""


@lru_cache(maxsize=1)
def _parser() -> MarkdownIt:
    return MarkdownIt("commonmark").enable(["table", "strikethrough"])


class GrowingMarkdown:
    """One Markdown text at one width."""

    def __init__(self, width: int, paint: Paint) -> None:
        self.width = width
        self.paint = paint
        self._settled: list[Line] = []
        self._settled_to = 0
        self._source = ""

    def lines(self, source: str) -> list[Line]:
        """Lay out the text; cheap when `source` begins with the one given before."""
        if not source.startswith(self._source):
            self._settled, self._settled_to = [], 0
        self._source = source
        rest = source[self._settled_to :]
        nodes = _top_level(clean(rest) if rest else "")
        if len(nodes) > OPEN_BLOCKS and "\r" not in rest and "\x1b" not in rest:
            # Cleaning keeps line feeds where they are, so line numbers hold for the source too.
            first_open = nodes[-OPEN_BLOCKS].map
            if first_open is not None:
                for node in nodes[:-OPEN_BLOCKS]:
                    self._settle(node)
                self._settled_to += _offset_of_line(rest, first_open[0])
                nodes = nodes[-OPEN_BLOCKS:]
        lines = list(self._settled)
        for node in nodes:
            if lines:
                lines.append([])
            lines += _draw(node, self.width, self.paint, 0)
        return lines

    def _settle(self, node: SyntaxTreeNode) -> None:
        if self._settled:
            self._settled.append([])
        self._settled += _draw(node, self.width, self.paint, 0)


def _top_level(source: str) -> Sequence[SyntaxTreeNode]:
    return SyntaxTreeNode(_parser().parse(source)).children


def _offset_of_line(text: str, line: int) -> int:
    offset = 0
    for _ in range(line):
        offset = text.index("\n", offset) + 1
    return offset


def _draw(node: SyntaxTreeNode, width: int, paint: Paint, depth: int) -> list[Line]:
    width = max(8, width)
    drawing = _BLOCKS.get(node.type)
    if drawing is not None:
        return drawing(node, width, paint, depth)
    if node.children:
        return _children(node, width, paint, depth)
    return wrap([(node.content, paint.text)], width) if node.content else []


def _children(
    node: SyntaxTreeNode, width: int, paint: Paint, depth: int, *, tight: bool = False
) -> list[Line]:
    lines: list[Line] = []
    for child in node.children:
        if lines and not tight:
            lines.append([])
        lines += _draw(child, width, paint, depth)
    return lines


def _paragraph(node: SyntaxTreeNode, width: int, paint: Paint, depth: int) -> list[Line]:
    return wrap(_inline(node, paint.text, paint), width)


def _heading(node: SyntaxTreeNode, width: int, paint: Paint, depth: int) -> list[Line]:
    lines = wrap(_inline(node, paint.heading, paint), width)
    if node.tag == "h1":
        longest = max((sum(cell_len(text) for text, _ in line) for line in lines), default=0)
        lines.append([("─" * longest, paint.faint)])
    return lines


def _fence(node: SyntaxTreeNode, width: int, paint: Paint, depth: int) -> list[Line]:
    info = node.info.split()
    return code_lines(node.content, info[0] if info else "", width, paint)


def code_lines(source: str, language: str, width: int, paint: Paint) -> list[Line]:
    """Draw code with a line at its left; long lines are wrapped, nothing is lost."""
    edge: Piece = ("▏", paint.faint)
    lines: list[Line] = []
    for pieces in highlighted(source.rstrip("\n"), language, paint):
        lines += [[edge, *line] for line in wrap(pieces, width - 1)]
    return lines


def _quote(node: SyntaxTreeNode, width: int, paint: Paint, depth: int) -> list[Line]:
    inner = _children(node, width - 2, paint, depth + 1)
    return [[("▎ ", paint.muted), *line] for line in inner]


def _bullets(node: SyntaxTreeNode, width: int, paint: Paint, depth: int) -> list[Line]:
    return _items(node, width, paint, depth, lambda _: "• ")


def _numbers(node: SyntaxTreeNode, width: int, paint: Paint, depth: int) -> list[Line]:
    start = node.attrs.get("start", 1)
    first = int(start) if isinstance(start, int | str) else 1
    digits = len(str(first + len(node.children) - 1))
    return _items(node, width, paint, depth, lambda index: f"{first + index:>{digits}}. ")


def _items(
    node: SyntaxTreeNode, width: int, paint: Paint, depth: int, mark: Callable[[int], str]
) -> list[Line]:
    lines: list[Line] = []
    for index, item in enumerate(node.children):
        tight = any(child.hidden for child in item.children)
        if lines and not tight:
            lines.append([])
        label = mark(index)
        indent = len(label) if depth < DEEPEST else 0
        inner = _children(item, width - indent, paint, depth + 1, tight=tight) or [[]]
        lines.append([(label[:indent], paint.muted), *inner[0]])
        lines += [[(" " * indent, paint.blank), *line] for line in inner[1:]]
    return lines


def _rule(node: SyntaxTreeNode, width: int, paint: Paint, depth: int) -> list[Line]:
    return [[("─" * width, paint.rule)]]


def _table(node: SyntaxTreeNode, width: int, paint: Paint, depth: int) -> list[Line]:
    rows: list[tuple[bool, list[list[Piece]]]] = []
    for part in node.children:
        head = part.type == "thead"
        for row in part.children:
            style = paint.heading if head else paint.text
            rows.append((head, [_inline(cell, style, paint) for cell in row.children]))
    columns = max((len(cells) for _, cells in rows), default=0)
    if not columns:
        return []
    widths = [1] * columns
    for _, cells in rows:
        for index, pieces in enumerate(cells):
            widths[index] = max(widths[index], sum(cell_len(text) for text, _ in pieces))
    room = width - 3 * (columns - 1)
    while sum(widths) > room and max(widths) > 4:
        widths[widths.index(max(widths))] -= 1
    lines: list[Line] = []
    for head, cells in rows:
        wrapped = [wrap(pieces, widths[index]) for index, pieces in enumerate(cells)]
        wrapped += [[[]]] * (columns - len(wrapped))
        for row_line in range(max(len(cell) for cell in wrapped)):
            line: Line = []
            for index, cell in enumerate(wrapped):
                pieces = cell[row_line] if row_line < len(cell) else []
                used = sum(cell_len(text) for text, _ in pieces)
                line += [*pieces, (" " * (widths[index] - used), paint.blank)]
                if index < columns - 1:
                    line.append((" │ ", paint.rule))
            lines.append(line)
        if head:
            lines.append([("─┼─".join("─" * each for each in widths), paint.rule)])
    return lines


def _inline(node: SyntaxTreeNode, style: Style, paint: Paint) -> list[Piece]:
    pieces: list[Piece] = []
    for child in node.children:
        match child.type:
            case "inline":
                pieces += _inline(child, style, paint)
            case "text":
                pieces.append((child.content, style))
            case "softbreak":
                pieces.append((" ", style))
            case "hardbreak":
                pieces.append(("\n", style))
            case "code_inline":
                pieces.append((child.content, paint.code))
            case "strong":
                pieces += _inline(child, style + _BOLD, paint)
            case "em":
                pieces += _inline(child, style + _ITALIC, paint)
            case "s":
                pieces += _inline(child, style + _STRIKE, paint)
            case "link":
                inner = _inline(child, paint.link, paint)
                pieces += inner
                target = str(child.attrs.get("href", ""))
                if target and target != "".join(text for text, _ in inner):
                    # Where a link leads is shown: its text alone could say anything.
                    pieces.append((f" ({target})", paint.muted))
            case "image":
                name = fit(child.content or "image", 60)
                pieces.append((f"[{name}]", paint.muted))
                pieces.append((f" ({child.attrs.get('src', '')})", paint.faint))
            case _:
                pieces.append((child.content, style))
    return pieces


_BOLD = Style(bold=True)
_ITALIC = Style(italic=True)
_STRIKE = Style(strike=True)
_BLOCKS: dict[str, Callable[[SyntaxTreeNode, int, Paint, int], list[Line]]] = {
    "paragraph": _paragraph,
    "heading": _heading,
    "fence": _fence,
    "code_block": _fence,
    "blockquote": _quote,
    "bullet_list": _bullets,
    "ordered_list": _numbers,
    "hr": _rule,
    "table": _table,
}
