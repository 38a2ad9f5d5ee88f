"""Which model answers: the choice is checked against a real endpoint before it is kept."""

from __future__ import annotations

import asyncio
import contextlib
import json
import stat
from collections.abc import AsyncIterator
from typing import Any

import pytest

from agent.hub import Hub
from agent.model.endpoint import ANTHROPIC_URL, Endpoint
from agent.model.errors import AuthenticationFailed, ModelError, Unreachable
from agent.model.local_server.responder import ResponderMessage
from agent.model.local_server.server import LocalMessagesServer
from agent.paths import Paths
from agent.protocol.commands.engine import Configure
from agent.protocol.snapshot import Setup
from agent.settings import credentials
from agent.settings.config import Config, load
from agent.settings.credentials import Credentials
from agent.settings.models import (
    DEFAULT_MODEL,
    DEMO_MODEL,
    NOT_SET_UP,
    ChoiceIncomplete,
    ModelNotSetUp,
    Models,
)

KEY = "sk-test-0123456789"


class Says:
    async def respond(self, request: dict[str, Any]) -> ResponderMessage:
        return ResponderMessage([{"type": "text", "text": "ok"}])


@pytest.fixture
async def endpoint() -> AsyncIterator[LocalMessagesServer]:
    async with LocalMessagesServer(Says(), api_key=KEY, record=True) as server:
        yield server


def choose(server: LocalMessagesServer, key: str = KEY) -> Configure:
    return Configure(
        provider="endpoint", base_url=server.base_url, model="tungsten-demo", api_key=key
    )


@pytest.fixture
async def models(paths: Paths) -> AsyncIterator[Models]:
    made = Models(Hub(), paths, Config())
    yield made
    await made.close()


async def test_nothing_is_set_up_at_first(models: Models) -> None:
    assert models.setup == Setup(problem=NOT_SET_UP)
    assert models.default_model == ""
    with pytest.raises(ModelNotSetUp):
        await models.client()


async def test_a_choice_that_works_is_kept_privately_and_told(
    models: Models, paths: Paths, endpoint: LocalMessagesServer
) -> None:
    setup = await models.configure(choose(endpoint))
    assert setup == models.setup
    assert (setup.provider, setup.model, setup.problem) == ("endpoint", "tungsten-demo", "")
    assert models._hub.snapshot().setup == setup
    assert KEY not in models._hub.snapshot().model_dump_json()
    assert stat.S_IMODE(paths.credentials_file.stat().st_mode) == 0o600
    assert json.loads(paths.credentials_file.read_text())["api_key"] == KEY
    client = await models.client()
    assert client is await models.client()
    again = Models(Hub(), paths, Config())
    assert again.setup == setup
    await again.close()


async def test_a_choice_that_does_not_work_changes_nothing(
    models: Models, paths: Paths, endpoint: LocalMessagesServer
) -> None:
    await models.configure(choose(endpoint))
    before = paths.credentials_file.read_bytes()
    with pytest.raises(AuthenticationFailed) as caught:
        await models.configure(choose(endpoint, "sk-wrong-key"))
    assert "sk-wrong" not in str(caught.value)
    with pytest.raises(Unreachable):
        await models.configure(
            Configure(provider="endpoint", base_url="http://127.0.0.1:9", model="m")
        )
    assert paths.credentials_file.read_bytes() == before
    assert models.setup.base_url == endpoint.base_url


@pytest.mark.parametrize(
    "incomplete",
    [
        Configure(provider="anthropic"),
        Configure(provider="endpoint", model="m"),
        Configure(provider="endpoint", base_url="localhost:1", model="m"),
        Configure(provider="endpoint", base_url="http://localhost:1"),
    ],
)
async def test_an_incomplete_choice_says_what_is_missing(
    models: Models, incomplete: Configure
) -> None:
    with pytest.raises(ChoiceIncomplete):
        await models.configure(incomplete)


async def test_the_demo_model_needs_no_check_and_is_kept(models: Models, paths: Paths) -> None:
    setup = await models.configure(Configure(provider="demo"))
    assert (setup.provider, setup.model) == ("demo", DEMO_MODEL)
    assert Models(Hub(), paths, Config()).setup == setup


def test_a_damaged_key_file_is_a_problem_to_show_not_a_crash(paths: Paths) -> None:
    paths.credentials_file.write_text("{broken")
    setup = Models(Hub(), paths, Config()).setup
    assert setup.provider == "none"
    assert str(paths.credentials_file) in setup.problem


@pytest.mark.parametrize(
    ("environment", "text", "kept", "provider", "model"),
    [
        ({"ANTHROPIC_API_KEY": "k"}, "", Credentials(), "anthropic", DEFAULT_MODEL),
        ({"ANTHROPIC_API_KEY": "k"}, "", Credentials("demo"), "anthropic", DEFAULT_MODEL),
        ({"ANTHROPIC_AUTH_TOKEN": "t"}, "", Credentials(), "anthropic", DEFAULT_MODEL),
        ({}, 'model = "m"', Credentials("anthropic", "k"), "anthropic", "m"),
        ({}, "", Credentials("anthropic", "k", model="kept"), "anthropic", "kept"),
        (
            {"ANTHROPIC_BASE_URL": "http://localhost:1", "TUNGSTEN_MODEL": "m"},
            "",
            Credentials("anthropic", "k"),
            "endpoint",
            "m",
        ),
        ({}, "", Credentials("endpoint", "", "http://localhost:1", "m"), "endpoint", "m"),
        ({}, "", Credentials("demo"), "demo", DEMO_MODEL),
        ({}, "", Credentials("anthropic", ""), "none", ""),
    ],
)
def test_environment_then_settings_then_key_file(
    paths: Paths,
    environment: dict[str, str],
    text: str,
    kept: Credentials,
    provider: str,
    model: str,
) -> None:
    paths.config_file.write_text(text)
    credentials.save(paths.credentials_file, kept)
    setup = Models(Hub(), paths, load(paths, environment=environment)).setup
    assert (setup.provider, setup.model) == (provider, model)


