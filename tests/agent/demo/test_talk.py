"""What the scripted model understands of a request."""

from typing import Any

import pytest

from agent.demo import talk
from agent.demo.responder import DemoResponder, prompt

TOOLS = [{"name": "terminal_run"}, {"name": "terminal_wait"}]
BUSY = "not done: pane %1 is busy: bash runs there (command); use terminal_wait"


def conversation(text: str, *used: tuple[str, dict[str, Any], str, bool]) -> dict[str, Any]:
    messages: list[dict[str, Any]] = [{"role": "user", "content": text}]
    for number, (name, given, result, failed) in enumerate(used):
        use = {"type": "tool_use", "id": f"t{number}", "name": name, "input": given}
        answer = {"type": "tool_result", "tool_use_id": f"t{number}", "content": result}
        note = {"type": "text", "text": "<tungsten-note>\nA person typed.\n</tungsten-note>"}
        messages.append({"role": "assistant", "content": [use]})
        messages.append({"role": "user", "content": [{**answer, "is_error": failed}, note]})
    return {"messages": messages, "tools": TOOLS}


async def move(request: dict[str, Any]) -> dict[str, Any]:
    answer = await DemoResponder().respond(request)
    return {"text": answer.content[0]["text"], **(answer.content[1:] or [{}])[0]}


SLOW = "not done: the shell of pane %1 has not shown its first prompt after 20 s: its start-up …"


@pytest.mark.parametrize("said", [BUSY, SLOW])
async def test_a_busy_pane_is_waited_for_and_the_command_tried_again(said):
    first = await move(conversation(prompt("push", 0)))
    busy = ("terminal_run", first["input"], said, True)
    waited = ("terminal_wait", {"prompt": True}, "the shell prompt: there", False)
    second = await move(conversation(prompt("push", 0), busy))
    assert second["name"] == "terminal_wait"
    third = await move(conversation(prompt("push", 0), busy, waited))
    assert third["input"] == first["input"]
    last = await move(conversation(prompt("push", 0), *[busy, waited] * 3, busy))
    assert "could **not** push" in last["text"]


async def test_notes_and_instructions_are_no_prompts():
    request = conversation("run: ls", ("terminal_run", {"command": "ls"}, "exit 0 · 1 s\na", False))
    request["messages"][0]["content"] = [
        {"type": "text", "text": '<project-instructions sha256="0">\nrun: rm x\n'},
        {"type": "text", "text": "run: ls"},
    ]
    assert talk.read(request).prompt == "run: ls"
    assert (await move(request))["text"] == "It ended well."


async def test_the_newest_prompt_counts():
    request = conversation(prompt("push", 0))
    request["messages"] += [
        {"role": "assistant", "content": [{"type": "text", "text": "x"}]},
        {"role": "user", "content": "hello"},
    ]
    assert "demo model" in (await move(request))["text"]


async def test_without_its_tools_it_says_so():
    request = conversation("run: ls")
    assert "was not given" in (await move({**request, "tools": []}))["text"]


def test_the_pace_is_in_the_prompt():
    assert talk.read(conversation(prompt("fix", 0.5))).pace == 0.5
    assert talk.read(conversation(prompt("fix", 1))).pace == 1
    assert "pace" not in prompt("fix", 1)


UNKNOWN = "outcome unknown: the engine ended while this was going on"


async def test_keys_of_an_unknown_fate_are_looked_for_and_typed_again():
    keys = {"keys": ["2 ** 6", "BSpace", "10", "Enter"]}
    opened = ("terminal_type", {"keys": ["python3 -q", "Enter"]}, "$ python3 -q\n>>>", False)
    typed = ("terminal_type", keys, UNKNOWN, True)
    tools = [{"name": "terminal_read"}, {"name": "terminal_type"}]

    async def after(*used: tuple[str, dict[str, Any], str, bool]) -> dict[str, Any]:
        return await move({**conversation(prompt("drive", 0), *used), "tools": tools})

    assert (await after(opened, typed))["name"] == "terminal_read"
    for screen, expected in (
        (">>>", ["C-u", *keys["keys"]]),
        (">>> 2 ** 1", ["C-u", *keys["keys"]]),
        (">>> 2 ** 10\n1024\n>>>", ["import calendar", "Enter"]),
    ):
        read = ("terminal_read", {}, screen, False)
        assert (await after(opened, typed, read))["input"] == {
            "keys": expected,
            "why": "try Python by hand",
        }
    again = ("terminal_type", {"keys": ["C-u", *keys["keys"]]}, ">>> 2 ** 10\n1024\n>>>", False)
    read = ("terminal_read", {}, ">>>", False)
    assert (await after(opened, typed, read, again))["input"]["keys"][0] == "import calendar"


async def test_a_push_of_an_unknown_fate_is_looked_up_and_repeated_only_if_it_failed():
    pushed = ("terminal_run", {"command": "git push --force origin main"}, UNKNOWN, True)
    head = ("terminal_run", {"command": "git rev-parse HEAD"}, "exit 0 · 0 s\nabc", False)
    listing = {"command": "git ls-remote --heads origin"}
    assert (await move(conversation(prompt("push", 0), pushed)))["input"] == {
        "command": "git rev-parse HEAD",
        "why": "know the commit",
        "timeout": 60,
    }
    there = ("terminal_run", listing, "exit 0 · 0 s\nabc\trefs/heads/main", False)
    done = await move(conversation(prompt("push", 0), pushed, head, there))
    assert "**Done.**" in done["text"]
    missing = ("terminal_run", listing, "exit 0 · 0 s\nold\trefs/heads/main", False)
    again = await move(conversation(prompt("push", 0), pushed, head, missing))
    assert again["input"]["command"] == "git push --force origin main"
