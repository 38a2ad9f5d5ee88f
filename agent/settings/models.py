"""Which model answers: chosen by environment, settings or the first-run screen, checked, kept.

In this order: a profile, a key or token in the environment, a `base_url` in the settings, the
choice kept in the key file. What a person chooses while the engine runs counts at once. Agents ask
for a client at each turn, so a new choice reaches them with their next one.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from typing import TYPE_CHECKING

from agent.errors import AgentError
from agent.hub import Hub
from agent.model.client import ModelClient
from agent.model.endpoint import Endpoint, Provider
from agent.paths import Paths
from agent.protocol.agents import DEMO_MODEL
from agent.protocol.commands.engine import Configure
from agent.protocol.events import SetupChanged
from agent.protocol.snapshot import Setup
from agent.settings import credentials
from agent.settings.config import Config
from agent.settings.credentials import Credentials, CredentialsError

if TYPE_CHECKING:
    from agent.model.local_server.server import LocalMessagesServer

DEFAULT_MODEL = "claude-sonnet-5-5"
"""Used with Anthropic's own endpoint when none is named. Source: the model list of SDK 2.12."""

NOT_SET_UP = (
    "No model is set up: /model in the app chooses one, or set ANTHROPIC_API_KEY, or "
    "ANTHROPIC_BASE_URL and TUNGSTEN_MODEL."
)

log = logging.getLogger(__name__)


def unnamed(address: str) -> str:
    """Say that an endpoint is known, and no model of it."""
    return f"No model is named for {address}: set TUNGSTEN_MODEL, or use --model or /model."


class ModelNotSetUp(AgentError):
    """There is no model to ask yet."""


class ChoiceIncomplete(AgentError):
    """A choice of model lacks something it needs."""


class Models:
    """The model in use, and the built-in demo model beside it."""

    def __init__(self, hub: Hub, paths: Paths, config: Config) -> None:
        self._hub = hub
        self._paths = paths
        self._config = config
        self._kept = Credentials()
        self._problem = ""
        self.notice = ""
        """One line for the person about the key file, empty when all is well."""
        try:
            self._kept = credentials.load(paths.credentials_file)
            self.notice = self._kept.notice
        except CredentialsError as error:
            self._problem = str(error)
        self._endpoint = first_choice(config, self._kept)
        self._current: ModelClient | None = None
        self._old: list[ModelClient] = []
        self._demo: ModelClient | None = None
        self._server: LocalMessagesServer | None = None
        self._choosing = asyncio.Lock()
        self._demo_starting = asyncio.Lock()

    @property
    def setup(self) -> Setup:
        """Whether a model can be reached, and how."""
        endpoint = self._endpoint
        if endpoint is None:
            return Setup(problem=self._problem or NOT_SET_UP)
        if endpoint.provider == "demo":
            return Setup(provider="demo", model=DEMO_MODEL)
        problem = "" if endpoint.model else unnamed(endpoint.address)
        return Setup(
            provider=endpoint.provider,
            base_url=endpoint.base_url,
            model=endpoint.model,
            problem=problem,
        )

    @property
    def default_model(self) -> str:
        """Model of new agents, empty when none is set up."""
        return self.setup.model

    async def client(self, *, demo: bool = False) -> ModelClient:
        """The client to ask.

        Args:
            demo: ask the built-in scripted model, whatever was chosen.

        Raises:
            ModelNotSetUp: nothing was chosen yet.
        """
        endpoint = self._endpoint
        if demo or (endpoint is not None and endpoint.provider == "demo"):
            return await self._demo_client()
        if endpoint is None:
            raise ModelNotSetUp(self.setup.problem)
        if self._current is None:
            self._current = ModelClient(endpoint)
        return self._current

    async def configure(self, command: Configure) -> Setup:
        """Check a choice against its endpoint, keep it, and use it from now on.

        Raises:
            ModelError: the endpoint does not answer as it should; nothing was changed.
            ChoiceIncomplete: key, address or model is missing; nothing was changed.
            CredentialsError: the choice cannot be written; nothing was changed.
        """
        async with self._choosing:
            endpoint = self._chosen(command)
            client = None
            if endpoint.provider != "demo":
                client = ModelClient(endpoint)
                try:
                    await client.check()
                except BaseException:
                    await client.close()
                    raise
            kept = Credentials(
                endpoint.provider, endpoint.api_key, endpoint.base_url, endpoint.model
            )
            try:
                # A keyring may take its time.
                await asyncio.to_thread(credentials.save, self._paths.credentials_file, kept)
            except BaseException:
                if client is not None:
                    await client.close()
                raise
            # A turn may still run with the client before; it is closed with the engine.
            if self._current is not None:
                self._old.append(self._current)
            self._kept, self._endpoint, self._current = kept, endpoint, client
            self._problem = ""
            log.info("the model is now %s of %s", endpoint.model, endpoint.provider)
            self._hub.publish(SetupChanged(setup=self.setup))
            return self.setup

    async def prewarm(self) -> None:
        """Load the model SDK ahead of the first turn; failures wait for that turn to be told."""
        endpoint = self._endpoint
        if endpoint is None or endpoint.provider == "demo":
            client = ModelClient(Endpoint())
            self._old.append(client)
        else:
            client = await self.client()
        try:
            await client.prewarm()
        except AgentError as error:
            log.warning("the model SDK could not be prepared: %s", error)

    async def close(self) -> None:
        """Close all connections and end the demo model."""
        clients = [*self._old, self._current, self._demo]
        self._old, self._current, self._demo = [], None, None
        for client in clients:
            if client is not None:
                await client.close()
        server, self._server = self._server, None
        if server is not None:
            await server.close()

    async def _demo_client(self) -> ModelClient:
        async with self._demo_starting:
            if self._demo is None:
                from agent.demo.responder import DemoResponder
                from agent.model.local_server.server import LocalMessagesServer

                key = secrets.token_urlsafe(24)
                server = LocalMessagesServer(DemoResponder(), api_key=key)
                await server.start()
                self._server = server
                self._demo = ModelClient(Endpoint("demo", server.base_url, key, DEMO_MODEL))
            return self._demo

    def _chosen(self, command: Configure) -> Endpoint:
        """The endpoint that a command describes, with what is known already filled in."""
        config, kept = self._config, self._kept
        key, model, address = (
            text.strip() for text in (command.api_key, command.model, command.base_url)
        )
        match command.provider:
            case "demo":
                return Endpoint("demo", model=DEMO_MODEL)
            case "anthropic":
                if not key:
                    key = config.api_key.get_secret_value() if _is_for(config, "") else ""
                if not key and kept.provider == "anthropic":
                    key = kept.api_key
                if not key:
                    raise ChoiceIncomplete("Paste a key: one is made at console.anthropic.com.")
                headers = _headers_for(config, "")
                return _endpoint_of(config, "anthropic", "", key, model or DEFAULT_MODEL, headers)
            case "endpoint":
                if not address.startswith(("http://", "https://")):
                    raise ChoiceIncomplete(
                        "Give the endpoint's address, for instance http://localhost:11434."
                    )
                if not model:
                    raise ChoiceIncomplete(
                        "Name a model that the endpoint serves, for instance qwen3-coder."
                    )
                headers = _headers_for(config, address)
                return _endpoint_of(config, "endpoint", address, key, model, headers)


