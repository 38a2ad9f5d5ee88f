"""What agents write of their own use, as their transcripts were recorded."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from agent.hook import claude, codex, spending
from agent.hook.adapter import Adapter, Heard
from agent.hook.adapters import ADAPTERS
from agent.hook.spending import Transcript


def answer(key: str, sent: int, cached: int, received: int) -> dict[str, Any]:
    usage = {
        "input_tokens": sent,
        "cache_read_input_tokens": cached,
        "cache_creation_input_tokens": 1,
        "output_tokens": received,
        "service_tier": "standard",
    }
    return {"type": "assistant", "message": {"id": key, "content": [], "usage": usage}}


def counted(total: int, received: int) -> dict[str, Any]:
    usage = {"input_tokens": total, "cached_input_tokens": 7, "output_tokens": received}
    info = {"total_token_usage": usage, "last_token_usage": {"input_tokens": 1}}
    return {"type": "event_msg", "payload": {"type": "token_count", "info": info}}


def transcript(path: Path, adapter: Adapter) -> Transcript:
    assert adapter.spends is not None
    return Transcript(path, adapter.spends)


def append(path: Path, *lines: object, end: str = "\n") -> None:
    with path.open("a") as file:
        file.write("\n".join(map(json.dumps, lines)) + end)


def test_each_answer_counts_once_though_each_of_its_blocks_names_it(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    append(path, {"type": "user", "message": {"usage": "x"}}, answer("m1", 10, 100, 5))
    found = transcript(path, claude.ADAPTER)
    assert found.read_on()
    assert (found.spent.tokens, found.spent.cost) == (116, None)
    assert not found.read_on()
    # The same once more, and half a line, which counts when it is whole.
    whole = json.dumps(answer("m2", 1, 0, 2))
    append(path, answer("m1", 10, 100, 5), end="\n" + whole[:40])
    assert not found.read_on()
    with path.open("a") as file:
        file.write(whole[40:] + "\n")
    assert found.read_on()
    assert found.spent.tokens == 116 + 4
    # Its cost is named at its end; once it goes on, that is no longer the whole.
    append(path, {"type": "cost-state", "totalCostUSD": 0.1043})
    assert found.read_on()
    assert found.spent.cost == 0.1043
    append(path, {"type": "cost-state", "totalCostUSD": float("nan")})
    assert not found.read_on()
    append(path, answer("m3", 1, 0, 0))
    assert found.read_on()
    assert (found.spent.tokens, found.spent.cost) == (122, None)


def test_the_last_sum_counts_where_sums_are_written(tmp_path: Path) -> None:
    path = tmp_path / "rollout.jsonl"
    append(path, counted(900, 20), counted(1800, 40), {"payload": {"type": "token_count"}})
    found = transcript(path, codex.ADAPTER)
    assert found.read_on()
    assert (found.spent.tokens, found.spent.cost) == (1840, None)


def test_nothing_but_a_regular_file_is_read_and_no_line_stops_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for path in (pipe, tmp_path, tmp_path / "none", Path("/dev/zero"), Path("a\0b")):
        assert not transcript(path, claude.ADAPTER).read_on()
    monkeypatch.setattr(spending, "AT_ONCE", 400)
    path = tmp_path / "a.jsonl"
    path.write_text('{"usage": \n"usage"\n["usage"]\n' + '{"type": "assistant", "message": 1}\n')
    wrong = answer("m0", 1, 1, 1)
    wrong["message"]["usage"] = {"input_tokens": "many", "output_tokens": -5}
    append(path, wrong, {"usage": "x" * 2_000}, answer("m1", 1, 1, 1))
    found = transcript(path, claude.ADAPTER)
    assert found.read_on()
    assert found.spent.tokens == 4


@pytest.mark.parametrize("name", ["claude", "codex"])
def test_the_hook_names_the_file(name: str) -> None:
    said = ADAPTERS[name].read({"hook_event_name": "Stop", "transcript_path": "/a.jsonl"})
    assert isinstance(said, Heard)
    assert said.transcript == "/a.jsonl"
