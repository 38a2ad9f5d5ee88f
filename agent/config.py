"""Settings: what the person wrote in `config.toml`, with the environment on top.

Everything has a default, so there need not be a file. Keys are strict: a misspelt one is an error
with its line and the nearest known name, never silently ignored. The model key is not a setting
(see `agent.credentials`), because settings get copied and shared.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_origin
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    SecretStr,
    Tag,
    ValidationError,
    field_validator,
)
from rapidfuzz.distance import OSA

from agent.errors import AgentError
from agent.paths import Paths
from agent.regular_file import read_regular


class ConfigError(AgentError):
    """A setting cannot be used; `lines` holds one line per fault, `str()` is the first."""

    def __init__(self, lines: Sequence[str]) -> None:
        self.lines = tuple(lines)
        more = len(self.lines) - 1
        super().__init__(self.lines[0] + (f" (and {more} more)" if more else ""))


def _as_tuple(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


Texts = Annotated[tuple[str, ...], BeforeValidator(_as_tuple)]


YEAR_HOURS = 8_760
"""Longest time that a setting can be: what is longer means never, which a mode says better."""

MOST = 1_000_000
"""Largest number that a setting can be; far beyond all use, and small enough to calculate with."""


class _Settings(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


class Dream(_Settings):
    """When AutoDream may put memory in order: `[dream]`."""

    mode: Literal["off", "recall", "manual", "auto"] = "auto"
    """off: no memory at all; recall: only recall; manual: dream when asked; auto: by itself."""

    idle_minutes: float = Field(default=15, ge=0, le=YEAR_HOURS * 60)
    """How long no agent may have worked before a dream."""

    gap_hours: float = Field(default=24, ge=0, le=YEAR_HOURS)
    """How long ago the last dream must be."""

    sessions: int = Field(default=5, ge=0, le=MOST)
    """How many sessions must have had a user turn since the last dream."""

    gap: Literal["dream", "session"] = "dream"
    """What the gap counts from: the last dream, or the end of the last other session."""


class RuleWithExamples(_Settings):
    """A rule, and examples that it is tried on when it is read."""

    rule: str
    """The rule itself."""

    match: Texts = ()
    """What it must cover."""

    not_match: Texts = ()
    """What it must not cover."""


_TEXT, _TABLE = "«text»", "«table»"


def _form(value: Any) -> str:
    return _TABLE if isinstance(value, dict | RuleWithExamples) else _TEXT


RuleTexts = Annotated[
    tuple[
        Annotated[
            Annotated[str, Tag(_TEXT)] | Annotated[RuleWithExamples, Tag(_TABLE)],
            Discriminator(_form),
        ],
        ...,
    ],
    BeforeValidator(_as_tuple),
]


class Rules(_Settings):
    """What the person decided beforehand: `[rules]`; `docs/risk.md` says how rules are matched."""

    deny: RuleTexts = ()
    """Never, whoever asks."""

    ask: RuleTexts = ()
    """Always ask, whatever the risk."""

    allow: RuleTexts = ()
    """Need not ask, up to MEDIUM."""


class Wall(_Settings):
    """The stronger wall around agents' panes: `[wall]`; see `docs/wall.md`."""

    mode: Literal["off", "on"] = "off"
    """Whether new agents get one unless told otherwise."""

    hide: Texts = ()
    """Further places that do not exist behind it, absolute or from `~`."""

    show: Texts = ()
    """Further places below your home that can be read behind it."""

    network: bool = True
    """Whether the network can be reached from behind it."""


class Recording(_Settings):
    """Which panes are recorded, and how much room that takes: `[recording]`."""

    mode: Literal["off", "on"] = "off"
    """on: every pane of every agent, from its beginning; off: those that you ask for."""

    megabytes: int = Field(default=256, ge=1, le=MOST)
    """Room for all recordings; the oldest make room for new ones."""

    pane_megabytes: int = Field(default=32, ge=1, le=MOST)
    """Where the recording of one pane ends; the pane goes on."""


