"""The tables of `config.toml`: what each setting means, its default and its bounds."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    Tag,
)


def _as_tuple(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


Texts = Annotated[tuple[str, ...], BeforeValidator(_as_tuple)]


YEAR_HOURS = 8_760
"""Longest time that a setting can be: what is longer means never, which a mode says better."""

MOST = 1_000_000
"""Largest number that a setting can be; far beyond all use, and small enough to calculate with."""


class Settings(BaseModel):
    """Base of all tables: unknown keys and other types than the declared are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


class Limits(Settings):
    """What may be used before no further request is made to a model."""

    requests: int | None = Field(default=None, ge=0, le=MOST)
    """Requests to a model."""

    tokens: int | None = Field(default=None, ge=0, le=MOST * MOST)
    """Tokens, those from the cache too."""

    dollars: float | None = Field(default=None, ge=0, le=MOST)
    """US dollars; models without a known price are then not asked."""


class DreamLimits(Limits):
    """What each dream may ask a model: `[dream.model]`; 0 requests: nothing."""

    requests: int | None = Field(default=4, ge=0, le=MOST)
    tokens: int | None = Field(default=100_000, ge=0, le=MOST * MOST)


class RememberLimits(Limits):
    """What remembering sessions may ask a model in a day: `[dream.remember]`; 0: nothing."""

    requests: int | None = Field(default=50, ge=0, le=MOST)
    tokens: int | None = Field(default=500_000, ge=0, le=MOST * MOST)


class Dream(Settings):
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

    embedder: str = ""
    """Directory of a model2vec model that has a small say in what is recalled; empty: words alone.
    """

    model: DreamLimits = DreamLimits()
    """What each dream may ask a model about pairs that the rules leave open."""

    remember: RememberLimits = RememberLimits()
    """What may be asked of a model in a day about what sessions that ended said."""

    @property
    def embedder_path(self) -> Path | None:
        """Where the embedder's model lies, if one is named."""
        return Path(self.embedder).expanduser() if self.embedder else None


class RuleWithExamples(Settings):
    """A rule, and examples that it is tried on when it is read."""

    rule: str
    """The rule itself."""

    match: Texts = ()
    """What it must cover."""

    not_match: Texts = ()
    """What it must not cover."""


TEXT, TABLE = "«text»", "«table»"
"""Names of the two forms of a rule, as they stand in the places of faults."""


def _form(value: Any) -> str:
    return TABLE if isinstance(value, dict | RuleWithExamples) else TEXT


RuleTexts = Annotated[
    tuple[
        Annotated[
            Annotated[str, Tag(TEXT)] | Annotated[RuleWithExamples, Tag(TABLE)],
            Discriminator(_form),
        ],
        ...,
    ],
    BeforeValidator(_as_tuple),
]


class Rules(Settings):
    """What the person decided beforehand: `[rules]`; `docs/risk.md` says how rules are matched."""

    deny: RuleTexts = ()
    """Never, whoever asks."""

    ask: RuleTexts = ()
    """Always ask, whatever the risk."""

    allow: RuleTexts = ()
    """Need not ask, up to MEDIUM."""


class Wall(Settings):
    """The stronger wall around agents' panes: `[wall]`; see `docs/wall.md`."""

    mode: Literal["off", "on"] = "off"
    """Whether new agents get one unless told otherwise."""

    hide: Texts = ()
    """Further places that do not exist behind it, absolute or from `~`."""

    show: Texts = ()
    """Further places below your home that can be read behind it."""

    network: bool = True
    """Whether the network can be reached from behind it."""


class Recording(Settings):
    """Which panes are recorded, and how much room that takes: `[recording]`."""

    mode: Literal["off", "on"] = "off"
    """on: every pane of every agent, from its beginning; off: those that you ask for."""

    megabytes: int = Field(default=256, ge=1, le=MOST)
    """Room for all recordings; the oldest make room for new ones."""

    pane_megabytes: int = Field(default=32, ge=1, le=MOST)
    """Where the recording of one pane ends; the pane goes on."""


class Snapshots(Settings):
    """Trees before and after agents' steps, so that steps can be reverted: `[snapshots]`."""

    mode: Literal["on", "off"] = "on"
    """on: before and after each step that is not LOW in a trusted repository; off: none."""

    days: int = Field(default=14, ge=1, le=MOST)
    """How long a step can be reverted."""

    megabytes: int = Field(default=2048, ge=1, le=MOST)
    """Room for all snapshots; the oldest make room for new ones."""

    file_megabytes: int = Field(default=256, ge=1, le=MOST)
    """A larger file is not kept, and not put back."""

    files: int = Field(default=100_000, ge=1, le=MOST)
    """A tree with more files and directories is not kept."""

    seconds: float = Field(default=10.0, gt=0, le=MOST)
    """Longest time that a step waits for a snapshot; then it goes on without."""


class Worktrees(Settings):
    """Git worktrees of agents: `[worktrees]`."""

    mode: Literal["off", "on"] = "off"
    """on: new agents in a repository get a worktree of their own unless told otherwise."""


class Caps(Settings):
    """Limits for everything that asks a model: `[budget.session]` and `[budget.day]`."""

    session: Limits = Limits()
    """Of each session, its workers with it."""

    day: Limits = Limits()
    """Of all sessions together, from midnight to midnight, local time."""


def _key_names(value: Any) -> Any:
    for each in value.values() if isinstance(value, dict) else (value,):
        names = each if isinstance(each, list) else [each]
        if not all(isinstance(name, str) for name in names):
            raise ValueError("must be a key in quotes, or a list of them")
    return value


KeyNames = Annotated[Any, AfterValidator(_key_names)]
"""A key or several, as `"ctrl+n"` or `["C-n", "F5"]`; `agent.new = …` is a table in TOML."""


class Price(Settings):
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


def _base_url(value: str) -> str:
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


def _variable(value: str) -> str:
    if value and not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", value):
        raise ValueError("must be the name of an environment variable, never a key itself")
    return value


BaseUrl = Annotated[str, AfterValidator(_base_url)]
Variable = Annotated[str, AfterValidator(_variable)]


class Profile(Settings):
    """A model and where it lives, by a name: `[profiles.NAME]`.

    What a profile says comes before the settings outside; what it leaves out is theirs. One with an
    address of its own takes neither their key nor their headers, which are for another address.
    """

    model: str = ""
    """As the setting `model`."""

    base_url: BaseUrl = ""
    """As the setting `base_url`."""

    key_variable: Variable = ""
    """The environment variable that holds the key or token."""

    headers: dict[HeaderName, HeaderValue] = Field(default={}, repr=False)
    """As the setting `headers`."""

    max_tokens: int | None = Field(default=None, ge=1, le=MOST)
    """As the setting `max_tokens`."""

    images: Literal["auto", "on", "off"] | None = None
    """As the setting `images`."""

    thinking: Literal["auto", "on", "off"] | None = None
    """As the setting `thinking`."""

    effort: Literal["", "low", "medium", "high", "xhigh", "max"] | None = None
    """As the setting `effort`."""

    prompt_cache: Literal["auto", "on", "off"] | None = None
    """As the setting `prompt_cache`."""

    context_window: int | None = Field(default=None, ge=1, le=MOST * MOST)
    """As the setting `context_window`."""
