"""Where a model lives and how to be let in."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import urlsplit

ANTHROPIC_URL = "https://api.anthropic.com"

Provider = Literal["anthropic", "endpoint", "demo"]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A Messages endpoint. The key and the headers, which may hold another one, never show in repr.

    `base_url` is what comes before `/v1/messages`; empty means Anthropic's own. `prompt_cache` and
    `context_window` (tokens) are what the person says of it, None where they leave it open.
    """

    provider: Provider = "anthropic"
    base_url: str = ""
    api_key: str = field(default="", repr=False)
    model: str = ""
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    prompt_cache: bool | None = None
    context_window: int | None = None

    @property
    def url(self) -> str:
        """`base_url` as the SDK wants it; people paste it with `/v1` or the whole path, too."""
        url = self.base_url.strip().rstrip("/") or ANTHROPIC_URL
        for ending in ("/messages", "/v1"):
            url = url.removesuffix(ending)
        return url

    @property
    def address(self) -> str:
        """Host and port for messages to a person: no user, password, path or query."""
        try:
            parts = urlsplit(self.url)
            port = f":{parts.port}" if parts.port else ""
        except ValueError:
            return self.url.rpartition("@")[2]
        return f"{parts.hostname or self.url.rpartition('@')[2]}{port}"

    @property
    def is_loopback(self) -> bool:
        """Whether it is on this machine, where no proxy must come between."""
        host = self._host
        if host == "localhost":
            return True
        try:
            return ipaddress.ip_address(host).is_loopback
        except ValueError:
            return False

    @property
    def is_first_party(self) -> bool:
        """Whether Anthropic itself answers, so that its model list and prices hold."""
        host = self._host
        return host == "anthropic.com" or host.endswith(".anthropic.com")

    @property
    def _host(self) -> str:
        try:
            return urlsplit(self.url).hostname or ""
        except ValueError:
            return ""

    def scrub(self, text: str) -> str:
        """Take the key and the header values out of a text that someone else wrote."""
        for secret in (self.api_key, *self.headers.values()):
            if len(secret) >= 4:
                text = text.replace(secret, "‹key›")
        return text