class Limits(_Settings):
    """What may be used before no further request is made to a model."""

    requests: int | None = Field(default=None, ge=0, le=MOST)
    """Requests to a model."""

    tokens: int | None = Field(default=None, ge=0, le=MOST * MOST)
    """Tokens, those from the cache too."""

    dollars: float | None = Field(default=None, ge=0, le=MOST)
    """US dollars; models without a known price are then not asked."""


class Caps(_Settings):
    """Limits for everything that asks a model: `[budget.session]` and `[budget.day]`."""

    session: Limits = Limits()
    """Of each session, its workers with it."""

    day: Limits = Limits()
    """Of all sessions together, from midnight to midnight, local time."""


class Price(_Settings):
    """What a model costs that the price list does not know, in US dollars for a million tokens."""

    input: float = Field(ge=0, le=MOST)
    """Input that no cache had."""

    output: float = Field(ge=0, le=MOST)
    """What the model writes."""

    cache_read: float | None = Field(default=None, ge=0, le=MOST)
    """Input that was read from the cache; none: as other input."""

    cache_write: float | None = Field(default=None, ge=0, le=MOST)
    """Input that was written to the cache; none: as other input."""

    def of(self, sent: int, read: int, written: int, received: int) -> float:
        """Price tokens: fresh input, cache reads, cache writes and output."""
        read_at = self.input if self.cache_read is None else self.cache_read
        written_at = self.input if self.cache_write is None else self.cache_write
        paid = sent * self.input + read * read_at + written * written_at + received * self.output
        return paid / 1_000_000


_FRAMING = frozenset(
    {"connection", "content-length", "expect", "te", "trailer", "transfer-encoding", "upgrade"}
)
"""Headers that say how a request travels (RFC 9110, 9112): the HTTP client's own business."""


