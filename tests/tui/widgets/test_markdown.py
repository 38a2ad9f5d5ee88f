"""Growing Markdown: what streams in reads the same as what is drawn at once."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from tui.themes.theme import paint
from tui.widgets.markdown import GrowingMarkdown, Line

PAINT = paint({})
BLOCKS = st.sampled_from(
    [
        "A paragraph with **bold**, *emphasis* and `code`.",
        "# Heading\n",
        "- one\n- two\n  - three\n",
        "1. first\n2. second\n\n   more of it\n",
        "```python\ndef f(x):\n    return x\n```",
        "> quoted\n> twice",
        "| a | b |\n|---|---|\n| 1 | a longer cell here |\n",
        "***",
        "[name](https://example.org/path) and ![picture](x.png)",
        "wide 漢字 and emoji 🎉 in a sentence that is long enough to be wrapped at least once",
        "<b>html</b> stays text",
    ]
)
DOCUMENTS = st.lists(BLOCKS, min_size=1, max_size=6).map("\n\n".join)


def plain(lines: list[Line]) -> list[str]:
    return ["".join(text for text, _ in line).rstrip() for line in lines]


@given(DOCUMENTS, st.integers(12, 100))
def test_lines_fit(source: str, width: int) -> None:
    for line in GrowingMarkdown(width, PAINT).lines(source):
        assert sum(cell_len(text) for text, _ in line) <= max(width, 24)


@settings(deadline=None)
@given(DOCUMENTS, st.integers(20, 80), st.lists(st.integers(1, 30), min_size=1, max_size=40))
def test_streamed_text_ends_as_if_drawn_at_once(source: str, width: int, steps: list[int]) -> None:
    growing = GrowingMarkdown(width, PAINT)
    at, index = 0, 0
    while at < len(source):
        at += steps[index % len(steps)]
        index += 1
        growing.lines(source[:at])
    assert plain(growing.lines(source)) == plain(GrowingMarkdown(width, PAINT).lines(source))


def test_only_the_last_block_is_drawn_again() -> None:
    growing = GrowingMarkdown(60, PAINT)
    source = "\n\n".join(f"Paragraph {number}." for number in range(200))
    growing.lines(source)
    settled = growing._settled
    growing.lines(source + " And more.")
    assert growing._settled is settled
    assert len(settled) == 198 * 2 - 1


def test_where_a_link_leads_is_shown() -> None:
    (line,) = GrowingMarkdown(80, PAINT).lines("[your bank](https://evil.example)")
    assert "".join(text for text, _ in line) == "your bank (https://evil.example)"


def test_escape_sequences_never_reach_the_screen() -> None:
    lines = GrowingMarkdown(80, PAINT).lines("a \x1b]0;owned\x07b\n\n```\n\x1b[2Jc\n```")
    assert "\x1b" not in "".join(plain(lines))
