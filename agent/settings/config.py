"""Settings: what the person wrote in `config.toml`, with the environment on top.

Everything has a default, so there need not be a file. Keys are strict: a misspelt one is an error
with its line and the nearest known name, never silently ignored. The model key is not a setting
(see `agent.settings.credentials`), because settings get copied and shared.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

from pydantic import (
    BaseModel,
    Field,
    SecretStr,
    ValidationError,
    field_validator,
)

from agent.errors import AgentError
from agent.files.regular_file import read_regular
from agent.paths import Paths
from agent.settings.settings import (
    MOST,
    TABLE,
    TEXT,
    BaseUrl,
    Caps,
    Dream,
    HeaderName,
    HeaderValue,
    KeyNames,
    Price,
    Profile,
    Recording,
    Rules,
    RuleWithExamples,
    Settings,
    Snapshots,
    Wall,
    Worktrees,
)


class ConfigError(AgentError):
    """A setting cannot be used; `lines` holds one line per fault, `str()` is the first."""

    def __init__(self, lines: Sequence[str]) -> None:
        self.lines = tuple(lines)
        more = len(self.lines) - 1
        super().__init__(self.lines[0] + (f" (and {more} more)" if more else ""))


class Config(Settings):
    """All settings."""

    model: str = ""
    """Model of new agents; empty: the one chosen at first run."""

    base_url: BaseUrl = ""
    """A Messages endpoint other than Anthropic's, for instance `http://localhost:11434`."""

    headers: dict[HeaderName, HeaderValue] = Field(default={}, repr=False)
    """More HTTP headers for each request to the endpoint."""

    max_tokens: int = Field(default=16_000, ge=1, le=MOST)
    """Most tokens a model may write in one answer."""

    images: Literal["auto", "on", "off"] = "auto"
    """Whether the model may be sent pictures of its panes; auto: if it is known to take images."""

    thinking: Literal["auto", "on", "off"] = "auto"
    """Whether models think before they answer; auto: those that are known to decide it themselves.
    """

    effort: Literal["", "low", "medium", "high", "xhigh", "max"] = ""
    """How much trouble a model takes over an answer; empty: as much as it takes by itself."""

    prompt_cache: Literal["auto", "on", "off"] = "auto"
    """Whether prompts are marked for the endpoint's cache; auto: if it is known to have one."""

    context_window: int | None = Field(default=None, ge=1, le=MOST * MOST)
    """Tokens that the model's context holds, where the endpoint does not say."""

    profile: str = ""
    """The profile in use, one of `[profiles.NAME]`."""

    mode: Literal["plan", "careful", "standard"] | None = None
    """Mode of new agents; none: careful where the directory is not trusted yet, else standard."""

    tmux: str = "tmux"
    """The tmux program: a name on PATH, or a path."""

    theme: Literal["", "dark", "light", "high-contrast", "ansi-16"] = ""
    """How the app looks; empty: as `/theme` chose last. ansi-16: the terminal's own 16 colours."""

    animations: bool = True
    """Whether anything on the screen may move that nobody moved."""

    keys_preset: Literal["plain", "vi"] = "plain"
    """Keys of the app where `[keys]` names none: the usual ones, or more of vi's."""

    keys: dict[str, KeyNames] = Field(default={})
    """Keys of the app by action, such as `"agent.new" = "C-n"`; `[]`: none. See `docs/keys.md`."""

    dream: Dream = Dream()
    """AutoDream."""

    wall: Wall = Wall()
    """The wall around panes."""

    recording: Recording = Recording()
    """Recordings of panes."""

    snapshots: Snapshots = Snapshots()
    """Snapshots of trees, so that steps can be reverted."""

    worktrees: Worktrees = Worktrees()
    """Git worktrees of agents."""

    rules: Rules = Rules()
    """Rules of the gate."""

    budget: Caps = Caps()
    """Limits that stop agents before their next request."""

    prices: dict[str, Price] = Field(default={})
    """Prices of models, by their id."""

    profiles: dict[str, Profile] = Field(default={})
    """Models and where they live, by name."""

    api_key: SecretStr = Field(default=SecretStr(""), exclude=True)
    """From ANTHROPIC_API_KEY only; comes before the key file."""

    auth_token: SecretStr = Field(default=SecretStr(""), exclude=True)
    """From ANTHROPIC_AUTH_TOKEN only: a bearer token instead of a key."""

    @property
    def secret_variables(self) -> frozenset[str]:
        """Environment variables that hold a key: what agents run must not inherit them."""
        return frozenset(profile.key_variable for profile in self.profiles.values()) - {""}

    @field_validator("tmux")
    @classmethod
    def _named(cls, value: str) -> str:
        if not value.strip():
            raise ValueError("must name a program")
        return value


