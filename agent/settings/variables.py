"""The environment variables that choose the model, compared between the engine and a front end.

The engine reads them when it starts and goes on for days; a front end that was started with others
must hear that its own do not count.
"""

from __future__ import annotations

from collections.abc import Mapping

NAMES = (
    "ANTHROPIC_API_KEY",
    "ANTHROPIC_AUTH_TOKEN",
    "ANTHROPIC_BASE_URL",
    "ANTHROPIC_CUSTOM_HEADERS",
    "TUNGSTEN_MODEL",
    "TUNGSTEN_PROFILE",
)
"""What `agent.settings.config` takes from the environment."""


def digests(environment: Mapping[str, str]) -> dict[str, str]:
    """The beginning of the SHA-256 of each value that is set: it tells difference, not content."""
    found = {name: environment[name] for name in NAMES if environment.get(name)}
    if not found:
        return {}
    # Imported here: most start without any.
    import hashlib

    return {
        name: hashlib.sha256(value.encode("utf-8", "surrogateescape")).hexdigest()[:16]
        for name, value in found.items()
    }


def difference(engine: Mapping[str, str], environment: Mapping[str, str]) -> str:
    """One line that says which variables differ and what to do, empty when none does."""
    ours = digests(environment)
    differ = [name for name in NAMES if engine.get(name) != ours.get(name)]
    if not differ:
        return ""
    names = " and ".join(filter(None, (", ".join(differ[:-1]), differ[-1])))
    verb = "differs" if len(differ) == 1 else "differ"
    return (
        f"The running engine was started in another environment, and that counts: {names} {verb}. "
        "`tungsten kill-engine` ends it; the next start takes what is set now"
    )