def test_a_key_for_anthropic_is_never_sent_to_another_endpoint(paths: Paths) -> None:
    credentials.save(paths.credentials_file, Credentials("anthropic", "secret"))
    paths.config_file.write_text('base_url = "http://localhost:1"')
    endpoint = Models(Hub(), paths, load(paths, environment={}))._endpoint
    assert endpoint is not None
    assert endpoint.api_key == ""


def test_a_kept_key_is_sent_to_the_address_it_was_given_for_alone(paths: Paths) -> None:
    credentials.save(paths.credentials_file, Credentials("endpoint", "secret", "http://a:1/", "m"))
    for address, key in (("http://a:1", "secret"), ("http://b:1", "")):
        paths.config_file.write_text(f'base_url = "{address}"')
        endpoint = Models(Hub(), paths, load(paths, environment={}))._endpoint
        assert endpoint is not None
        assert endpoint.api_key == key


def test_a_profile_is_an_endpoint_of_its_own(paths: Paths) -> None:
    credentials.save(paths.credentials_file, Credentials("anthropic", "secret", model="kept"))
    paths.config_file.write_text(
        '[profiles.local]\nbase_url = "http://localhost:1"\nmodel = "qwen3"\n'
        'prompt_cache = "on"\ncontext_window = 9\n'
    )
    around = {"TUNGSTEN_PROFILE": "local", "ANTHROPIC_API_KEY": "secret"}
    endpoint = Models(Hub(), paths, load(paths, environment=around))._endpoint
    wanted = Endpoint("endpoint", "http://localhost:1", "", "qwen3", {}, True, 9)
    assert endpoint == wanted


class Listening:
    """A server that keeps the headers it is sent, and says no or sends on to elsewhere."""

    def __init__(self) -> None:
        self.headers: list[dict[str, str]] = []
        self.elsewhere = ""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        lines = [line.partition(": ") for line in head.split("\r\n")[1:] if line]
        headers = {name.lower(): value for name, _, value in lines}
        await reader.readexactly(int(headers.get("content-length", 0)))
        self.headers.append(headers)
        status = f"307 On\r\nlocation: {self.elsewhere}" if self.elsewhere else "404 No"
        writer.write(
            f"HTTP/1.1 {status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n".encode()
        )
        await writer.drain()
        writer.close()

    @property
    def secrets(self) -> set[str]:
        return {v for sent in self.headers for v in sent.values() if "secret" in v}


@pytest.fixture
async def listening() -> AsyncIterator[list[tuple[Listening, str]]]:
    async with contextlib.AsyncExitStack() as stack:
        found = []
        for _ in range(2):
            one = Listening()
            server = await asyncio.start_server(one.serve, "127.0.0.1", 0)
            await stack.enter_async_context(server)
            found.append((one, f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"))
        yield found


GATEWAY = """profile = "gateway"
[profiles.gateway]
base_url = "{}"
model = "m"
key_variable = "GATEWAY_KEY"
headers = {{ X-Gateway = "secret-header" }}
"""


async def asked(models: Models, address: str, key: str = "") -> None:
    """Choose an endpoint that refuses."""
    command = Configure(provider="endpoint", base_url=address, model="m", api_key=key)
    with pytest.raises(ModelError):
        await models.configure(command)


async def test_headers_and_key_go_to_their_own_address_alone(
    paths: Paths, listening: list[tuple[Listening, str]]
) -> None:
    (gateway, address), (other, elsewhere) = listening
    paths.config_file.write_text(GATEWAY.format(address))
    models = Models(Hub(), paths, load(paths, environment={"GATEWAY_KEY": "secret-key"}))
    await asked(models, elsewhere, "another")
    assert other.headers
    assert not other.secrets
    await asked(models, f"{address}/v1/")
    assert gateway.secrets == {"secret-header"}
    with pytest.raises(ChoiceIncomplete):
        await models.configure(Configure(provider="anthropic"))
    chosen = models._chosen(Configure(provider="anthropic", api_key="k"))
    assert (chosen.url, chosen.api_key, chosen.headers) == (ANTHROPIC_URL, "k", {})
    await models.close()


async def test_a_redirect_takes_no_secret_along(
    paths: Paths, listening: list[tuple[Listening, str]]
) -> None:
    (gateway, address), (other, elsewhere) = listening
    gateway.elsewhere = f"{elsewhere}/v1/messages"
    paths.config_file.write_text(GATEWAY.format(address))
    models = Models(Hub(), paths, load(paths, environment={"GATEWAY_KEY": "secret-key"}))
    await asked(models, address, "secret-typed")
    assert gateway.secrets >= {"secret-header", "secret-typed"}
    assert other.headers
    assert not other.secrets
    await models.close()


def test_headers_of_no_address_are_for_anthropic_alone(paths: Paths) -> None:
    paths.config_file.write_text('headers = { X-Team = "secret" }\n')
    for kept, headers in (
        (Credentials("endpoint", "k", "http://a:1", "m"), {}),
        (Credentials("anthropic", "k"), {"X-Team": "secret"}),
    ):
        credentials.save(paths.credentials_file, kept)
        endpoint = Models(Hub(), paths, load(paths, environment={}))._endpoint
        assert endpoint is not None
        assert endpoint.headers == headers


async def test_preparing_never_fails_loudly(models: Models) -> None:
    await models.prewarm()