_ENVIRONMENT = {
    "TUNGSTEN_PROFILE": "profile",
    "TUNGSTEN_MODEL": "model",
    "ANTHROPIC_BASE_URL": "base_url",
    "ANTHROPIC_API_KEY": "api_key",
    "ANTHROPIC_AUTH_TOKEN": "auth_token",
    "ANTHROPIC_CUSTOM_HEADERS": "headers",
}
_SECRETS = frozenset({"api_key", "auth_token"})
_OF_AN_ADDRESS = frozenset({"base_url", "headers", *_SECRETS})
"""Settings that mean one endpoint and are never taken over to another."""

NEAR = 0.6
"""Least similarity of a misspelt name: two slips in five letters, a swap counted as one."""

MAX_BYTES = 1024 * 1024
"""Longest settings file that is read; a real one has a few hundred bytes."""


def load(paths: Paths, *, environment: Mapping[str, str] | None = None) -> Config:
    """Read the settings; without a file every setting has its default.

    A profile comes before the rest of the file, and one with an address of its own before the
    environment too; else the environment comes before the file.

    Args:
        paths: where `config.toml` lies.
        environment: what overrides the file, `os.environ` unless given.

    Raises:
        ConfigError: the file cannot be read or used, or a variable cannot.
    """
    text, values = _checked(paths)
    shown = _shown(paths.config_file)
    variables = os.environ if environment is None else environment
    given = {field: variables[name] for name, field in _ENVIRONMENT.items() if variables.get(name)}
    name = given.pop("profile", "") or values.get("profile", "")
    profile = _profile(values, name, text, shown, variables) if name else {}
    if "base_url" in profile:
        given = {field: value for field, value in given.items() if field not in _OF_AN_ADDRESS}
        values = {field: value for field, value in values.items() if field not in _OF_AN_ADDRESS}
    overrides: dict[str, Any] = {
        field: SecretStr(value) if field in _SECRETS else value for field, value in given.items()
    }
    if "headers" in overrides:
        overrides["headers"] = {**values.get("headers", {}), **_headers(given["headers"])}
    # One command's own choice of a model comes before a profile that all of them use.
    model = {"model": given["model"]} if "model" in given else {}
    try:
        return Config.model_validate({**values, **overrides, **profile, **model})
    except ValidationError as error:
        names = {field: name for name, field in _ENVIRONMENT.items()}
        faults = error.errors(include_url=False)
        raise ConfigError(
            [f"{names[str(fault['loc'][0])]}: {_said(fault, Config)}" for fault in faults]
        ) from error


def load_file(paths: Paths) -> Config:
    """Read the settings of the file alone, without profile and environment.

    Raises:
        ConfigError: it cannot be read or used.
    """
    return Config.model_validate(_checked(paths)[1])


def _checked(paths: Paths) -> tuple[str, dict[str, Any]]:
    text, values = read_table(paths.config_file)
    shown = _shown(paths.config_file)
    for secret in _SECRETS & values.keys():
        line = line_of(text, (secret,))
        raise ConfigError(
            [
                f"{shown}:{line}: {secret} does not belong here: settings get shared; "
                "give the key in the app, or set ANTHROPIC_API_KEY"
            ]
        )
    validate(Config, values, text, shown)
    return text, values


def _profile(
    values: Mapping[str, Any],
    name: str,
    text: str,
    shown: str,
    environment: Mapping[str, str],
) -> dict[str, Any]:
    """What a profile sets, its key among it.

    Raises:
        ConfigError: there is no such profile, or its key is not in the environment.
    """
    known = values.get("profiles", {})
    if name not in known:
        listed = f"known are {', '.join(known)}" if known else "there is none"
        raise ConfigError([f'{shown}: there is no profile "{name}", [profiles.{name}]: {listed}'])
    found = dict(known[name])
    variable = found.pop("key_variable", "")
    if variable:
        if not environment.get(variable):
            line = line_of(text, ("profiles", name, "key_variable"))
            raise ConfigError(
                [f'{shown}:{line}: the key of profile "{name}" is taken from {variable}: set it']
            )
        found["api_key"] = SecretStr(environment[variable])
        found["auth_token"] = SecretStr("")
    return {**found, "profile": name}


