"""A gate's reasons and its effect say each thing once, and nothing of either is lost."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.gate.said_once import said_once, without


@pytest.mark.parametrize(
    ("reasons", "effect", "told"),
    [
        (
            ["rewrites a shared branch on the remote"],
            "rewrites a shared branch on origin",
            ("rewrites a shared branch on the remote: origin", ""),
        ),
        (
            ["deletes your home directory", "opens an editor"],
            "deletes /home/ada",
            ("deletes your home directory: /home/ada\nopens an editor", ""),
        ),
        (["writes a.py"], "writes a.py", ("writes a.py", "")),
        (["deletes build, which can be made again"], "deletes build", None),
        (["empties a table"], "database: empties a table", ("database: empties a table", "")),
        (
            ["deletes outside of the project"],
            "deletes /a; deletes /b; and 3 more",
            ("deletes outside of the project: /a, /b, and 3 more", ""),
        ),
        (
            ["plants something that runs later"],
            "writes .bashrc",
            ("plants something that runs later", "writes .bashrc"),
        ),
        # Which of the two is deleted where is not known here, so it is not said.
        (
            ["deletes your home directory", "deletes outside of the project"],
            "deletes /home/ada; deletes /data",
            (
                "deletes your home directory\ndeletes outside of the project",
                "deletes /home/ada; deletes /data",
            ),
        ),
        ([], "sends a file", ("", "sends a file")),
        (["waits"], "", ("waits", "")),
    ],
)
def test_what_is_told(reasons: list[str], effect: str, told: tuple[str, str] | None) -> None:
    assert said_once(reasons, effect) == (told or (reasons[0], ""))


@pytest.mark.parametrize(
    ("text", "effect", "reasons", "left"),
    [
        ("git reset --hard HEAD~1", "git reset --hard HEAD~1", ["throws away work"], ""),
        ("a; b", "a; b", ["runs b"], ""),
        ("/srv/calc.py", "writes /srv/calc.py", ["writes calc.py"], ""),
        ("/srv/calc.py", "writes /srv/calc.py", ["plants something"], "writes /srv/calc.py"),
        ("/srv/calc.py", "writes /srv/other.py", ["writes calc.py"], "writes /srv/other.py"),
        ("rm x", "deletes x", ["deletes a file"], "deletes x"),
        ("", "sends a file", ["sends it"], "sends a file"),
        ("x", "", [], ""),
    ],
)
def test_what_stands_above_is_not_repeated(
    text: str, effect: str, reasons: list[str], left: str
) -> None:
    assert without(text, effect, reasons) == left


WORDS = st.lists(
    st.sampled_from(["deletes", "writes", "a", "b,", "/x", "later", "and", "origin"]),
    min_size=1,
    max_size=5,
).map(" ".join)


@given(st.lists(WORDS, max_size=4), st.lists(WORDS, max_size=4))
def test_no_word_is_lost_and_none_is_made_up(reasons: list[str], parts: list[str]) -> None:
    why, effect = said_once(reasons, "; ".join(parts))
    words = {word.strip(",;:") for text in (*reasons, *parts) for word in text.split()}
    assert {word.strip(",;:") for word in f"{why} {effect}".split()} == words
