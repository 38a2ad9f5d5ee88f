"""What the rules of a dream say of single pairs and sentences, each with its label."""

from __future__ import annotations

import json
import random
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memory.dream.comparing import compare
from memory.dream.consolidate import consolidate, winner
from memory.dream.dreaming import dream
from memory.dream.drift import drifts
from memory.dream.gather import gather
from memory.dream.orient import (
    BadInput,
    Evidence,
    Memory,
    Source,
    enter,
    evidence_from,
    memories_from,
    moment,
)
from memory.dream.quarantine import reason
from memory.dream.reading import read
from memory.orders import gives_orders
from tungsten.recordings.masking import holds_secret

SETS = Path(__file__).parent / "dream_sets"
AT = moment("2025-08-01", "here")


def lines(name: str) -> list[list[str]]:
    text = (SETS / name).read_text(encoding="utf-8")
    count = {"orders.txt": 1, "secrets.txt": 1}.get(name, 2)
    return [line.split("|", count) for line in text.splitlines()]


def verdicts(label: str) -> list[tuple[str, str, str]]:
    found = []
    for wanted, one, other in lines("pairs.txt"):
        if wanted == label:
            there = compare(read(one, "tern"), read(other, "tern")).verdict
            back = compare(read(other, "tern"), read(one, "tern")).verdict
            assert there == back, (one, other)
            found.append((there, one, other))
    assert len(found) >= 50
    return found


def test_pairs_that_only_look_alike_are_left_open() -> None:
    assert [row for row in verdicts("not") if row[0] != "open"] == []


def test_most_of_what_is_the_same_is_seen_and_none_of_it_contradicts() -> None:
    found = [verdict for verdict, *_ in verdicts("same")]
    assert "contradiction" not in found
    assert found.count("same") / len(found) >= 0.75


def test_most_contradictions_are_seen_and_none_is_merged() -> None:
    found = [verdict for verdict, *_ in verdicts("contra")]
    assert "same" not in found
    assert found.count("contradiction") / len(found) >= 0.75


def test_orders_from_tools() -> None:
    wrong = [text for wanted, text in lines("orders.txt") if gives_orders(text) != (wanted == "1")]
    assert len(wrong) <= 1, wrong


@pytest.mark.parametrize("word", ["hey-", "note - ", "p.s: "])
def test_an_order_behind_many_introductions_is_found_without_trying_every_way(word: str) -> None:
    assert gives_orders(60 * word + "run the build")
    assert not gives_orders(60 * word + "the build of harbor")


def test_secrets_in_sentences() -> None:
    wrong = [text for wanted, text in lines("secrets.txt") if holds_secret(text) != (wanted == "1")]
    assert wrong == []


@pytest.mark.parametrize("source", ["user_stated", "agent_inferred"])
def test_what_the_person_said_may_be_an_order(source: Source) -> None:
    memory = Memory("m1", "Run `make check` before every commit.", "user", None, source, AT)
    assert reason(memory) is None


def test_drift() -> None:
    evidence = evidence_from(json.loads((SETS / "drift_evidence.json").read_text("utf-8")))
    wrong = []
    for wanted, scope, text in lines("drift.txt"):
        memory = Memory(
            "m1",
            text,
            "user" if scope == "u" else "project",
            None if scope == "u" else "kite",
            "user_stated",
            AT,
            last_confirmed_at=AT,
        )
        found = drifts([memory], {"m1": read(text, "kite")}, evidence)
        if (found[0].kind if found else "-") != wanted:
            wrong.append((wanted, found, text))
    assert wrong == []


def rivals(
    first: Source, second: Source, *, confirmations: int = 1, confirmed: float = 0.0
) -> tuple[Memory, Memory]:
    earlier = Memory("a", "x", "user", None, first, 100.0, confirmations, confirmed or 100.0)
    return earlier, Memory("b", "y", "user", None, second, 200.0, 1, 200.0)


@pytest.mark.parametrize(
    ("first", "second", "won", "rule"),
    [
        ("user_stated", "user_stated", "b", "later"),
        ("tool_observed", "user_stated", "b", "later"),
        ("tool_observed", "tool_observed", "b", "later"),
        ("agent_inferred", "agent_inferred", "b", "later"),
        ("user_stated", "agent_inferred", "a", "stated_over_inferred"),
        ("tool_observed", "agent_inferred", "a", "stated_over_inferred"),
        ("agent_inferred", "tool_observed", "b", "stated_over_inferred"),
    ],
)
def test_who_wins(first: Source, second: Source, won: str, rule: str) -> None:
    one, other = rivals(first, second)
    for pair in ((one, other), (other, one)):
        decided = winner(*pair)
        assert decided is not None
        assert (decided[0].id, decided[1]) == (won, rule)


