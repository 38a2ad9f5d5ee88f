"""Pictures that a person mentions: shown to a model that takes images, and named to any other."""

from __future__ import annotations

import base64
import io

from PIL import Image

from agent.agents.workers import from_coordinator
from agent.context.mentioned_pictures import EDGE, pictures_in
from agent.messages.attachments import images
from agent.protocol.commands.gates import Answer
from agent.protocol.commands.prompts import SendPrompt
from tests.agent.live.conftest import use


def draw(path, size, form="PNG", color="#cd3131"):
    Image.new("RGB", size, color).save(path, form)


def shown(request):
    """Format and size of each image of a request, in order."""
    found = []
    for message in request["messages"]:
        for block in images(message):
            content = base64.b64decode(block["source"]["data"])
            with Image.open(io.BytesIO(content)) as image:
                assert block["source"]["media_type"] == f"image/{image.format.lower()}"
                found.append((image.format, image.size))
    return found


async def test_a_picture_is_shown_where_the_model_takes_images(house):
    draw(house.project / "shot one.png", (40, 20))
    draw(house.project / "wide.jpg", (EDGE + 1000, 10), "JPEG")
    (house.project / "fake.png").write_text("no picture")
    house.script.then(use("ask_person", question="Now?")).then("done").then("done")
    agent_id = await house.agent('see @"shot one.png", @wide.jpg, @fake.png, @gone.png, @notes.md')
    await house.state(agent_id, "waiting")
    [request] = house.script.requests
    assert shown(request) == [("PNG", (40, 20)), ("PNG", (EDGE, 7))]
    content = request["messages"][0]["content"]
    texts = [block["text"] for block in content if block["type"] == "text"]
    assert texts[-1].startswith('see @"shot one.png"')
    assert 'Shown here, in this order: @"shot one.png", @wide.jpg' in texts[-2]
    told = [block["text"] for block in await house.blocks(agent_id) if block["kind"] == "notice"]
    assert told[:2] == [
        "shot one.png is shown to the model (40×20).",
        f"wide.jpg is shown to the model ({EDGE}×7).",
    ]
    assert told[2] == "fake.png is not shown: it is not a PNG, JPEG, GIF or WebP picture"
    assert told[3].startswith("gone.png is not shown: No such file")

    # Within a turn too; what an engine that was started anew sends begins with all of it.
    draw(house.project / "later.webp", (9, 9), "WEBP")
    await house.carry_out(SendPrompt(agent_id=agent_id, text="and @later.webp", when="after_step"))
    await house.again()
    question = await house.until(lambda: next(iter(house.hub.snapshot().questions), None))
    await house.carry_out(Answer(question_id=question.id, text="yes"))
    await house.rest(agent_id)
    assert shown(house.script.requests[-1]) == [*shown(request), ("WEBP", (9, 9))]
    assert not house.server.refused

    # A model that takes none is told the path, and the person why.
    await house.models.turn_to("blind")
    agent_id = await house.agent("and @wide.jpg again", model="blind")
    await house.state(agent_id, "done")
    assert shown(house.script.requests[-1]) == []
    told = [block["text"] for block in await house.blocks(agent_id) if block["kind"] == "notice"]
    assert "wide.jpg: blind is not known to take images and is told its path alone" in told[-1]
    assert not house.server.refused


def test_another_agents_words_show_nothing():
    assert pictures_in(["see @a.png and @b.PNG", "@a.png", "@c.txt"]) == ["a.png", "b.PNG"]
    assert pictures_in([from_coordinator("boss", "see @a.png")]) == []
