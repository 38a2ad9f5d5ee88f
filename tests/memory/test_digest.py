from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from memory.digest import canonical, canonical_sha256, next_prefix, sha256

MARK = {"type": "ephemeral", "ttl": "1h"}


def compact(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def test_marks_of_blocks_tools_and_system_do_not_count() -> None:
    block = {"type": "text", "text": "hé"}
    result = {"type": "tool_result", "tool_use_id": "t", "content": [block]}
    marked_result = result | {"content": [block | {"cache_control": MARK}], "cache_control": MARK}
    plain = compact({"role": "user", "content": [block, result]})
    marked = compact({"role": "user", "content": [block | {"cache_control": MARK}, marked_result]})
    assert canonical(marked) == plain
    tool = {"name": "run", "input_schema": {"type": "object"}}
    assert canonical(compact([tool | {"cache_control": MARK}])) == compact([tool])


def test_what_a_tool_is_given_is_data_whatever_its_name() -> None:
    use = {"type": "tool_use", "id": "t", "name": "x", "input": {"cache_control": 1}}
    schema = {"name": "x", "input_schema": {"properties": {"cache_control": {"type": "string"}}}}
    for value in (use, schema):
        assert canonical(compact(value)) == compact(value)


def test_order_is_kept_and_counts() -> None:
    assert canonical('{"b":1,"a":2}') == '{"b":1,"a":2}'
    assert canonical_sha256('{"b":1,"a":2}') != canonical_sha256('{"a":2,"b":1}')


def test_what_is_no_json_or_too_deep_is_taken_as_it_is() -> None:
    for text in ("plain words", "", "[" * 100_000, '"\\ud800"', '{"a": "\ud800"}'):
        assert len(canonical_sha256(text)) == 64
    assert canonical("plain  words") == "plain  words"


def test_a_prefix_depends_on_everything_before_it() -> None:
    first = next_prefix(sha256(""), "user", "d1")
    assert next_prefix(first, "user", "d2") != next_prefix(sha256(""), "user", "d2")
    assert next_prefix(first, "user", "d2") != next_prefix(first, "assistant", "d2")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(JSON, st.data())
def test_marks_anywhere_in_the_structure_never_change_the_digest(
    value: Any, data: st.DataObject
) -> None:
    def mark(item: Any) -> Any:
        if isinstance(item, dict):
            marked = {
                key: inner if key in ("input", "input_schema") else mark(inner)
                for key, inner in item.items()
            }
            if data.draw(st.booleans()):
                marked["cache_control"] = MARK
            return marked
        if isinstance(item, list):
            return [mark(inner) for inner in item]
        return item

    unmarked = canonical(compact(value))
    assert canonical(compact(mark(value))) == unmarked
    assert canonical(unmarked) == unmarked