def _header_name(value: str) -> str:
    # A token of RFC 9110, section 5.6.2.
    if not re.fullmatch(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+", value):
        raise ValueError("is no name of a header: letters, digits and - without spaces or colons")
    if value.lower() in _FRAMING:
        raise ValueError("is set by the program itself: leave it out")
    return value


def _header_value(value: str) -> str:
    if not re.fullmatch(r"([!-~]([ \t!-~]*[!-~])?)?", value):
        raise ValueError("must be one line of ASCII without spaces around it")
    return value


HeaderName = Annotated[str, AfterValidator(_header_name)]
HeaderValue = Annotated[str, AfterValidator(_header_value)]


class Config(_Settings):
    """All settings."""

    model: str = ""
    """Model of new agents; empty: the one chosen at first run."""

    base_url: str = ""
    """A Messages endpoint other than Anthropic's, for instance `http://localhost:11434`."""

    headers: dict[HeaderName, HeaderValue] = Field(default={}, repr=False)
    """More HTTP headers for each request to the endpoint."""

    max_tokens: int = Field(default=16_000, ge=1, le=MOST)
    """Most tokens a model may write in one answer."""

    images: Literal["auto", "on", "off"] = "auto"
    """Whether the model may be sent pictures of its panes; auto: if it is known to take images."""

    mode: Literal["plan", "careful", "standard"] | None = None
    """Mode of new agents; none: careful where the directory is not trusted yet, else standard."""

    tmux: str = "tmux"
    """The tmux program: a name on PATH, or a path."""

    dream: Dream = Dream()
    """AutoDream."""

    wall: Wall = Wall()
    """The wall around panes."""

    recording: Recording = Recording()
    """Recordings of panes."""

    rules: Rules = Rules()
    """Rules of the gate."""

    budget: Caps = Caps()
    """Limits that stop agents before their next request."""

    prices: dict[str, Price] = {}
    """Prices of models, by their id."""

    api_key: SecretStr = Field(default=SecretStr(""), exclude=True)
    """From ANTHROPIC_API_KEY only; comes before the key file."""

    auth_token: SecretStr = Field(default=SecretStr(""), exclude=True)
    """From ANTHROPIC_AUTH_TOKEN only: a bearer token instead of a key."""

    @field_validator("base_url")
    @classmethod
    def _absolute(cls, value: str) -> str:
        if value and not re.match(r"https?://[^/\s]+", value):
            raise ValueError("must start with http:// or https:// and name a host")
        try:
            parts = urlsplit(value)
            usable = not value or (bool(parts.hostname) and parts.port != 0)
        except ValueError:
            usable = False
        if not usable:
            raise ValueError("must name a host and, after a colon, a port from 1 to 65535")
        return value.rstrip("/")

    @field_validator("tmux")
    @classmethod
    def _named(cls, value: str) -> str:
        if not value.strip():
            raise ValueError("must name a program")
        return value


_ENVIRONMENT = {
    "TUNGSTEN_MODEL": "model",
    "ANTHROPIC_BASE_URL": "base_url",
    "ANTHROPIC_API_KEY": "api_key",
    "ANTHROPIC_AUTH_TOKEN": "auth_token",
}
_SECRETS = frozenset({"api_key", "auth_token"})

NEAR = 0.6
"""Least similarity of a misspelt name: two slips in five letters, a swap counted as one."""

MAX_BYTES = 1024 * 1024
"""Longest settings file that is read; a real one has a few hundred bytes."""


def load(paths: Paths, *, environment: Mapping[str, str] | None = None) -> Config:
    """Read the settings; without a file every setting has its default.

    Args:
        paths: where `config.toml` lies.
        environment: what overrides the file, `os.environ` unless given.

    Raises:
        ConfigError: the file cannot be read or used, or a variable cannot.
    """
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
    variables = os.environ if environment is None else environment
    overrides = {
        field: variables[name] for name, field in _ENVIRONMENT.items() if variables.get(name)
    }
    try:
        return Config.model_validate(
            values | {k: SecretStr(v) if k in _SECRETS else v for k, v in overrides.items()}
        )
    except ValidationError as error:
        names = {field: name for name, field in _ENVIRONMENT.items()}
        faults = error.errors(include_url=False)
        raise ConfigError(
            [f"{names[str(fault['loc'][0])]}: {_said(fault, Config)}" for fault in faults]
        ) from error


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
    best, best_depth = 1, 0
    for number, line in enumerate(text.splitlines(), 1):
        if header := re.match(r"\s*\[+([^\]]+)\]", line):
            table = _key(header[1])
            path = table
        elif setting := re.match(r"\s*([^=#\[\]]+?)\s*=", line):
            path = table + _key(setting[1])
        else:
            continue
        depth = len(path)
        if depth > best_depth and wanted[:depth] == path:
            best, best_depth = number, depth
    return best


def _line_with_most(pattern: str, text: str) -> int:
    """The line, from 1, on which a pattern is found most often."""
    counts = [len(re.findall(pattern, line)) for line in text.splitlines()]
    return 1 + counts.index(max(counts))


def _key(dotted: str) -> list[str]:
    parts = re.findall(r"\s*(\"[^\"]*\"|'[^']*'|[^.]+)\s*(?:\.|$)", dotted)
    return [part.strip().strip("\"'") for part in parts]


def _place(fault: Any) -> list[str]:
    """Where a fault is, without pydantic's words for the form of a value, or for a key."""
    return [str(part) for part in fault["loc"] if part not in (_TEXT, _TABLE, "[key]")]


def _said(fault: Any, model: type[BaseModel]) -> str:
    """One fault in a person's words."""
    location = _place(fault)
    name = "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in ".".join(location))
    context = fault.get("ctx", {})
    # A header's value may be a key.
    hidden = location[0] == "headers" and isinstance(fault["input"], str) and len(location) > 1
    found = "" if hidden else f" (found {_found(fault['input'])})"
    match fault["type"]:
        case "extra_forbidden":
            known = _settings_beside(model, location)
            near = _nearest(location[-1], known)
            hint = f'did you mean "{near}"?' if near else f"known are {', '.join(known)}"
            return f'there is no setting "{name}": {hint}'
        case "literal_error":
            choices = ", ".join(str(choice) for choice in _choices(model, location))
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
