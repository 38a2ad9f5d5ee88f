"""Mentions of files: whatever a file is called, what is written is read back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.context.mentions import LONGEST, Begun, begun, mention, paths_in

PATHS = st.text(
    st.one_of(
        st.sampled_from(" \t\n\"'\\@.,:;!?()[]{}<>|`/~-=*$&#\x1b\u202e\u200b"),
        st.characters(exclude_characters="\x00"),
    ),
    min_size=1,
)


@given(PATHS, PATHS, st.sampled_from([" ", ", ", ". ", ")\n", "\n", "? "]))
def test_what_is_mentioned_is_read_back_from_any_sentence(one: str, two: str, between: str) -> None:
    text = f"see {mention(one)}{between}({mention(two)}), and go on."
    assert paths_in(text) == [one, two]


@given(PATHS)
def test_a_mention_is_one_line_of_what_can_be_seen(path: str) -> None:
    written = mention(path)
    assert written.isprintable()
    assert "\n" not in written


@given(PATHS, st.integers(min_value=0))
def test_half_a_mention_is_completed_from_its_at_on(path: str, cut: int) -> None:
    written = mention(path)
    half = written[: 1 + cut % (len(written) - 1)]
    found = begun(f"see {half}")
    assert found is not None
    assert found.start == 4
    if written == f"@{path}":
        assert found.path == half[1:]


@pytest.mark.parametrize(
    ("path", "written"),
    [
        ("tui/app.py", "@tui/app.py"),
        ("naïve 漢字.txt", '@"naïve 漢字.txt"'),
        ("src/", "@src/"),
        ("a.", '@"a."'),
        ('say "hi".md', '@"say \\"hi\\".md"'),
        ("a\nb", '@"a\\nb"'),
        ("~/notes.md", "@~/notes.md"),
    ],
)
def test_only_what_needs_them_gets_quotes(path: str, written: str) -> None:
    assert mention(path) == written


def test_what_is_no_mention() -> None:
    assert paths_in("mail ada@example.org, 3@4, @ alone and @@twice") == ["@twice"]
    assert paths_in("look at @a.py, then @b.py. Or (@c.py)?") == ["a.py", "b.py", "c.py"]
    assert begun("ada@ex") is None
    assert begun("@a b") is None


def test_a_path_begins_within_the_length_of_the_longest() -> None:
    longest = "a" * (LONGEST - 1)
    assert begun(f"see @{longest}") == Begun(4, longest)
    assert begun(f"see @{longest}a") is None
    # An `@` that is cut off from what stands before it is judged by that all the same.
    assert begun(f"an@{longest}") is None