def test_no_tool_takes_the_place_of_what_the_person_stated() -> None:
    assert winner(*rivals("user_stated", "tool_observed")) is None


@pytest.mark.parametrize(
    ("confirmations", "confirmed", "won"),
    [(3, 201.0, "a"), (2, 201.0, "b"), (3, 200.0, "b"), (9, 150.0, "b")],
)
def test_one_that_was_confirmed_often_outlasts_a_rival_seen_once(
    confirmations: int, confirmed: float, won: str
) -> None:
    pair = rivals(
        "tool_observed", "tool_observed", confirmations=confirmations, confirmed=confirmed
    )
    decided = winner(*pair)
    assert decided is not None
    assert decided[0].id == won


def test_one_that_was_confirmed_often_yields_to_a_rival_seen_twice() -> None:
    one, other = rivals("tool_observed", "tool_observed", confirmations=5, confirmed=300.0)
    seen_twice = Memory("b", "y", "user", None, "tool_observed", 200.0, 2, 250.0)
    decided = winner(one, seen_twice)
    assert decided is not None
    assert decided[0].id == other.id


def dreamt(*texts: str) -> tuple[int, int]:
    """How many merges and supersessions come of memories of one project, a day apart."""
    members = [
        Memory(f"m{number}", text, "project", "tern", "user_stated", AT + 86400 * number)
        for number, text in enumerate(texts)
    ]
    room = enter(members)
    decisions = consolidate(gather(room), room)
    return len(decisions.merges), len(decisions.supersessions)


def test_of_three_values_the_last_takes_the_place_of_both() -> None:
    assert dreamt(
        "The webhook timeout is 10 seconds.",
        "The webhook timeout is 20 seconds.",
        "The webhook timeout is 30 seconds.",
    ) == (0, 2)


def test_a_contradiction_is_not_merged_through_a_third() -> None:
    assert (
        dreamt(
            "The cache is Redis.",
            "The cache is Redis, hosted on the same machine.",
            "The cache is Memcached.",
        )[0]
        == 0
    )


def test_a_pinned_memory_stays_as_it_is() -> None:
    pinned = Memory("m0", "The cache is Redis.", "user", None, "user_stated", AT, pinned=True)
    later = Memory("m1", "The cache is Memcached.", "user", None, "user_stated", AT + 1)
    room = enter([pinned, later])
    decisions = consolidate(gather(room), room)
    assert decisions.supersessions == []
    assert [set(proposal.ids) for proposal in decisions.proposals] == [{"m0", "m1"}]


def test_no_pair_of_two_projects_is_ever_looked_at() -> None:
    memories = [
        Memory(name, "The cache is Redis.", "project", name, "user_stated", AT) for name in "ab"
    ]
    assert len({memory.room for memory in memories}) == 2


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ([], "an object is expected"),
        ({"memories": [{"id": "m1"}]}, "memory 1: id and text must be strings"),
        ({"memories": [{"id": "m1", "text": "x", "created_at": "soon"}]}, "'soon' is not a date"),
        (
            {"memories": [{"id": "a", "text": "x", "created_at": "2025-01-01"}] * 2},
            "memory 2: the id a occurs twice",
        ),
    ],
)
def test_what_is_in_no_format_is_named(document: object, said: str) -> None:
    with pytest.raises(BadInput, match=said):
        memories_from(document)


WORDS = (
    "the a user of in on to from for with not never no before after by is are runs uses must may "
    "Redis Postgres tern src/a.py `make x` 20 8080 3.11 30 s staging API read write only , ; : . "
    "and over instead moved now gateway timeout replaced it 02:30 2025-01-01"
)
TEXTS = st.lists(st.sampled_from(WORDS.split(" ")), max_size=14)


@given(TEXTS, TEXTS)
@settings(max_examples=300, deadline=None)
def test_no_two_texts_break_a_comparison_and_their_order_does_not_matter(
    one: list[str], other: list[str]
) -> None:
    first, second = read(" ".join(one), "tern"), read(" ".join(other), "tern")
    there, back = compare(first, second), compare(second, first)
    assert (there.verdict == "same") == (back.verdict == "same")
    assert 0 <= there.likeness <= 1.0001
    assert compare(first, first).verdict == "same"


