"""An agent asks for a picture of a pane: what the model gets, what is kept, and what else."""

from __future__ import annotations

import base64
import io
import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from agent.messages.attachments import attached, detached, images, png_block
from agent.messages.prefix import serialise
from agent.model.capabilities import from_model_info
from agent.model.endpoint import Endpoint
from agent.sessions import session as sessions
from agent.sessions.session import text_block, tool_result
from agent.settings.config import Config
from agent.tools.inputs import INPUTS
from tests.agent.live.conftest import use

SECRET = "sk-ant-api03-" + "aB3" * 30


def pictures(request):
    """The PNGs of a request, in order, and the text beside each."""
    found = []
    for message in request["messages"]:
        for block in message["content"]:
            if block["type"] == "tool_result" and isinstance(block["content"], list):
                image, text = block["content"]
                assert image["type"] == "image"
                assert image["source"]["type"] == "base64"
                assert image["source"]["media_type"] == "image/png"
                found.append((base64.b64decode(image["source"]["data"]), text["text"]))
    return found


def sent(request):
    """What a request says, to the byte, without marks that move."""
    text = serialise([request["system"], request["tools"], request["messages"]])
    for mark in ('{"type":"ephemeral","ttl":"1h"}', '{"type":"ephemeral"}'):
        text = text.replace(f',"cache_control":{mark}', "")
    return text


async def test_a_picture_reaches_the_model_and_the_person_sees_one_line(house):
    house.script.then(use("terminal_run", command=r"printf '\033[41m  red  \033[0m\n'"))
    house.script.then(use("terminal_read", picture=True))
    agent_id = await house.agent("look")
    await house.state(agent_id, "done")
    [(png, text)] = pictures(house.script.requests[-1])
    with Image.open(io.BytesIO(png)) as image:
        width, height = image.size
        assert (205, 49, 49) in {color for _, color in image.convert("RGB").getcolors(1 << 20)}
    assert max(width, height) <= 1568
    assert width * height <= 1_150_000
    pane = house.summary(agent_id).panes[0].pane_id
    first, _, screen = text.partition("\n")
    assert first == f"picture of {pane}, {width}×{height}"
    assert screen.startswith(f"pane {pane} · ")
    assert "  red" in screen
    assert house.server.received[-1] == house.script.requests[-1]
    assert house.server.refused == []
    tool = (await house.tools(agent_id))[-1]
    assert tool["title"] == first
    assert tool["status"] == "done"
    data = base64.b64encode(png).decode()
    shown = json.dumps(await house.blocks(agent_id)) + repr(house.events)
    assert data[:100] not in shown
    # Kept once, beside the rows, and no longer as a file.
    rows = await house.database.sessions.rows(agent_id)
    assert not any(data[:100] in row.payload for row in rows)
    [reference] = [each for row in rows for each in row.attachments]
    assert await house.database.sessions.attachment(reference.sha256) == png
    assert list((house.paths.data / "outputs").rglob("*.png")) == []


async def test_secrets_are_masked_in_picture_and_text(house):
    house.script.then(use("terminal_run", command=f"clear; echo {SECRET}"))
    house.script.then(use("terminal_read", picture=True))
    masked = "‹secret masked›".ljust(len(SECRET), "•")
    house.script.then(use("terminal_run", command=f"clear; echo '{masked}'"))
    house.script.then(use("terminal_read", picture=True))
    agent_id = await house.agent("look")
    await house.state(agent_id, "done")
    (first, text), (second, _) = pictures(house.script.requests[-1])
    assert SECRET not in text
    assert "‹secret masked›" in text
    # The same characters in the same cells: the secret was not drawn.
    assert _first_line(first) == _first_line(second)


