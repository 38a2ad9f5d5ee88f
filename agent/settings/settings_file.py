"""Settings that the program changes: in the person's file, with all else left as it is."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import TypeAlias

from agent.errors import AgentError
from agent.files.replaced_file import replace
from agent.settings.config import Config, ConfigError, read_table, validate

Value: TypeAlias = str | int | float | None
"""What is written below a table; None takes the key away."""

_VALUE = r"""(?:"[^"\n]*"|'[^'\n]*'|[\w.+-]+)"""
_NEXT = re.compile(r"^[ \t]*\[", re.MULTILINE)


class SettingsNotKept(AgentError):
    """The settings cannot be changed by themselves."""


def keep(file: Path, table: str, values: Mapping[str, Value]) -> None:
    """Write values below a table (`dream`, `budget.day`) and leave every other byte as it is.

    Raises:
        SettingsNotKept: the file cannot be read or written, would not be valid, or is written in a
            way that is not understood.
    """
    try:
        text, before = read_table(file)
        changed = edited(text, table, values)
        if _parsed(changed) != _wanted(before, table, values):
            given = [
                f"{key} = {_toml(value)}" for key, value in values.items() if value is not None
            ]
            what = f"set {', '.join(given)}" if given else f"take {', '.join(values)} away"
            raise SettingsNotKept(f"{file} is left as it is: {what} below [{table}] there")
        validate(Config, tomllib.loads(changed), changed, str(file))
        _replace(file.resolve(), changed)
    except (ConfigError, OSError) as error:
        raise SettingsNotKept(f"the settings are not changed: {error}") from error


def edited(text: str, table: str, values: Mapping[str, Value]) -> str:
    """The text of a settings file with other values; that it says what it should is not checked."""
    names = r"[ \t]*\.[ \t]*".join(map(re.escape, table.split(".")))
    for key, value in values.items():
        text = _with(text, table, names, key, value)
    return text


def _with(text: str, table: str, names: str, key: str, value: Value) -> str:
    dotted = _line(rf"{names}[ \t]*\.[ \t]*{re.escape(key)}")
    if dotted.search(text):
        return _put(dotted, text, value)
    header = re.compile(rf"^[ \t]*\[[ \t]*{names}[ \t]*\][^\n]*(?:\n|\Z)", re.MULTILINE)
    found = header.search(text)
    if found is None:
        if value is None:
            return text
        gap = "" if not text else "\n" if text.endswith("\n") else "\n\n"
        return f"{text}{gap}[{table}]\n{key} = {_toml(value)}\n"
    after = _NEXT.search(text, found.end())
    end = after.start() if after is not None else len(text)
    body = text[found.end() : end]
    line = _line(re.escape(key))
    if line.search(body):
        body = _put(line, body, value)
    elif value is not None:
        start = "" if found.group().endswith("\n") else "\n"
        body = f"{start}{key} = {_toml(value)}\n{body}"
    return text[: found.end()] + body + text[end:]


def _line(name: str) -> re.Pattern[str]:
    """A line that gives a value to a key; what follows the value is its third group."""
    return re.compile(rf"^([ \t]*{name}[ \t]*=[ \t]*)({_VALUE})([^\n]*(?:\n|\Z))", re.MULTILINE)


def _put(line: re.Pattern[str], text: str, value: Value) -> str:
    if value is None:
        return line.sub("", text, count=1)
    return line.sub(lambda found: f"{found[1]}{_toml(value)}{found[3]}", text, count=1)


def _parsed(text: str) -> object:
    """What a text says; None for what is no TOML."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return None


def _wanted(before: Mapping[str, object], table: str, values: Mapping[str, Value]) -> object:
    """What the file is to say.

    Raises:
        SettingsNotKept: something else has the table's name.
    """
    name, _, rest = table.partition(".")
    below = before.get(name, {})
    if not isinstance(below, Mapping):
        raise SettingsNotKept(f"the settings are not changed: {name} is no table there")
    if rest:
        changed = _wanted(below, rest, values)
    else:
        kept = {key: value for key, value in below.items() if key not in values}
        changed = kept | {key: value for key, value in values.items() if value is not None}
    if not changed and name not in before:
        return before
    return {**before, name: changed}


def _toml(value: Value) -> str:
    """A number as TOML has it; JSON's texts are TOML's too."""
    return json.dumps(value, ensure_ascii=False)


def _replace(file: Path, text: str) -> None:
    mode = file.stat().st_mode & 0o777 if file.exists() else 0o600
    replace(file, text.encode(), mode)