def _headers(text: str) -> dict[str, str]:
    """Read `Name: value` lines, as the SDK does of the same variable."""
    pairs = (line.partition(":") for line in text.splitlines() if ":" in line)
    return {name.strip(): value.strip() for name, _, value in pairs}


def read_table(path: Path) -> tuple[str, dict[str, Any]]:
    """Read a TOML file as (text, values); both are empty when there is none.

    Raises:
        ConfigError: it cannot be read, or it is not TOML.
    """
    shown = _shown(path)
    try:
        content = read_regular(path, MAX_BYTES + 1)
    except FileNotFoundError:
        return "", {}
    except OSError as error:
        raise ConfigError([f"{shown}: cannot be read ({error.strerror})"]) from error
    if len(content) > MAX_BYTES:
        raise ConfigError([f"{shown}: is longer than {MAX_BYTES} bytes: is it the right file?"])
    try:
        text = content.decode()
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ConfigError([f"{shown}:{line}: is not UTF-8: save the file as UTF-8"]) from error
    try:
        return text, tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        message = str(error)
        if place := re.search(r" \(at line (\d+), column \d+\)$", message):
            line, message = int(place[1]), message[: place.start()]
        else:
            line = max(1, len(text.splitlines()))
            message = message.removesuffix(" (at end of document)")
        reason = message[:1].lower() + message[1:]
        raise ConfigError([f"{shown}:{line}: is not valid TOML: {reason}"]) from error
    except RecursionError as error:
        line = _line_with_most(r"[\[{]", text)
        reason = "lists or tables are nested too deeply: no setting needs more than three levels"
        raise ConfigError([f"{shown}:{line}: {reason}"]) from error
    except ValueError as error:
        # Python reads no number of more than some thousand digits.
        line = _line_with_most(r"\d", text)
        raise ConfigError([f"{shown}:{line}: a number is too long: at most {MOST}"]) from error


def validate(model: type[BaseModel], values: dict[str, Any], text: str, shown: str) -> None:
    """Check `values`, read from `text`, against `model`.

    Raises:
        ConfigError: one line per fault: `FILE:LINE: SETTING what is expected (found …)`.
    """
    try:
        model.model_validate(values)
    except ValidationError as error:
        lines = []
        for fault in error.errors(include_url=False):
            line = line_of(text, _place(fault))
            lines.append(f"{shown}:{line}: {_said(fault, model)}")
        raise ConfigError(lines) from error


def line_of(text: str, location: Iterable[int | str]) -> int:
    """The line, from 1, on which a TOML text sets `location`, or the nearest table around it."""
    wanted = [str(part) for part in location]
    table: list[str] = []
    counted: dict[tuple[str, ...], int] = {}
    best, best_depth = 1, 0
    for number, line in enumerate(text.splitlines(), 1):
        if header := re.match(r"\s*(\[+)([^\]]+)\]", line):
            path = table = _inside(_key(header[2]), counted, entry=len(header[1]) > 1)
        elif setting := re.match(r"\s*([^=#\[\]]+?)\s*=", line):
            path = table + _key(setting[1])
        else:
            continue
        depth = len(path)
        if depth > best_depth and wanted[:depth] == path:
            best, best_depth = number, depth
    return best


def _inside(key: list[str], counted: dict[tuple[str, ...], int], *, entry: bool) -> list[str]:
    """The path of a table's header, with the numbers of the list entries that it is in.

    Args:
        key: the header's words.
        counted: entries so far by their list's path; changed here.
        entry: whether the header begins an entry of a list, `[[so]]`.
    """
    path: list[str] = []
    for place, part in enumerate(key):
        path.append(part)
        own = tuple(path)
        if entry and place == len(key) - 1:
            counted[own] = counted.get(own, -1) + 1
        if own in counted:
            path.append(str(counted[own]))
    return path


def _line_with_most(pattern: str, text: str) -> int:
    """The line, from 1, on which a pattern is found most often."""
    counts = [len(re.findall(pattern, line)) for line in text.splitlines()]
    return 1 + counts.index(max(counts))


