"""People at terminals, and the model that their agents ask."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.journeys.person import Person
from tests.journeys.scripted_model import ScriptedModel

Arrive = Callable[..., Person]


@pytest.fixture
def arrive() -> Iterator[Arrive]:
    """Let a person sit down at a terminal; whoever came leaves at the end, and leaves nothing."""
    people: list[Person] = []

    def come(columns: int = 120, rows: int = 40, **environment: Any) -> Person:
        person = Person(columns, rows, **environment)
        people.append(person)
        return person

    yield come
    problems = []
    for person in people:
        try:
            person.leave()
        except AssertionError as error:
            problems.append(str(error))
    assert not problems, problems


@pytest.fixture
def person(arrive: Arrive) -> Person:
    """A person at a terminal of 120 columns and 40 rows."""
    return arrive()


@pytest.fixture
def model() -> Iterator[ScriptedModel]:
    """A model that says what the journey scripts."""
    with ScriptedModel() as scripted:
        yield scripted
