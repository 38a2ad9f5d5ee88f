"""One plain line of what a model wrote in Markdown."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.sessions.plain import MAX_LINE, plain_line


@pytest.mark.parametrize(
    ("markdown", "line"),
    [
        ("**Done.** All *three* tests pass.", "Done. All three tests pass."),
        ("\n\n## Result ##\n\nMore.", "Result"),
        ("> - [x] fixed `pour()` in `tea.py`", "fixed pour() in tea.py"),
        (
            "See [the log](https://example.org/a_b 'x') first",
            "See [the log](https://example.org/a_b 'x') first",
        ),
        (
            "See [the log](https://example.org/a_b) and ![a picture](x.png)",
            "See the log and a picture",
        ),
        ("```python\nprint(1)\n```\nThat **prints** 1.", "That prints 1."),
        ("~~~\n``` inside\n~~~", "``` inside"),
        ("```\nls   -l\n```", "ls -l"),
        ("---\n***\n| - | - |\nafter", "after"),
        (
            "__init__.py and snake_case_name stay, 2 * 3 * 4 too",
            "__init__.py and snake_case_name stay, 2 * 3 * 4 too",
        ),
        ("`__init__` and `**kwargs` and \\*this\\*", "__init__ and **kwargs and *this*"),
        ("***both*** __strong__ _soft_ ~~gone~~", "both strong soft gone"),
        ("1. first\n2. second", "1. first"),
        ("tabs\tand  \x1b[31mred\x07", "tabs and red"),
        ("", ""),
        ("**", "**"),
        ("```\n```", ""),
    ],
)
def test_markers_go_and_words_stay(markdown: str, line: str) -> None:
    assert plain_line(markdown) == line


MARKUP = st.sampled_from(
    [
        "**",
        "*",
        "__",
        "_",
        "`",
        "```",
        "~~~",
        "\n",
        "# ",
        "> ",
        "- ",
        "[",
        "](",
        ")",
        "\\",
        "|",
        "\0",
        "a b",
        " ",
    ]
)


def test_escape_sequences_leave_no_rest() -> None:
    assert plain_line("\x1b]0;owned\x07\x1b[31mred\x1b[2J") == "red"


@given(st.lists(MARKUP | st.text(max_size=5), max_size=80).map("".join))
def test_it_is_always_one_printable_line(markdown: str) -> None:
    line = plain_line(markdown)
    assert len(line) <= MAX_LINE
    assert line.isprintable()
    assert line == " ".join(line.split())


@given(
    st.text("abc xyz.", min_size=1).filter(str.strip), st.sampled_from(["**", "*", "`", "_", "~~"])
)
def test_marked_words_read_as_the_words(words: str, marker: str) -> None:
    plain = " ".join(words.split())[:MAX_LINE].rstrip()
    assert plain_line(f"{marker}{' '.join(words.split())}{marker}") == plain


def test_markers_without_end_cost_little() -> None:
    assert plain_line("*a " * 200_000)
    assert plain_line("[" * 200_000)
    assert plain_line("_a" * 200_000)
