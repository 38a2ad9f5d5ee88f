"""What the scripted model understands of a request."""

from typing import Any

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


async def test_a_busy_pane_is_waited_for_and_the_command_tried_again():
    first = await move(conversation(prompt("push", 0)))
    busy = ("terminal_run", first["input"], BUSY, True)
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
