"""What `config.toml` says about the app itself: theme, motion and keys.

Read without the engine's models of all settings, which cost more than the first frame may; the
engine says what is wrong in the file. Importable without Textual.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from agent.files.regular_file import read_regular

if TYPE_CHECKING:
    from agent.paths import Paths
    from tui.keys.key_map import KeyMap

MOST_SETTINGS = 1_000_000
"""Bytes of settings that are looked at; no person writes more."""

_OURS = (b"theme", b"animations", b"keys")


@dataclass(frozen=True, slots=True)
class Preferences:
    """The settings of the app.

    Attributes:
        theme: Its name, one of `tui.themes.themes.NAMES`; empty: the one chosen last.
        animations: Whether anything may move that nobody moved.
        preset: One of `tui.keys.key_map.PRESETS`.
        keys: What `[keys]` says, unjudged.
        text: The file, for telling its lines; empty unless it says something of these.
    """

    theme: str = ""
    animations: bool = True
    preset: str = "plain"
    keys: Mapping[str, object] = field(default_factory=dict)
    text: str = ""


def read(paths: Paths) -> Preferences:
    """Read them; what can't be read, or is of another type, is as if it were not there."""
    try:
        content = read_regular(paths.config_file, MOST_SETTINGS)
    except OSError:
        return Preferences()
    if not any(name in content for name in _OURS):
        return Preferences()
    import tomllib

    try:
        text = content.decode()
        values: dict[str, Any] = tomllib.loads(text)
    except (ValueError, RecursionError):
        return Preferences()
    theme, preset, keys = (values.get(name) for name in ("theme", "keys_preset", "keys"))
    return Preferences(
        theme if isinstance(theme, str) else "",
        values.get("animations") is not False,
        preset if isinstance(preset, str) else "plain",
        _flat(keys) if isinstance(keys, dict) else {},
        text,
    )


def _flat(keys: Mapping[str, object]) -> dict[str, object]:
    """Take `agent.new = …`, which is a table in TOML, as `"agent.new" = …`."""
    flat: dict[str, object] = {}
    for name, value in keys.items():
        if isinstance(value, dict):
            flat |= {f"{name}.{verb}": of for verb, of in value.items()}
        else:
            flat[name] = value
    return flat


def put_keys_in_force(preferences: Preferences, config: Path) -> str:
    """Have the registry use the person's keys; say in one line what was refused, or nothing."""
    if not preferences.keys and preferences.preset == "plain":
        return ""
    from tui.keys import actions
    from tui.keys.key_map import resolve

    found = resolve(preferences.keys, preferences.preset)
    actions.use(found.keys)
    lines = refused(found, preferences, config)
    if not lines:
        return ""
    more = len(lines) - 1
    return lines[0] + (f" (and {more} more: tungsten keys --check)" if more else "")


def refused(found: KeyMap, preferences: Preferences, config: Path) -> list[str]:
    """Write each refusal with the place where it stands: `FILE:LINE: ACTION: REASON`."""
    if not found.refusals:
        return []
    from agent.settings.config import line_of

    shown, text = _shown(config), preferences.text
    lines = []
    for refusal in found.refusals:
        name = refusal.action_id
        line = max(line_of(text, ("keys", name)), line_of(text, ("keys", *name.split("."))))
        lines.append(f"{shown}:{line}: {refusal}")
    return lines


def _shown(path: Path) -> str:
    try:
        return f"~/{path.relative_to(Path.home())}"
    except (ValueError, RuntimeError):
        return str(path)