def _first_line(png):
    with Image.open(io.BytesIO(png)) as image:
        return image.crop((0, 0, image.width, image.height // 24)).tobytes()


async def test_the_next_engine_sends_the_same_bytes(house):
    house.script.then(use("terminal_read", picture=True), use("terminal_read", picture=True))
    agent_id = await house.agent("look")
    await house.state(agent_id, "done")
    before = sent(house.script.requests[-1])
    assert len(pictures(house.script.requests[-1])) == 2
    await house.again()
    await house.prompt(agent_id, "and now")
    await house.until(lambda: len(house.script.requests) == 3)
    await house.state(agent_id, "done")
    after = sent(house.script.requests[-1])
    assert after.startswith(before.removesuffix("]]"))
    assert pictures(house.script.requests[-1]) == pictures(house.script.requests[1])
    await house.database.sessions.verify(agent_id)


async def test_a_picture_that_was_taken_is_not_taken_again_after_a_restart(house):
    house.script.then(
        use("terminal_read", "look", picture=True),
        use("terminal_run", command="sudo true"),
    )
    agent_id = await house.agent("look")
    gate = await house.gate()
    [file] = (house.paths.data / "outputs").rglob("*.png")
    png = file.read_bytes()
    await house.again()
    await house.decide(await house.gate(), "deny")
    await house.state(agent_id, "done")
    assert gate.risk == "HIGH"
    [(found, text)] = pictures(house.script.requests[-1])
    assert found == png
    assert (await house.tools(agent_id))[-2]["title"] == text.partition("\n")[0]


async def test_a_picture_whose_file_is_gone_leaves_its_text(house):
    house.script.then(
        use("terminal_read", "look", picture=True),
        use("terminal_run", command="sudo true"),
    )
    agent_id = await house.agent("look")
    gate = await house.gate()
    [file] = (house.paths.data / "outputs").rglob("*.png")
    file.unlink()
    await house.decide(gate, "deny")
    await house.state(agent_id, "done")
    text = house.results()[0]["content"]
    assert text.startswith("the picture cannot be read (No such file or directory")
    assert "\npicture of %" in text
    assert "pane %" in text


@pytest.mark.parametrize(
    ("model", "setting", "seen"),
    [
        ("seeing", "auto", True),
        ("blind", "auto", False),
        ("seeing", "off", False),
        ("silent", "auto", False),
        ("silent", "on", True),
    ],
)
async def test_a_model_gets_pictures_only_if_it_takes_images(house, model, setting, seen):
    house.config = Config(images=setting)
    await house.again()
    await house.models.turn_to(model)
    house.script.then(use("terminal_read", picture=True))
    agent_id = await house.agent("look", model=model)
    await house.state(agent_id, "done")
    assert house.server.refused == []
    [result] = house.results()
    assert "is_error" not in result
    if seen:
        assert len(pictures(house.script.requests[-1])) == 1
        return
    first, _, rest = result["content"].partition("\n")
    assert first == f"no picture: {model} is not known to take images; as text:"
    assert rest.startswith("pane %")
    assert list((house.paths.data / "outputs").rglob("*.png")) == []


async def test_pictures_are_not_sent_to_a_model_that_takes_none_any_more(house):
    house.script.then(use("terminal_read", picture=True))
    agent_id = await house.agent("look")
    await house.state(agent_id, "done")
    house.config = Config(images="off")
    await house.again()
    await house.prompt(agent_id, "and now")
    await house.until(lambda: len(house.script.requests) == 3)
    await house.state(agent_id, "done")
    [result] = [
        block
        for message in house.script.requests[-1]["messages"]
        for block in message["content"]
        if block["type"] == "tool_result"
    ]
    not_sent, text = result["content"]
    assert not_sent == {"type": "text", "text": "[a picture, not sent: this model takes none]"}
    assert text["text"].startswith("picture of %")
    assert house.server.refused == []


async def test_there_are_never_more_pictures_than_a_request_may_carry(house, monkeypatch):
    monkeypatch.setattr(sessions, "MAX_IMAGES", 2)
    house.script.then(*[use("terminal_read", picture=True) for _ in range(3)])
    house.script.then(use("terminal_read", picture=True))
    agent_id = await house.agent("look")
    await house.state(agent_id, "done")
    assert len(pictures(house.script.requests[-1])) == 2
    [full] = house.results()
    assert full["content"].startswith("no picture: this conversation holds as many as can be sent")
    assert "\npane %" in full["content"]


async def test_pictures_that_are_large_together_leave_room_for_text(house, monkeypatch):
    monkeypatch.setattr(sessions, "MAX_IMAGE_CHARACTERS", 1000)
    for _ in range(2):
        house.script.then(use("terminal_read", picture=True))
    agent_id = await house.agent("look")
    await house.state(agent_id, "done")
    assert len(pictures(house.script.requests[-1])) == 1
    assert house.results()[0]["content"].startswith("no picture: this conversation holds")


async def test_a_session_born_without_pictures_goes_on_unchanged(house):
    agent_id = await house.agent("hello")
    await house.state(agent_id, "done")
    [record] = await house.database.sessions.list()
    tools = json.loads(record.tools_json)
    [read] = [tool for tool in tools if tool["name"] == "terminal_read"]
    del read["input_schema"]["properties"]["picture"]
    old = await house.database.sessions.create(
        type(record)(
            **{
                **{name: getattr(record, name) for name in record.__slots__},
                "id": "old",
                "name": "old",
                "tools_json": serialise(tools),
            }
        )
    )
    await house.again()
    house.script.then(use("terminal_read"))
    await house.prompt(old.id, "look")
    await house.until(lambda: len(house.script.requests) == 3)
    await house.state(old.id, "done")
    assert house.script.requests[-1]["tools"] == tools
    assert house.results()[0]["content"].startswith("pane %")


async def test_what_was_forgotten_takes_its_picture_along(house):
    house.script.then(use("terminal_read", picture=True))
    agent_id = await house.agent("look")
    await house.state(agent_id, "done")
    [row] = [r for r in await house.database.sessions.rows(agent_id) if r.attachments]
    await house.database.sessions.tombstone(agent_id, row.seq)
    [record] = await house.database.sessions.list()
    again = await sessions.Session.open(house.database, record)
    assert not again.has_images()


def test_a_picture_is_an_option_of_reading_and_costs_little():
    schema = INPUTS["terminal_read"].model_json_schema()["properties"]["picture"]
    assert schema["type"] == "boolean"
    assert schema["default"] is False


contents = st.binary(max_size=40)
user_blocks = st.one_of(
    st.builds(lambda text: text_block(text), st.text(max_size=20)),
    st.builds(lambda content: png_block(content), contents),
    st.builds(lambda text, png: tool_result("t1", text, png=png), st.text(max_size=20), contents),
    st.builds(lambda text: tool_result("t1", text), st.text(max_size=20)),
)


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(user_blocks, max_size=5))
def test_a_message_is_made_whole_from_what_is_stored(blocks):
    message = {"role": "user", "content": blocks}
    stored, taken = detached(message)
    kept = {each.sha256: each.content for each in map(_Kept, taken)}
    assert serialise(attached(json.loads(serialise(stored)), kept)) == serialise(message)
    for block in images(message):
        data = block["source"]["data"]
        assert not data or data not in json.dumps([each["source"] for each in images(stored)])


class _Kept:
    def __init__(self, attachment):
        import hashlib

        self.content = attachment.content
        self.sha256 = hashlib.sha256(attachment.content).hexdigest()


def test_what_a_model_said_stays_as_it_came():
    odd = {"type": "image", "source": {"type": "attachment", "sha256": "0" * 64}}
    message = {"role": "assistant", "content": [odd, {"type": "image"}]}
    assert detached(message) == (message, [])
    assert attached(message, {}) == message


@pytest.mark.parametrize(
    ("info", "wanted"),
    [
        ({}, False),
        ({"capabilities": None}, False),
        ({"capabilities": {"image_input": {"supported": True}}}, True),
        ({"capabilities": {"image_input": {"supported": "yes"}}}, False),
        ({"capabilities": ["vision"]}, False),
    ],
)
def test_images_are_sent_where_the_model_list_says_so(info, wanted):
    endpoint = Endpoint("endpoint", "http://127.0.0.1:1", "", "x")
    assert from_model_info(endpoint, "x", info).images is wanted
