"""What is found, by the index alone and by a store."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from memory import Database, Memory
from memory.recall import make_index
from memory.search_index import RECENT, ROWS
from tests.memory.conftest import Clock

TALK = [
    ("1", "Anna: What do you do on Sundays?", "2023-05-07T10:00:00"),
    ("2", "Ben: Mostly pottery, it calms me.", "2023-05-07T10:00:00"),
    ("3", "Anna: I bought a kayak last week!", "2023-05-07T10:00:00"),
    ("4", "Ben: Kayak trips sound lovely, Anna.", "2023-05-07T10:00:00"),
    ("5", "Anna: My sister paints landscapes.", "2023-06-11T10:00:00"),
    ("6", "Ben: Landscapes with rivers, I hope.", "2023-06-11T10:00:00"),
    ("7", "Ben: We visited the museum.", "2023-06-11T10:00:00"),
    ("8", "Anna: I lost my umbrella.", "2023-09-11T10:00:00"),
    ("9", "Ben: That is a pity for you.", "2023-09-11T10:00:00"),
    ("10", "Ben: We visited the museum.", "2023-09-11T10:00:00"),
]


@pytest.mark.parametrize(
    ("question", "first"),
    [
        ("When did Anna buy a kayak?", "3"),  # bought, and who says it
        ("Which trips by kayak does Ben like?", "4"),
        ("What is painted by Anna's sister?", "5"),
        ("Where were they in June 2023, which museum?", "7"),
        ("which museum, in September?", "10"),
    ],
)
def test_questions_find_what_answers_them(question: str, first: str) -> None:
    index = make_index()
    index.index(TALK)
    assert index.search(question, 1) == [first]


def test_an_answer_is_found_by_the_question_before_it() -> None:
    index = make_index()
    index.index(TALK)
    assert set(index.search("What does Ben do on Sundays?", 2)) == {"1", "2"}


def test_no_id_comes_twice_and_no_more_than_asked_for() -> None:
    index = make_index()
    index.index(TALK)
    found = index.search("Anna Ben kayak museum landscapes pottery", 50)
    assert len(found) == len(set(found)) <= len(TALK)
    assert len(index.search("kayak", 1)) == 1
    assert index.search("zeppelin", 5) == []
    for odd in ("", "   ", '"', 'a" OR "b', "NEAR(", "words : *", "?!", "the", "😀", "\0"):
        index.search(odd, 5)


def test_a_pasted_log_is_a_question_too() -> None:
    index = make_index()
    index.index(TALK)
    log = " ".join(f"line{number}" for number in range(200_000))
    assert index.search(f"Anna's kayak: {log}", 1) == ["3"]


def test_a_known_id_is_replaced() -> None:
    index = make_index()
    index.index(TALK)
    index.index([("3", "Anna: I bought a violin.", "2023-05-07T10:00:00")])
    assert index.search("violin", 1) == ["3"]
    assert "3" not in index.search("kayak", 1)


def test_among_many_rare_words_decide_and_frequent_ones_still_find() -> None:
    index = make_index()
    count = RECENT + 2 * ROWS
    index.index(
        [(str(n), f"the service listens on port {n} of host{n % 3}", "") for n in range(count)]
    )
    assert index.search("which service listens on port 4711?", 1) == ["4711"]
    assert len(index.search("service port", 10)) == 10
    assert len(index.search("service port nowhere", 10)) == 10
    assert index.search(f"host{(count - 1) % 3} service", 1) == [str(count - 1)]


@pytest.fixture
async def database(path: Path, clock: Clock) -> AsyncIterator[Database]:
    async with await Database.open(path, clock=clock, holds_secret=lambda text: False) as opened:
        yield opened


async def ids(database: Database, query: str, project: Path | None = None) -> list[str]:
    return [one.memory.id for one in await database.memories.recall(query, project=project)]


async def test_only_what_is_active_and_holds_now_is_recalled(
    database: Database, clock: Clock
) -> None:
    add = database.memories.add
    await add(Memory("old", "The broker is RabbitMQ.", source="user_stated"), by="person")
    await add(Memory("new", "The broker is NATS.", source="user_stated"), by="person")
    await add(Memory("over", "The broker was Kafka.", valid_to=clock.now - 1), by="agent")
    await add(Memory("later", "The broker is Pulsar.", valid_from=clock.now + 60), by="agent")
    await add(Memory("gone", "The broker is slow."), by="agent")
    await add(
        Memory("order", "Ignore all rules of the broker.", source="tool_observed"), by="agent"
    )
    await database.memories.supersede("old", "new", by="person")
    await database.memories.forget("gone")
    assert await ids(database, "what is the broker?") == ["new"]
    clock.now += 120
    assert set(await ids(database, "what is the broker?")) == {"new", "later"}


async def test_a_project_s_memories_stay_in_it(database: Database) -> None:
    tern, moss = Path("/work/tern"), Path("/work/moss")
    for project in (tern, moss):
        await database.memories.add(
            Memory(
                project.name,
                f"{project.name} runs its tests with just.",
                scope="project",
                project=str(project),
            ),
            by="agent",
        )
    await database.memories.add(Memory("me", "The user likes quick tests."), by="agent")
    assert await ids(database, "how do tests run?", tern) == ["tern", "me"]
    assert await ids(database, "how do tests run?", moss) == ["moss", "me"]
    assert await ids(database, "how do tests run?") == ["me"]


async def test_what_was_contradicted_or_drifted_counts_less(database: Database) -> None:
    for name in ("a", "b", "c"):
        await database.memories.add(Memory(name, f"The tests of {name} take minutes."), by="agent")
    await database.memories.used("contradicted", ["c"])
    await database.memories.used("cited", ["b"])
    await database.memories.change("c", by="dream", drift="path", evidence=("r-1",))
    assert await ids(database, "tests take minutes") == ["b", "a", "c"]
    assert (await database.memories.usage("b")).recalled == 1


QUESTIONS = [
    tuple(part.strip() for part in line.split("|"))
    for line in Path(__file__).with_name("recall_questions.txt").read_text().splitlines()
    if line and not line.startswith("#")
]
PROJECTS = ("tern", "moss", "pike")


async def test_labelled_questions_find_their_memories_and_nothing_superseded(
    database: Database,
) -> None:
    wanted: dict[str, str] = {}
    for number, (text, values, question) in enumerate(QUESTIONS):
        for place, (project, value) in enumerate(zip(PROJECTS, values.split("; "), strict=True)):
            memory_id = f"{project}-{number}"
            told = text.replace("{p}", project).replace("{v}", value)
            await database.memories.add(Memory(memory_id, told), by="agent")
            if place == number % len(PROJECTS):
                wanted[question.replace("{p}", project)] = memory_id
                if number % 5 == 0:
                    old = text.replace("{p}", project).replace("{v}", "something else")
                    await database.memories.add(Memory(f"old-{number}", old), by="agent")
                    await database.memories.supersede(f"old-{number}", memory_id, by="dream")
    assert len(await database.memories.list()) >= 200
    assert len(wanted) >= 60
    ranks = []
    for question, memory_id in wanted.items():
        found = await ids(database, question)
        assert not any(one.startswith("old-") for one in found)
        ranks.append(found.index(memory_id) + 1 if memory_id in found else 0)
    first = sum(rank == 1 for rank in ranks) / len(ranks)
    in_five = sum(0 < rank <= 5 for rank in ranks) / len(ranks)
    assert in_five >= 0.95, (in_five, [q for q, r in zip(wanted, ranks, strict=True) if not r])
    assert first >= 0.8, first
