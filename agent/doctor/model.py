"""Checks of the settings and the model that they choose."""

from __future__ import annotations

import asyncio

from agent.doctor.check import Check, Surroundings
from agent.model.client import ModelClient
from agent.model.endpoint import Endpoint
from agent.model.errors import InvalidRequest, ModelError
from agent.settings import config, credentials, models
from agent.settings.config import Config, ConfigError
from agent.settings.credentials import CredentialsError
from memory.embedder import EmbedderUnavailable
from memory.embedder import check as check_embedder

MODEL_SECONDS = 20.0
"""How long a model may take to answer, the loading of its libraries included."""


async def check_settings(around: Surroundings) -> Check:
    """Whether the settings can be read, and what they name is there."""
    file = around.paths.config_file
    try:
        embedder = config.load(around.paths, environment=around.environment).dream.embedder_path
    except ConfigError as error:
        return Check("settings", "problem", "; ".join(error.lines), f"edit {file}")
    if embedder is not None:
        try:
            await asyncio.to_thread(check_embedder, embedder)
        except EmbedderUnavailable as error:
            remedy = f"until then memories are recalled by their words; or edit {file}"
            return Check("settings", "warning", str(error), remedy)
    return Check("settings", "ok", str(file) if file.exists() else "defaults, there is no file")


async def check_model(around: Surroundings) -> Check:
    """Whether the model that a run would ask answers, with its key."""
    try:
        settings = config.load(around.paths, environment=around.environment)
    except ConfigError:
        settings = Config()
    file = around.paths.credentials_file
    # Reading the file would close it to others at once, and a check changes nothing.
    if file.is_file() and file.stat().st_mode & 0o077:
        return Check("model", "warning", f"{file} can be read by others", f"chmod 600 {file}")
    try:
        chosen = credentials.load(file)
    except CredentialsError as error:
        return Check("model", "problem", str(error), "start tungsten and give the key again")
    endpoint = models.first_choice(settings, chosen)
    match endpoint and endpoint.provider:
        case None if chosen.provider == "none":
            remedy = "start tungsten and choose one, or set ANTHROPIC_API_KEY"
            return Check("model", "warning", "none is chosen yet", remedy)
        case None:
            remedy = "start tungsten and choose it again"
            return Check("model", "problem", "the choice lacks its key or address", remedy)
        case "demo":
            text = "the built-in demo model, which is scripted"
            remedy = "for a real one: /model in the app, or set ANTHROPIC_API_KEY"
            return Check("model", "ok", text, remedy)
    assert endpoint is not None
    if not endpoint.model:
        text = f"no model is named for {endpoint.address}"
        return Check("model", "problem", text, "set model in the settings, or TUNGSTEN_MODEL")
    place = "the system's keyring" if chosen.in_keyring else str(file)
    return await _asked(endpoint, _key_from(settings, endpoint, place))


def _key_from(settings: Config, endpoint: Endpoint, place: str) -> str:
    """Where the key comes from, in words; empty when there is none, or only in a header."""
    profile = settings.profiles.get(settings.profile)
    variable = (profile and profile.key_variable) or "ANTHROPIC_API_KEY"
    if endpoint.api_key:
        given = endpoint.api_key == settings.api_key.get_secret_value()
        return f", key from {variable if given else place}"
    return ", key from ANTHROPIC_AUTH_TOKEN" if settings.auth_token.get_secret_value() else ""


async def _asked(endpoint: Endpoint, key: str) -> Check:
    """Ask as a run would, with the key: whoever only listens may still let nobody in."""
    client = ModelClient(endpoint)
    text = f"{endpoint.model} at {endpoint.address}"
    try:
        async with asyncio.timeout(MODEL_SECONDS):
            await client.check()
    except ModelError as error:
        said, _, remedy = str(error).rstrip(".").partition(": ")
        if isinstance(error, InvalidRequest) or not remedy:
            # What follows are the server's own words, and no advice.
            said, remedy = str(error), "see what the server wants; /model changes the choice"
        return Check("model", "problem", said, remedy)
    except TimeoutError:
        said = f"{text} has not answered within {MODEL_SECONDS:g} s"
        return Check("model", "warning", said, "a large model may still be loading: try again")
    finally:
        await client.close()
    return Check("model", "ok", f"{text} answers{key}")
