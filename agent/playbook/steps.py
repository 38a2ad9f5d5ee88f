"""What a playbook may say: one model per step, strict, in a person's words."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self, TypeAlias

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from agent.risk.keys import is_key

MAX_STEPS = 1000
"""Most steps of one playbook."""

MAX_ITEMS = 200
"""Most texts and keys of one step."""


def _listed(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


def _key(value: Any) -> Any:
    if isinstance(value, str) and not is_key(value):
        raise ValueError(
            f"must be a tmux key name such as Enter, Escape, Up, C-c or F1 (found {value!r})"
        )
    return value


PaneName = Annotated[
    str, Field(pattern=r"^[A-Za-z][\w.-]{0,39}$", description="A name of a pane, such as main.")
]
Key = Annotated[str, BeforeValidator(_key)]
Keys = Annotated[
    tuple[Key, ...], BeforeValidator(_listed), Field(min_length=1, max_length=MAX_ITEMS)
]
Seconds = Annotated[float, Field(gt=0, le=3600, allow_inf_nan=False)]
Text = Annotated[str, Field(min_length=1)]


class Part(BaseModel):
    """Base of everything in a playbook; unknown fields are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)


class OnPane(Part):
    """A step on a pane: the one opened or named last, unless it names another."""

    pane: PaneName | None = None


class Open(Part):
    """Open one more pane and go on there; `directory` is taken from the playbook's own."""

    open: PaneName
    directory: Text = "."


class Run(OnPane):
    """Run a shell command and wait for its end; anything but exit status `status` is a failure."""

    run: Text
    timeout: Seconds = 120
    status: Literal["any"] | Annotated[int, Field(ge=0, le=255)] = 0
    why: Annotated[str, Field(max_length=300)] = ""


class Press(OnPane):
    """Press keys, by tmux's names."""

    press: Keys
    why: Annotated[str, Field(max_length=300)] = ""


class Pressed(Part):
    """Keys between texts, in the list of a `type` step."""

    press: Keys


class Type(OnPane):
    """Type texts literally, with keys between or after them; judged as one action."""

    type: Annotated[
        tuple[Annotated[str, Field(min_length=1)] | Pressed, ...],
        BeforeValidator(_listed),
        Field(min_length=1, max_length=MAX_ITEMS),
    ]
    press: Keys | None = None
    why: Annotated[str, Field(max_length=300)] = ""


class Until(Part):
    """What to wait for: exactly one of them."""

    text: Text | None = None
    idle: Annotated[float, Field(gt=0, le=60, allow_inf_nan=False)] | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.text is None) == (self.idle is None):
            raise ValueError("give exactly one of text, idle")
        return self


class Wait(OnPane):
    """Wait for something on the pane; that it does not come in time is a failure."""

    wait: Literal["prompt", "exit"] | Until
    timeout: Seconds = 60


class Expected(Part):
    """What must, or must not, be on the screen."""

    text: Text | None = None
    absent: Text | None = None

    @model_validator(mode="after")
    def _some(self) -> Self:
        if self.text is None and self.absent is None:
            raise ValueError("give text, absent, or both")
        return self


class Expect(OnPane):
    """Check the screen; it may take `timeout` seconds to become so."""

    expect: Text | Expected
    timeout: Seconds = 5


class Screenshot(OnPane):
    """Keep a picture of the pane under a name."""

    screenshot: PaneName


class Close(Part):
    """Close a pane and end what runs in it."""

    close: PaneName


AnyStep: TypeAlias = Open | Run | Type | Press | Wait | Expect | Screenshot | Close

VERBS: dict[str, type[AnyStep]] = {
    "open": Open,
    "run": Run,
    "type": Type,
    "press": Press,
    "wait": Wait,
    "expect": Expect,
    "screenshot": Screenshot,
    "close": Close,
}
"""Every step by the word it begins with. `press` may also stand beside `type`."""


def verb_of(step: AnyStep) -> str:
    """The word a step begins with."""
    return next(verb for verb, model in VERBS.items() if isinstance(step, model))


def title_of(step: AnyStep) -> str:
    """What a step does, in one line without its verb."""
    match step:
        case Open(open=name):
            return name
        case Run(run=command):
            text = command
        case Press(press=keys):
            text = " ".join(keys)
        case Type():
            text = " ".join(" ".join(i.press) if isinstance(i, Pressed) else i for i in step.type)
            text = " ".join((text, *(step.press or ())))
        case Wait(wait=Until() as until):
            text = f"{until.idle:g} s of quiet" if until.idle else f"text {until.text!r}"
        case Wait(wait=word):
            text = str(word)
        case Expect(expect=Expected() as expected):
            text = ", ".join(f"{name} {value!r}" for name, value in expected if value is not None)
        case Expect(expect=word):
            text = repr(word)
        case Screenshot(screenshot=name) | Close(close=name):
            text = name
    return " ".join(text.split())[:300]