def _key(dotted: str) -> list[str]:
    parts = re.findall(r"\s*(\"[^\"]*\"|'[^']*'|[^.]+)\s*(?:\.|$)", dotted)
    return [part.strip().strip("\"'") for part in parts]


def _place(fault: Any) -> list[str]:
    """Where a fault is, without pydantic's words for the form of a value, or for a key."""
    return [str(part) for part in fault["loc"] if part not in (TEXT, TABLE, "[key]")]


def _said(fault: Any, model: type[BaseModel]) -> str:
    """One fault in a person's words."""
    location = _place(fault)
    name = "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in ".".join(location))
    context = fault.get("ctx", {})
    # A header's value may be a key, and so may what stands in the place of a variable's name.
    may_be_key = "headers" in location[:-1] or location[-1] == "key_variable"
    hidden = may_be_key and isinstance(fault["input"], str)
    found = "" if hidden else f" (found {_found(fault['input'])})"
    match fault["type"]:
        case "extra_forbidden":
            known = _settings_beside(model, location)
            near = _nearest(location[-1], known)
            hint = f'did you mean "{near}"?' if near else f"known are {', '.join(known)}"
            return f'there is no setting "{name}": {hint}'
        case "literal_error":
            choices = ", ".join(str(choice) or '""' for choice in _choices(model, location))
            return f"{name} must be one of {choices}{found}"
        case "int_type" | "int_from_float" | "int_parsing":
            return f"{name} must be a whole number{found}"
        case "float_type" | "float_parsing":
            return f"{name} must be a number{found}"
        case "string_type":
            return f"{name} must be text in quotes{found}"
        case "tuple_type":
            return f"{name} must be a list of texts{found}"
        case "dict_type" | "model_type" | "model_attributes_type":
            return f"{name} must be a table, [{name}]{found}"
        case "greater_than_equal":
            return f"{name} must be at least {context['ge']:g}{found}"
        case "less_than_equal":
            return f"{name} must be at most {context['le']:.0f}{found}"
        case "finite_number":
            return f"{name} must be a finite number{found}"
        case "value_error":
            return f"{name} {context['error']}{found}"
        case _:
            return f"{name}: {fault['msg'][:1].lower()}{fault['msg'][1:]}{found}"


def _nearest(name: str, known: Sequence[str]) -> str:
    """The known name that `name` is probably a slip of, or nothing."""
    from rapidfuzz.distance import OSA

    scored = [(OSA.normalized_similarity(name, candidate), candidate) for candidate in known]
    score, best = max(scored)
    return best if score >= NEAR else ""


def _found(value: Any) -> str:
    try:
        text = f'"{value}"' if isinstance(value, str) else str(value)
    except (ValueError, RecursionError):
        # Python writes no number of more than some thousand digits.
        text = "something too long to show"
    return text if len(text) <= 40 else f"{text[:39]}…"


def _model_at(model: type[BaseModel], location: Sequence[str]) -> type[BaseModel]:
    parts = iter(location)
    for part in parts:
        if model is Rules and part in Rules.model_fields:
            return RuleWithExamples
        field = model.model_fields.get(part)
        annotation = field.annotation if field else None
        if get_origin(annotation) is dict:
            annotation = get_args(annotation)[1] if next(parts, "") else None
        elif get_origin(annotation) is tuple and next(parts, ""):
            annotation = get_args(annotation)[0]
        if not (isinstance(annotation, type) and issubclass(annotation, BaseModel)):
            break
        model = annotation
    return model


def _settings_beside(model: type[BaseModel], location: Sequence[str]) -> list[str]:
    fields = _model_at(model, location[:-1]).model_fields
    return [name for name in fields if name not in _SECRETS]


def _choices(model: type[BaseModel], location: Sequence[str]) -> list[Any]:
    field = _model_at(model, location[:-1]).model_fields[location[-1]]
    flat: list[Any] = []
    for choice in get_args(field.annotation):
        flat.extend(get_args(choice) or ([] if choice is type(None) else [choice]))
    return flat


def _shown(path: Path) -> str:
    """A path as a person writes it, with `~` for their home."""
    try:
        return f"~/{path.relative_to(Path.home())}"
    except (ValueError, RuntimeError):
        return str(path)
