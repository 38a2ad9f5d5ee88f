"""Turns what the SDK and its HTTP library raise into `agent.model.errors`, one line each."""

from __future__ import annotations

import errno
import json
import re
import socket
import ssl
from collections.abc import Mapping
from typing import Any

from agent.model.endpoint import Endpoint
from agent.model.errors import (
    AuthenticationFailed,
    ContextTooLong,
    InvalidRequest,
    ModelError,
    ModelNotFound,
    Overloaded,
    RateLimited,
    ServerFailed,
    Unreachable,
)

MAX_QUOTE = 300
"""Characters of a server's own words that are quoted."""

_TOO_LONG = re.compile(
    r"too long|exceed_context_size|"
    r"(exceed|maximum|longer|larger|available)[^.]{0,60}context (length|limit|size|window)|"
    r"context (length|limit|size|window)[^.]{0,60}(exceed|overflow)",
    re.IGNORECASE,
)
"""How Anthropic, llama.cpp, vLLM, LM Studio and Ollama say that a conversation does not fit."""


def from_status(status: int, body: object, endpoint: Endpoint, model: str) -> ModelError:
    """Name the failure behind an error answer.

    Args:
        status: the HTTP status, or 200 for an error event inside a stream.
        body: the parsed JSON body, or the text when it was not JSON.
        endpoint: who answered.
        model: the model that was asked for.
    """
    kind, said = _error_of(body)
    quote = endpoint.scrub(" ".join(said.split()))[:MAX_QUOTE]
    where = endpoint.address
    if status == 401 or kind == "authentication_error":
        if not (endpoint.api_key or endpoint.headers):
            return AuthenticationFailed(
                f"{where} wants a key and was given none: /model takes one, and so does "
                "ANTHROPIC_API_KEY."
            )
        return AuthenticationFailed(
            f"{where} does not accept the key: paste it again, whole, or use another one "
            f"(/model changes it; so does ANTHROPIC_API_KEY)."
        )
    if status == 402 or kind == "billing_error":
        return AuthenticationFailed(
            f"{where} wants payment before it answers: {quote or 'check the billing page'}."
        )
    if status == 403 or kind == "permission_error":
        return AuthenticationFailed(
            f"The key may not use {model} at {where}: {quote or 'permission denied'}."
        )
    if status == 404 or kind == "not_found_error":
        if kind == "not_found_error" or (model and model in said):
            return ModelNotFound(
                f"{where} has no model {model!r}: name one that it has (/model changes it)."
            )
        return Unreachable(
            f"{where} answers, but not with the Messages API: check the base URL "
            f"(it is what comes before /v1/messages)."
        )
    if status == 413 or (status == 400 and _TOO_LONG.search(f"{kind} {said}")):
        return ContextTooLong(
            f"The conversation no longer fits {model}: start a new agent, or one with a "
            f"larger context. ({quote})"
        )
    if status == 429 or kind == "rate_limit_error":
        return RateLimited(f"{where} limits the rate of requests: wait a little and send again.")
    if status == 529 or kind == "overloaded_error":
        return Overloaded(f"{where} is overloaded: wait a little and send again.")
    if status >= 500 or kind in ("api_error", "timeout_error"):
        return ServerFailed(
            f"{where} failed with status {status}: send again later. ({quote or 'no details'})"
        )
    return InvalidRequest(f"{where} refuses the request ({status}): {quote or 'no details'}")


def from_connection(error: BaseException, endpoint: Endpoint) -> ModelError:
    """Name the failure behind a request that got no answer."""
    where = endpoint.address
    # Whoever typed no address is not to look for a mistake in one.
    given = bool(endpoint.base_url.strip())
    causes = list(_causes(error))
    if any(isinstance(cause, socket.gaierror) for cause in causes):
        return Unreachable(
            f"No network, or no server called {where}: check the connection, then the base URL."
            if given
            else f"No network, so {where} cannot be found: connect, then try again."
        )
    if any(isinstance(cause, ssl.SSLError) for cause in causes):
        return Unreachable(
            f"No trusted TLS connection to {where}: check "
            f"{'the base URL, ' if given else ''}the clock and proxies."
        )
    if any(isinstance(cause, ConnectionRefusedError) for cause in causes) or any(
        isinstance(cause, OSError) and cause.errno == errno.ECONNREFUSED for cause in causes
    ):
        if not given:
            return Unreachable(
                f"The connection to {where} is refused: check proxies and the firewall."
            )
        way_out = (
            "start the model server" if endpoint.is_loopback else "check the base URL and its port"
        )
        return Unreachable(f"Nothing listens at {where}: {way_out}.")
    if any("Timeout" in type(cause).__name__ for cause in causes):
        return Unreachable(f"{where} does not answer in time: check the network and send again.")
    if any(type(cause).__name__ in ("UnsupportedProtocol", "InvalidURL") for cause in causes):
        return Unreachable(
            f"{where!r} is not a usable address: give a base URL like http://localhost:11434."
        )
    reason = next((str(cause) for cause in reversed(causes) if str(cause)), "no details")
    return Unreachable(
        f"No connection to {where}: check the network{' and the base URL' if given else ''}. "
        f"({endpoint.scrub(' '.join(reason.split()))[:MAX_QUOTE]})"
    )


def short_reason(status: int, body: object, endpoint: Endpoint) -> str:
    """Say in a few words why a request is being repeated."""
    kind, said = _error_of(body)
    if status == 429 or kind == "rate_limit_error":
        return "rate limited"
    if status == 529 or kind == "overloaded_error":
        return "overloaded"
    quote = endpoint.scrub(" ".join(said.split()))[:80]
    return f"the server failed ({kind or status})" + (f": {quote}" if quote else "")


def _error_of(body: object) -> tuple[str, str]:
    """Get error type and message out of `{"error": {"type", "message"}}` or whatever came."""
    if isinstance(body, Mapping):
        error: Any = body.get("error")
        if isinstance(error, Mapping):
            return str(error.get("type") or ""), str(error.get("message") or "")
        said = error or body.get("message") or body.get("detail") or ""
        # FastAPI lists its faults, each with the place it is at.
        return "", said if isinstance(said, str) else json.dumps(said)
    return "", body if isinstance(body, str) and not body.lstrip().startswith("<") else ""


def _causes(error: BaseException | None) -> Any:
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__
