"""The local server takes and refuses images as the real API does."""

import base64
import io
from typing import Any

import anthropic
import pytest
from PIL import Image

from agent.model.local_server import images
from agent.model.local_server.cache import estimate
from agent.model.local_server.models import ServedModel
from agent.model.local_server.server import LocalMessagesServer

KEY = "sk-test-0123456789"
TOOL = {"name": "look", "description": "Look.", "input_schema": {"type": "object"}}


def encoded(kind: str = "PNG", size: tuple[int, int] = (40, 30), **options: Any) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", size, (10, 200, 30)).save(buffer, kind, **options)
    return buffer.getvalue()


def image(content: bytes | str | None = None, media_type: str = "image/png") -> dict[str, Any]:
    content = encoded() if content is None else content
    data = content if isinstance(content, str) else base64.b64encode(content).decode()
    return {
        "type": "image",
        "source": {"type": "base64", "media_type": media_type, "data": data},
    }


def told(*blocks: Any) -> dict[str, Any]:
    """A request whose user shows something."""
    return request(
        [{"role": "user", "content": [*blocks, {"type": "text", "text": "What is it?"}]}]
    )


def shown(*blocks: Any, **more: Any) -> dict[str, Any]:
    """A request in which a tool shows something."""
    use = {"type": "tool_use", "id": "t1", "name": "look", "input": {}}
    result = {"type": "tool_result", "tool_use_id": "t1", "content": list(blocks), **more}
    return request(
        [
            {"role": "user", "content": "Look."},
            {"role": "assistant", "content": [use]},
            {"role": "user", "content": [result]},
        ]
    )


def request(messages: list[Any]) -> dict[str, Any]:
    return {"model": "tungsten-demo", "max_tokens": 10, "tools": [TOOL], "messages": messages}


@pytest.fixture
async def sdk(house):
    async with anthropic.AsyncAnthropic(
        api_key=KEY, base_url=house.server.base_url, max_retries=0
    ) as client:
        yield client


async def post(sdk: anthropic.AsyncAnthropic, body: Any) -> dict[str, Any]:
    return await sdk.post("/v1/messages", body=body, cast_to=dict[str, Any])


TEXT = {"type": "text", "text": "a screen"}
MARK = {"cache_control": {"type": "ephemeral"}}
ACCEPTED = {
    "in a tool result, before text": shown(image(), TEXT),
    "in a tool result, alone, marked": shown({**image(), **MARK}),
    "from the user": told(image()),
    "jpeg": told(image(encoded("JPEG"), "image/jpeg")),
    "progressive jpeg": told(image(encoded("JPEG", progressive=True), "image/jpeg")),
    "gif": told(image(encoded("GIF"), "image/gif")),
    "webp": told(image(encoded("WEBP"), "image/webp")),
    "lossless webp": told(image(encoded("WEBP", lossless=True), "image/webp")),
    "large": told(image(encoded(size=(8000, 1)))),
    "twenty large ones": shown(*[image(encoded(size=(2001, 1)))] * 20),
    "a hundred": shown(*[image()] * 100),
    "an error in text": shown(TEXT, is_error=True),
}


@pytest.mark.parametrize("body", ACCEPTED.values(), ids=ACCEPTED)
async def test_what_is_right_is_accepted(sdk, house, body):
    assert (await post(sdk, body))["type"] == "message"
    assert house.server.received == [body]


