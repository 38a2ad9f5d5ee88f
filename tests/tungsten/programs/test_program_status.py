"""The Program Status Protocol: reports read and written, records kept, sequences cut anywhere."""

from __future__ import annotations

import base64
import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tungsten.programs.osc import MAX_SEQUENCE, Osc, OscScanner, plain
from tungsten.programs.program_status import (
    MAX_RECORDS,
    Clear,
    Query,
    Records,
    Report,
    encode,
    parse,
)


def b64(text: str) -> bytes:
    return base64.b64encode(text.encode())


def test_a_whole_report_is_read() -> None:
    body = b"state=blocked:kind=permission:progress=40:app=claude-code:id=task/a1"
    body += b":title=" + b64("Subagent") + b":msg=" + b64("Allow this?")
    assert parse(body) == Report(
        "blocked", "task/a1", "permission", 40, "claude-code", "Subagent", "Allow this?"
    )


def test_pairs_are_trimmed_the_last_counts_and_what_is_unknown_is_ignored() -> None:
    body = b" state = idle : junk : =x : Bad=1 : odd=a;b : state=working : app=pi "
    assert parse(body) == Report("working", app="pi")
    assert parse(b"state=working:kind=question:progress=101") == Report("working")
    assert parse(b"state=blocked:kind=approve") == Report("blocked")
    assert parse(b"state=idle:app=has%20space") == Report("idle")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"app=x",
        b"state=paused",
        b"??",
        b"state=idle:id=",
        b"state=idle:id=a//b",
        b"state=blocked:id=sub task",
        b"state=idle:id=a/b/c/d/e/f/g/h/i",
        b"state=idle:id=" + b"x" * 33,
        b"state=idle:" + b"k" * 17 + b"=1",
        b"state=idle:app=" + b"a" * 33,
        b"state=idle:msg=not*base64",
        b"state=idle:msg=" + b64("two\nlines"),
        b"state=idle:msg=" + b64("m" * 2049),
        b"state=idle:title=" + b64("t" * 193),
        b"state=idle:msg=" + base64.b64encode(b"\xff\xfe"),
        b"state=clear:id=task:msg=!!",
        b"state=idle:\xff",
    ],
)
def test_what_breaks_a_rule_counts_for_nothing(body: bytes) -> None:
    assert parse(body) is None


def test_a_question_a_removal_and_text_without_padding() -> None:
    assert parse(b"?") == parse(b" ? ") == Query()
    assert parse(b"state=clear:id=task") == Clear("task")
    assert parse(b"state=done:msg=" + b64("ok").rstrip(b"=")) == Report("done", message="ok")
    assert parse(b"state=error:msg=" + b64("\u202eevil\u200b name")) == Report(
        "error", message="evil name"
    )


def test_records_are_replaced_whole_and_removed_with_what_is_below() -> None:
    records = Records()
    records.take(Report("idle", app="x", message="old"))
    records.take(Report("idle"))
    assert records.foremost() == Report("idle")
    records.take(Report("working", "task"))
    records.take(Report("blocked", "task/one", "question"))
    assert records.foremost() == Report("blocked", "task/one", "question")
    records.take(Clear("tas"))
    assert records.foremost() == Report("blocked", "task/one", "question")
    records.take(Clear("task"))
    assert records.foremost() == Report("idle")
    records.take(Report("working"))
    records.ended()
    assert not records
    for number in range(300):
        records.take(Report("done", f"n{number}"))
    assert records.foremost() == Report("done", "n299")
    records.take(Clear())
    assert records.foremost() is None


reports = st.builds(
    Report,
    st.sampled_from(["idle", "working", "done", "blocked", "error"]),
    st.sampled_from(["", "a", "task/a1"]),
    app=st.sampled_from(["", "tungsten"]),
    title=st.text(max_size=8),
    message=st.sampled_from(["", "é" * 1100, "a\x1b]0;b\u202e c\n" * 300]) | st.text(max_size=8),
)


@settings(max_examples=40)
@given(reports)
def test_what_is_written_is_read_again(report: Report) -> None:
    written = encode(report).encode()
    assert len(written) <= MAX_SEQUENCE
    (found,) = OscScanner([7501]).feed(written)
    again = parse(found.text)
    assert isinstance(again, Report)
    assert (again.state, again.id, again.app) == (report.state, report.id, report.app)
    # Once made fit for a line, it stays the same.
    assert encode(again).encode() == written


PRINTED = (
    b"text\x1b[31mred\x1b]7501;?\x1b\\b\x1b]0;title\x07\x1bc"
    b"\x1b]7501;state=idle\x1b[0m\x1b]7501;state=done\x07\x1b]8;;http://x\x1b\\link\x1b]8;;\x07"
    b"\x1b]7501;cut\x18off\x07\x1b]7501;state=" + b"x" * 5000 + b"\x1b\\after\x1b]7501;last\x1b\\"
)
EXPECTED = [
    Osc(7501, b"?"),
    Osc(0, b"title"),
    Osc(-1, b""),
    Osc(7501, b"state=done"),
    Osc(7501, b"last"),
]


@settings(max_examples=60)
@given(st.lists(st.integers(0, len(PRINTED)), max_size=12))
def test_the_same_commands_are_found_however_the_output_is_cut(cuts: list[int]) -> None:
    scanner = OscScanner([0, 7501])
    edges = [0, *sorted(cuts), len(PRINTED)]
    found = [
        osc
        for first, last in itertools.pairwise(edges)
        for osc in scanner.feed(PRINTED[first:last])
    ]
    assert found == EXPECTED


def test_one_byte_at_a_time() -> None:
    scanner = OscScanner([0, 7501])
    assert [osc for byte in PRINTED for osc in scanner.feed(bytes([byte]))] == EXPECTED


def test_what_a_program_says_becomes_one_line() -> None:
    assert plain(b"a\x1b[31m\n\xff b") == "a [31m � b"


def test_many_records_hide_none_that_is_more_urgent() -> None:
    records = Records()
    records.take(Report("blocked"))
    records.take(Report("working", "task"))
    for number in range(2 * MAX_RECORDS):
        records.take(Report("idle", f"n{number}"))
    assert records.foremost() == Report("blocked")
    records.take(Clear(""))
    assert not records
