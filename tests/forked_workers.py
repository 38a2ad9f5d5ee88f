"""A pytest plugin that runs tests in several processes, forked after one collection.

`pytest -p tests.forked_workers --workers 6`. Importing all tests and what they test takes seconds
of processor time; here that is paid once and not by each worker, and what the modules hold is
shared memory. Each worker begins with its own stretch of the tests, so that what a module sets up
is mostly set up once; one that is through takes half of the longest stretch that is left.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from multiprocessing import Pipe
from multiprocessing.connection import Connection, wait
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NoReturn, cast

import pytest
from _pytest.config import create_terminal_writer

AHEAD = 2
"""Tests a worker holds: the one it runs, and the next one, which decides what is torn down."""


@dataclass(slots=True)
class Worker:
    """A forked process, as its parent sees it."""

    name: str
    process: int
    link: Connection
    stretch: range
    given: list[int] = field(default_factory=list)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--workers", type=int, default=0, help="processes to run the tests in")


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> bool | None:
    count = min(session.config.getoption("--workers"), len(session.items))
    if count < 2 or session.config.option.collectonly or session.testsfailed:
        return None
    # By these names plugins know that a session is one part of a whole.
    os.environ["PYTEST_XDIST_WORKER_COUNT"] = str(count)
    _Workers(session, count).run()
    return True


class _Workers:
    """Gives tests to workers and hears what became of them."""

    def __init__(self, session: pytest.Session, count: int) -> None:
        self.session = session
        self.workers: list[Worker] = []
        total = len(session.items)
        edges = [total * number // count for number in range(count + 1)]
        for number in range(count):
            self._fork(f"w{number}", range(edges[number], edges[number + 1]))

    def run(self) -> None:
        try:
            for worker in self.workers:
                self._give(worker)
            while self.workers:
                ready = wait([worker.link for worker in self.workers])
                for worker in [each for each in self.workers if each.link in ready]:
                    self._hear(worker)
        finally:
            for worker in self.workers:
                # Interrupted as we are, they take down what they set up, and then find us gone.
                worker.link.close()
                os.waitpid(worker.process, 0)

    def _fork(self, name: str, stretch: range) -> Worker:
        ours, theirs = Pipe()
        process = os.fork()
        if process == 0:
            for other in self.workers:
                other.link.close()
            ours.close()
            _work(self.session, theirs, name)
        theirs.close()
        worker = Worker(name, process, ours, stretch)
        self.workers.append(worker)
        return worker

    def _give(self, worker: Worker) -> None:
        """Keep a worker in tests; tell it when there are no more."""
        while len(worker.given) < AHEAD:
            number = (
                None if self.session.shouldfail or self.session.shouldstop else self._next(worker)
            )
            with suppress(BrokenPipeError):
                worker.link.send(number)
            if number is None:
                return
            worker.given.append(number)

    def _next(self, worker: Worker) -> int | None:
        if not worker.stretch:
            longest = max(self.workers, key=lambda other: len(other.stretch))
            middle = longest.stretch.start + len(longest.stretch) // 2
            worker.stretch = range(middle, longest.stretch.stop)
            longest.stretch = range(longest.stretch.start, middle)
        if not worker.stretch:
            return None
        worker.stretch, number = worker.stretch[1:], worker.stretch[0]
        return number

    def _hear(self, worker: Worker) -> None:
        try:
            told = worker.link.recv()
        except (EOFError, ConnectionResetError):
            self._ended(worker)
            return
        if isinstance(told, int):
            worker.given.remove(told)
            self._give(worker)
        else:
            self._log(told, worker)

    def _log(self, data: dict[str, Any], worker: Worker) -> None:
        config = self.session.config
        report = config.hook.pytest_report_from_serializable(config=config, data=data)
        # With a node, no file is named before each test: those of several files mix.
        gateway = SimpleNamespace(id=worker.name)
        report.node = SimpleNamespace(gateway=gateway, _workerinfocache=f"[{worker.name}]")
        config.hook.pytest_runtest_logreport(report=report)

    def _ended(self, worker: Worker) -> None:
        """A worker is through, or was lost: then its test failed, and another one goes on."""
        self.workers.remove(worker)
        worker.link.close()
        _, status = os.waitpid(worker.process, 0)
        if not worker.given:
            return
        lost, *rest = worker.given
        item = self.session.items[lost]
        report = pytest.TestReport(
            item.nodeid,
            item.location,
            {},
            "failed",
            f"the process that ran it ended: {os.waitstatus_to_exitcode(status)}",
            "call",
        )
        config = self.session.config
        self._log(config.hook.pytest_report_to_serializable(config=config, report=report), worker)
        start = rest[0] if rest else worker.stretch.start
        self._give(self._fork(worker.name, range(start, worker.stretch.stop)))


def _work(session: pytest.Session, link: Connection, name: str) -> NoReturn:
    """Run what the parent gives, in the child; never returns."""
    status = 1
    try:
        os.environ["PYTEST_XDIST_WORKER"] = name
        with _own(session, link, name):
            given = _given(session, link)
            number, item = next(given, (None, None))
            while item is not None:
                following, next_item = next(given, (None, None))
                item.config.hook.pytest_runtest_protocol(item=item, nextitem=next_item)
                link.send(number)
                number, item = following, next_item
        status = 0
    finally:
        with suppress(BaseException):
            cast(Any, session)._setupstate.teardown_exact(None)
        os._exit(status)


def _given(session: pytest.Session, link: Connection) -> Iterator[tuple[int, pytest.Item]]:
    while (number := link.recv()) is not None:
        yield number, session.items[number]


@contextmanager
def _own(session: pytest.Session, link: Connection, name: str) -> Iterator[None]:
    """Give a worker what it must not share: its captured output, its directory, its reports."""
    config = session.config
    capture = config.pluginmanager.getplugin("capturemanager")
    if capture is not None:
        capture.stop_global_capturing()
        capture.start_global_capturing()
    factory = cast(Any, config)._tmp_path_factory
    base = factory._given_basetemp or Path(factory.getbasetemp())
    base.mkdir(exist_ok=True)
    factory._given_basetemp, factory._basetemp = base / name, None
    reporter = config.pluginmanager.getplugin("terminalreporter")
    with Path(os.devnull).open("w") as nowhere:
        if reporter is not None:
            reporter._tw = create_terminal_writer(config, nowhere)
        config.pluginmanager.register(_Reports(config, link))
        yield


class _Reports:
    """Sends the parent every report of a worker."""

    def __init__(self, config: pytest.Config, link: Connection) -> None:
        self._config, self._link = config, link

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        hook = self._config.hook
        self._link.send(hook.pytest_report_to_serializable(config=self._config, report=report))