IN_RESULT = "messages.2.content.0.tool_result.content.0.image.source.base64"
PNG = encoded()
REFUSED: dict[str, tuple[Any, str]] = {
    "empty": (shown(image("")), f"{IN_RESULT}: image cannot be empty"),
    "no base64": (shown(image("«picture»")), f"{IN_RESULT}: invalid base64 data"),
    "a data url": (
        told(image("data:image/png;base64," + base64.b64encode(PNG).decode())),
        "messages.0.content.0.image.source.base64: invalid base64 data",
    ),
    "base64 in lines": (shown(image(base64.encodebytes(PNG).decode())), "invalid base64 data"),
    "no image": (shown(image(b"hello")), "Could not process image"),
    "half an image": (shown(image(PNG[: len(PNG) // 2])), "Could not process image"),
    "without its end": (shown(image(PNG[:-12])), "Could not process image"),
    "damaged": (shown(image(PNG.replace(b"IDAT", b"IDAX"))), "Could not process image"),
    "other kind than said": (
        shown(image(PNG, "image/jpeg")),
        f"{IN_RESULT}: The image was specified using the image/jpeg media type, but the image "
        "appears to be a image/png image",
    ),
    "no kind of image": (shown(image(PNG, "image/svg+xml")), f"{IN_RESULT}.media_type: Input"),
    "no media type": (
        shown({"type": "image", "source": {"type": "base64", "data": ""}}),
        f"{IN_RESULT}.media_type: Field required",
    ),
    "source of no kind": (
        shown({"type": "image", "source": {"type": "attachment", "sha256": "0"}}),
        "Input tag 'attachment'",
    ),
    "source of an unknown url": (
        told({"type": "image", "source": {"type": "url", "url": "https://example.com/a.png"}}),
        "Unable to download the file",
    ),
    "too many bytes": (
        shown(image(PNG + bytes(images.MAX_ENCODED * 3 // 4))),
        f"{IN_RESULT}: image exceeds 5 MB maximum: ",
    ),
    "too long": (
        shown(image(encoded(size=(1, 8001)))),
        f"{IN_RESULT}.data: At least one of the image dimensions exceed max allowed size: 8000",
    ),
    "too long for so many": (
        shown(*[image(encoded(size=(2001, 1)))] * 21),
        "exceed max allowed size for many-image requests: 2000 pixels",
    ),
    "too many": (
        shown(*[image()] * 101),
        "too many images and documents: 101 + 0 > 100",
    ),
    "in an error": (
        shown(image(), TEXT, is_error=True),
        'messages.2.content.0.tool_result: all content must be type "text" if "is_error" is true',
    ),
    "said by the model": (
        request(
            [
                {"role": "user", "content": "Paint."},
                {"role": "assistant", "content": [image()]},
                {"role": "user", "content": "Thanks."},
            ]
        ),
        "'image' blocks are not permitted within assistant turns",
    ),
}


@pytest.mark.parametrize(("body", "message"), REFUSED.values(), ids=REFUSED)
async def test_what_is_wrong_is_refused(sdk, house, body, message):
    with pytest.raises(anthropic.BadRequestError) as caught:
        await post(sdk, body)
    assert message in caught.value.body["error"]["message"]
    assert house.server.received == []


async def test_models_differ_in_what_they_take(house):
    models = (ServedModel("blind", images=False), ServedModel("wide", context_window=1_000_000))
    async with (
        LocalMessagesServer(house.responder, api_key=KEY, models=models) as server,
        anthropic.AsyncAnthropic(api_key=KEY, base_url=server.base_url, max_retries=0) as sdk,
    ):
        with pytest.raises(anthropic.BadRequestError, match="'blind' does not support image input"):
            await post(sdk, {**shown(image()), "model": "blind"})
        for model, takes in (("blind", False), ("wide", True)):
            info = await sdk.models.retrieve(model)
            assert info.capabilities.image_input.supported is takes
        await post(sdk, {**shown(*[image()] * 600), "model": "wide"})
        with pytest.raises(anthropic.BadRequestError, match=r"601 \+ 0 > 600"):
            await post(sdk, {**shown(*[image()] * 601), "model": "wide"})


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("PNG", {}),
        ("GIF", {}),
        ("JPEG", {}),
        ("JPEG", {"progressive": True}),
        ("WEBP", {}),
        ("WEBP", {"lossless": True}),
        ("WEBP", {"exif": b"Exif\0\0"}),
    ],
)
def test_kind_and_size_are_read_from_the_bytes(kind, options):
    content = encoded(kind, (321, 45), **options)
    assert images.measure(content) == (f"image/{kind.lower()}", 321, 45)


def test_an_image_counts_by_its_size_not_its_bytes():
    noise = Image.effect_noise((750, 100), 90)
    buffer = io.BytesIO()
    noise.save(buffer, "PNG")
    block = image(buffer.getvalue())
    assert estimate({"content": [block, TEXT]}) - estimate({"content": [None, TEXT]}) == 100
    huge = image(encoded(size=(3000, 3000)))
    assert estimate([huge]) - estimate([None]) == 1600