def first_choice(config: Config, kept: Credentials) -> Endpoint | None:
    """What environment, settings and key file say together; None when they name no model."""
    key = config.api_key.get_secret_value()
    token = config.auth_token.get_secret_value()
    model = config.model or kept.model
    headers = dict(config.headers)
    if token and not key:
        headers["authorization"] = f"Bearer {token}"
    # With an address in the settings, all that is left here goes there; without one, the key
    # and the headers of the settings are for Anthropic's.
    if config.base_url:
        if not (key or token) and kept.provider == "endpoint":
            same = kept.base_url.rstrip("/") in ("", config.base_url)
            key = kept.api_key if same else ""
        return _endpoint_of(config, "endpoint", config.base_url, key, model, headers)
    if key or token:
        named = model if kept.provider == "anthropic" or config.model else ""
        return _endpoint_of(config, "anthropic", "", key, named or DEFAULT_MODEL, headers)
    match kept.provider:
        case "anthropic" if kept.api_key:
            name = model or DEFAULT_MODEL
            return _endpoint_of(config, "anthropic", "", kept.api_key, name, headers)
        case "endpoint" if kept.base_url:
            headers = _headers_for(config, kept.base_url)
            return _endpoint_of(config, "endpoint", kept.base_url, kept.api_key, model, headers)
        case "demo":
            return Endpoint("demo", model=DEMO_MODEL)
        case _:
            return None


def _endpoint_of(
    config: Config, provider: Provider, base_url: str, key: str, model: str, headers: dict[str, str]
) -> Endpoint:
    """An endpoint, with what the settings say of it."""
    cache = None if config.prompt_cache == "auto" else config.prompt_cache == "on"
    return Endpoint(provider, base_url, key, model, headers, cache, config.context_window)


def _is_for(config: Config, address: str) -> bool:
    """Whether key and headers of the settings were given for an address; empty: Anthropic's."""
    return Endpoint(base_url=config.base_url).url == Endpoint(base_url=address).url


def _headers_for(config: Config, address: str) -> dict[str, str]:
    """The settings' headers, for an address that they are meant for."""
    return dict(config.headers) if _is_for(config, address) else {}