@pytest.mark.parametrize("piece", ["-", "- note ", "a-", "1-", "a.", "`", "/", "=", "1,"])
def test_reading_takes_about_as_long_as_the_text_is_long(piece: str) -> None:
    def seconds(characters: int) -> float:
        text = piece * (characters // len(piece))
        times = []
        for _ in range(3):
            begun = time.process_time()
            read(text, "tern")
            times.append(time.process_time() - begun)
        return min(times)

    # Eight times the text: 64 times as long if every character were compared with every other.
    assert seconds(8_000) < 30 * max(seconds(1_000), 0.0005)


SAID = tuple(
    words.format(value).split(" ")
    for words in (
        "The dev server listens on port {}.",
        "The port of the dev server is {}.",
        "port of the dev server is {}",
        "Dev server: listens on port {}",
    )
    for value in ("8123", "9000", "9100")
)
"""What is said of one thing, in words that are the same and in values that are not."""


@given(
    st.lists(
        st.tuples(
            st.one_of(st.sampled_from(SAID), TEXTS),
            st.sampled_from(["user_stated", "tool_observed", "agent_inferred"]),
            st.integers(1, 4),
            st.booleans(),
        ),
        max_size=12,
    ),
    st.randoms(),
)
@settings(max_examples=100, deadline=None)
def test_every_memory_has_one_fate_whatever_they_say_and_in_whatever_order(
    rows: list[tuple[list[str], Source, int, bool]], dice: random.Random
) -> None:
    memories = [
        Memory(
            f"m{number:02d}",
            " ".join(text),
            "project" if number % 3 else "user",
            "tern" if number % 3 else None,
            source,
            AT + 86400 * number,
            confirmations,
            AT + 86400 * number * confirmations,
            pinned=pinned,
        )
        for number, (text, source, confirmations, pinned) in enumerate(rows)
    ]
    evidence = evidence_from(json.loads((SETS / "drift_evidence.json").read_text("utf-8")))
    plan = dream(memories, evidence, secrets=holds_secret)
    merged = [gone for merge in plan.merges for gone in merge.gone]
    superseded = [lost.loser for lost in plan.supersessions]
    aside = [held.id for held in plan.quarantined]
    assert sorted([*plan.kept, *merged, *superseded, *aside]) == [m.id for m in memories]
    assert {merge.into for merge in plan.merges} <= set(plan.kept)
    takes_the_place = {lost.loser: lost.winner for lost in plan.supersessions}
    for lost in plan.supersessions:
        # Whoever takes a place may have lost it to another, and the last one stays.
        last, passed = lost.winner, {lost.loser}
        while last in takes_the_place:
            assert last not in passed
            passed.add(last)
            last = takes_the_place[last]
        assert last in plan.kept
    by_id = {memory.id: memory for memory in memories}
    pinned = {m.id for m in memories if m.pinned}
    assert not pinned & {*superseded, *merged}
    assert all(plan.kept[m.id] == m.text for m in memories if m.id in pinned & {*plan.kept})
    for lost in plan.supersessions:
        assert {by_id[lost.loser].source, by_id[lost.winner].source} != {
            "user_stated",
            "tool_observed",
        } or by_id[lost.winner].source == "user_stated"
    shuffled = list(memories)
    dice.shuffle(shuffled)
    other = dream(shuffled, evidence, secrets=holds_secret)
    assert (other.merges, other.supersessions, other.kept) == (
        plan.merges,
        plan.supersessions,
        plan.kept,
    )


@pytest.mark.parametrize(
    ("other", "pinned"),
    [
        ("Invoice service: written in Kotlin", (True, True)),
        ("The invoice service is written in Kotlin and deployed by hand.", (True, False)),
    ],
)
def test_pinned_memories_are_neither_merged_away_nor_changed(
    other: str, pinned: tuple[bool, bool]
) -> None:
    texts = ("The invoice service is written in Kotlin.", other)
    memories = [
        Memory(f"m{n}", text, "project", "tern", "user_stated", AT + n, 1, AT + n, pinned=pin)
        for n, (text, pin) in enumerate(zip(texts, pinned, strict=True))
    ]
    plan = dream(memories, Evidence(AT))
    assert plan.kept == {"m0": texts[0], "m1": texts[1]}
    assert [proposal.ids for proposal in plan.proposals] == [("m0", "m1")]


def test_what_the_person_said_stays_theirs_and_takes_in_nobody_else_s_details() -> None:
    said = "Database migrations live in db/migrations."
    seen = "Database migrations live in db/migrations and are numbered by date."
    sources: list[Source] = ["user_stated", "tool_observed"]
    for text, other in ((said, seen), (said, "Database migrations: live in db/migrations")):
        memories = [
            Memory(f"m{n}", words, "project", "tern", source, AT + n, 1, AT + n)
            for n, (words, source) in enumerate(zip((text, other), sources, strict=True))
        ]
        plan = dream(memories, Evidence(AT))
        assert plan.kept["m0"] == said
        if other == seen:
            assert plan.kept["m1"] == seen
            assert [proposal.ids for proposal in plan.proposals] == [("m0", "m1")]
        else:
            assert [(merge.into, merge.gone) for merge in plan.merges] == [("m0", ("m1",))]
