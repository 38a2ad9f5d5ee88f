"""What can be wrong before anything begins: one clear line with the way out, and nothing lost."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
import threading

import pytest

from tests.journeys.conftest import Arrive
from tests.journeys.person import Person
from tests.journeys.scripted_model import ScriptedModel
from tests.stubs import scenes
from tests.stubs.scripted_engine import ScriptedEngine

pytestmark = pytest.mark.journey


def test_settings_and_a_database_that_cannot_be_read(person: Person) -> None:
    person.settings('mode = "standard"\nmodle = "x"\n')
    person.start()
    # Which file, which line, what is expected; and the way on once it is mended.
    person.wait(r"(?s)config\.toml:2.*model")
    person.settings('mode = "standard"\n')
    person.press("app.retry")
    person.wait("How shall they think")
    person.press("Escape")
    person.wait("Say what to do")
    # It comes up behind the first screen, and makes the database as it does.
    person.when(lambda: "answers" in person.engine_log(), "the engine")
    person.quit()
    person.command("kill-engine")
    person.settings('mode = "quick"\n')
    done = person.command("run", "anything", "--headless")
    assert done.returncode == 1
    [line] = (done.stdout + done.stderr).strip().splitlines()
    assert "config.toml:1" in line
    assert "standard" in line

    # So it is with a database of a newer program.
    person.settings('mode = "standard"\n')
    database = person.home / "data" / "tungsten.db"
    connection = sqlite3.connect(database)
    connection.execute("PRAGMA user_version = 9999")
    connection.close()
    before = database.read_bytes()
    person.start()
    person.wait("written by a newer Tungsten")
    assert database.read_bytes() == before
    person.quit()


def test_a_directory_that_is_gone(arrive: Arrive, model: ScriptedModel) -> None:
    model.script("hello", "Hello, person.")
    model.script("again", "I could not even look.")
    person = arrive(**model.variables)
    person.start()
    person.wait("Say what to do")
    person.do("hello")
    person.wait("Hello, person")
    shutil.rmtree(person.project)
    person.do("again")
    person.wait("(?s)✗ .*project does not.*create it again")
    # Nothing is lost: the prompt stands there still once there is a directory again.
    person.wait("› again")
    person.project.mkdir()
    person.press("Enter")
    person.wait("│  I could not even look")


def test_an_engine_of_another_version(person: Person) -> None:
    socket = person.home / "run" / "engine.sock"
    loop = asyncio.new_event_loop()
    end = asyncio.Event()

    async def serve() -> None:
        snapshot = scenes.Snapshot(seq=1, engine=scenes.ENGINE)
        async with ScriptedEngine(socket, snapshot, version="99.9"):
            await end.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),))
    thread.start()
    try:
        person.when(socket.exists, "the other engine")
        person.start()
        person.wait("(?s)version 99.9.*kill-engine")
        done = person.command("ls")
        assert done.returncode == 1
        assert "99.9" in done.stderr
    finally:
        loop.call_soon_threadsafe(end.set)
        thread.join(10)
        loop.close()
    # The other one is gone: the same key that is offered leads on.
    person.press("app.retry")
    person.wait("How shall they think")
