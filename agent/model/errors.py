"""What can go wrong between Tungsten and a model, each with its way out in one line."""

from __future__ import annotations

from agent.errors import AgentError


class ModelError(AgentError):
    """Base of everything that a model request can fail with."""


class AuthenticationFailed(ModelError):
    """The endpoint does not accept the key; asking again with the same one is useless."""


class ModelNotFound(ModelError):
    """The endpoint works but has no such model."""


class Unreachable(ModelError):
    """No answer from the endpoint: no network, wrong address, or nothing listens there."""


class RateLimited(ModelError):
    """Still rate limited (429) after every retry."""


class Overloaded(ModelError):
    """Still overloaded (529) after every retry."""


class ContextTooLong(ModelError):
    """The conversation no longer fits the model's context window, or the request its size."""


class InvalidRequest(ModelError):
    """The endpoint refuses the request as it is."""


class StreamBroken(ModelError):
    """Responses kept breaking off before they were complete."""


class ServerFailed(ModelError):
    """The endpoint kept failing (5xx)."""
