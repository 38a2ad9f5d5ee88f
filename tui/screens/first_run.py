"""The first screen: how shall agents think? A key, a local endpoint, or the built-in demo model."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.events import Key, Paste
from textual.widgets import ContentSwitcher, Input, OptionList, Static
from textual.widgets.option_list import Option

from tui.gate.host import send
from tui.screens.card import CardScreen, card_foot, closing, row
from tui.widgets.choice_list import ChoiceList
from tui.widgets.field import Field

if TYPE_CHECKING:
    from collections.abc import Callable

    from textual.events import Event

    from agent.protocol.commands.engine import Configure

Choice = Literal["anthropic", "endpoint", "demo"]
Outcome = Literal["configured", "demo", "skipped"]

ENDPOINTS = (
    ("Ollama", "http://localhost:11434"),
    ("LM Studio", "http://localhost:1234"),
    ("llama.cpp", "http://localhost:8080"),
    ("vLLM", "http://localhost:8000"),
)
"""The default ports in each project's own documentation."""

KEY_START = "sk-"
"""How Anthropic's keys begin (`sk-ant-`), and those of most others."""

_NEXT_FIELD = {"url": "#model", "model": "#endpoint-key"}
"""Where Enter goes on to; elsewhere it tries what was filled in: often a key is all there is."""

_CHOICES: tuple[tuple[Choice, str, str], ...] = (
    (
        "demo",
        "Built-in demo model",
        "Starts a scripted job, offline. Terminals, git and gate are real.",
    ),
    ("anthropic", "API key", "Paste it once; it is kept where only you can read it."),
    (
        "endpoint",
        "Local endpoint",
        "Ollama, LM Studio, llama.cpp, vLLM, or any Messages API.",
    ),
)


class FirstRunScreen(CardScreen[Outcome]):
    """Asks once how agents shall think; the answer is tried before it is kept.

    Args:
        type_into: Takes what is typed here where nothing is to be typed: who writes their prompt
            without looking must not choose by it.
        in_use: The model that answers now and where, empty while there is none.
    """

    SHOWS_BELOW = False
    """There may be nothing yet but the word that the engine is not reached."""
    BINDINGS: ClassVar[list[BindingType]] = [
        closing("back"),
        # Before the field sees it: what is typed right behind it must not land in this field.
        Binding("tab", "app.focus_next", show=False, priority=True),
        Binding("shift+tab", "app.focus_previous", show=False, priority=True),
        Binding("enter", "enter", show=False, priority=True),
    ]

    def __init__(
        self, type_into: Callable[[Key | Paste], None] | None = None, in_use: str = ""
    ) -> None:
        super().__init__()
        self._type_into = type_into
        self._in_use = in_use
        self._typing = False
        self._busy = False
        self._told_of: list[str] = []
        """What stood in the fields as a problem was told."""
        self.demo_agents: list[str] = []
        """Who works in the demo, once it was chosen and has begun."""

    def compose(self) -> ComposeResult:
        """Lay out the choices and the form of each."""
        with VerticalScroll(id="card", can_focus=False):
            if self._in_use:
                yield Static("Model", classes="card-title")
                now = f"Agents think with {self._in_use}. Another one counts from their next turn."
                yield Static(now, classes="card-text", markup=False)
            else:
                yield Static("Tungsten", classes="card-title")
                yield Static(
                    "Agents work in real terminals. You watch them live, and nothing risky happens "
                    "before you have said so. How shall they think?",
                    classes="card-text",
                )
            with ContentSwitcher(initial="choices", id="forms"):
                yield ChoiceList(
                    *(
                        Option(_choice(number, title, text), id=choice)
                        for number, (choice, title, text) in enumerate(_CHOICES, 1)
                    ),
                    id="choices",
                )
                with Vertical(id="anthropic"):
                    yield row("API key", Field(password=True, placeholder="sk-ant-…", id="key"))
                    yield row("Model", Field(placeholder="empty: a good default", id="key-model"))
                    yield Static(
                        f"The key is kept {_place()}. It is never shown, never logged and never "
                        "reaches an agent’s terminal.",
                        classes="card-hint card-gap",
                    )
                with Vertical(id="endpoint"):
                    yield row("Base URL", Field(placeholder=ENDPOINTS[0][1], id="url"))
                    yield Static(_examples(), classes="card-under")
                    yield row("Model", Field(placeholder="as the server names it", id="model"))
                    yield row(
                        "Key",
                        Field(password=True, placeholder="if it wants one", id="endpoint-key"),
                    )
            yield from card_foot()

    def on_mount(self) -> None:
        """Start at the choices."""
        self._to_choices()

    @property
    def form(self) -> str:
        """Which part is shown: `choices`, `anthropic` or `endpoint`."""
        return self.query_one(ContentSwitcher).current or "choices"

    def on_key(self, event: Key) -> None:
        """Choose by number; what else is typed here was meant for the prompt."""
        if self.form != "choices" or self._busy:
            return
        if event.key in {"1", "2", "3"} and not self._typing:
            self._choose(_CHOICES[int(event.key) - 1][0])
        elif event.is_printable or (self._typing and event.key == "backspace"):
            event.stop()
            event.prevent_default()
            self.keep(event)

    def on_paste(self, event: Paste) -> None:
        """Keep what is pasted where there is no field for it."""
        if self.form == "choices" and not self._busy:
            self.keep(event)

    def keep(self, event: Event) -> None:
        """Give what was typed without looking to the prompt; Enter then chooses nothing."""
        if self._type_into is None:
            return
        if isinstance(event, Paste) or (
            isinstance(event, Key) and (event.is_printable or event.key == "backspace")
        ):
            self._typing = True
            self._type_into(event)
            self.say_kept()

    def say_kept(self) -> None:
        """Tell that there is text in the prompt, and take the next Enter for its end."""
        self._typing = True
        self.progress("What you typed is kept in the prompt. First choose a model, or press Esc.")

    @on(OptionList.OptionSelected, "#choices")
    def _chosen(self, event: OptionList.OptionSelected) -> None:
        for choice, _, _ in _CHOICES:
            if event.option_id == choice and not self._busy:
                self._choose(choice)

    def _choose(self, choice: Choice) -> None:
        self.progress("")
        if choice == "demo":
            self._start_demo()
            return
        self.query_one(ContentSwitcher).current = choice
        self.set_focus(self.query_one("#key" if choice == "anthropic" else "#url", Input))
        if choice == "endpoint":
            self.tell_keys(
                ("Enter", "next field, after Key: try it"),
                ("F5", "fill in an example"),
                ("Esc", "back"),
            )
        else:
            self.tell_keys(("Enter", "try it"), ("Tab", "next field"), ("Esc", "back"))

    def _to_choices(self) -> None:
        self._typing = False
        self.query_one(ContentSwitcher).current = "choices"
        self.set_focus(self.query_one("#choices"))
        self.progress("")
        leave = "keep it" if self._in_use else "look around first"
        self.tell_keys(("1-3 or ↑↓ Enter", "choose"), ("Esc", leave))

    def action_back(self) -> None:
        """Go back to the choices, or skip them."""
        if self._busy:
            self.workers.cancel_group(self, "setup")
            self._busy = False
            self._to_choices()
        elif self.form == "choices":
            self.dismiss("skipped")
        else:
            self._to_choices()

    def key_f5(self) -> None:
        """Go through the example endpoints."""
        if self.form != "endpoint":
            return
        field = self.query_one("#url", Input)
        urls = [url for _, url in ENDPOINTS]
        following = urls.index(field.value) + 1 if field.value in urls else 0
        field.value = urls[following % len(urls)]
        field.cursor_position = len(field.value)

    def action_enter(self) -> None:
        """Choose, go to the next field, or try what was filled in."""
        if self._busy:
            return
        if self._typing and self.form == "choices":
            self._typing = False
            return
        focused = self.focused
        if focused is None:
            return
        following = _NEXT_FIELD.get(focused.id or "")
        if following is not None:
            self.set_focus(self.query_one(following, Input))
        else:
            # In its turn: the field may not have taken in yet what was typed before.
            focused.call_later(self._submit)

    def _submit(self) -> None:
        if self.form == "choices":
            self.query_one(OptionList).action_select()
        elif self.form == "anthropic":
            self._submit_key()
        else:
            self._submit_endpoint()

    def problem(self, text: str) -> None:
        """Say in one line what is wrong, until something else is written."""
        super().problem(text)
        self._told_of = self._written()

    @on(Input.Changed)
    def _changed(self) -> None:
        if not self._busy and self._told_of not in ([], self._written()):
            self._told_of = []
            self.progress("")

    def _written(self) -> list[str]:
        return [field.value for field in self.query(Input)]

    def _value(self, name: str) -> str:
        return self.query_one(f"#{name}", Input).value.strip()

    def _submit_key(self) -> None:
        from agent.protocol.commands.engine import Configure

        key = self._value("key")
        if not key:
            self.problem("Paste a key first, or press Esc for the other ways.")
            return
        command = Configure(provider="anthropic", api_key=key, model=self._value("key-model"))
        doubt = (
            "" if key.startswith(KEY_START) else f" A key begins with {KEY_START}; this doesn’t."
        )
        self._configure(command, "Trying the key …", doubt)

    def _submit_endpoint(self) -> None:
        from agent.protocol.commands.engine import Configure

        url, model = self._value("url") or ENDPOINTS[0][1], self._value("model")
        if "://" not in url:
            url = f"http://{url}"
        if not url.startswith(("http://", "https://")):
            self.problem("The base URL begins with http:// or https://.")
            return
        if not model:
            self.problem("Name a model that the server has, for instance qwen3:32b.")
            self.set_focus(self.query_one("#model", Input))
            return
        command = Configure(
            provider="endpoint", base_url=url, model=model, api_key=self._value("endpoint-key")
        )
        self._configure(command, f"Trying {url} …")

    @work(exclusive=True, group="setup", exit_on_error=False)
    async def _configure(self, command: Configure, progress: str, doubt: str = "") -> None:
        self._busy = True
        self.progress(progress)
        _, problem = await send(self, command)
        self._busy = False
        if problem:
            self.problem(problem + doubt)
        else:
            self.dismiss("configured")

    @work(exclusive=True, group="setup", exit_on_error=False)
    async def _start_demo(self) -> None:
        from agent.protocol.commands.engine import Configure, StartDemo

        self._busy = True
        self.progress("Starting the demo model and a small repository to mend …")
        _, problem = await send(self, Configure(provider="demo"))
        if not problem:
            result, problem = await send(self, StartDemo())
            self.demo_agents = [str(one) for one in result.get("agents", ())]
        self._busy = False
        if problem:
            self.problem(problem)
        else:
            self.dismiss("demo")


def _choice(number: int, title: str, text: str) -> Content:
    return Content.assemble((f"{number}  ", "$muted"), (title, "bold"), "\n   ", (text, "$muted"))


def _place() -> str:
    from agent.settings.keyring_store import may_be_used

    file = "in a file with mode 0600"
    return f"in your system’s keyring, or where that refuses {file}" if may_be_used() else file


def _examples() -> Content:
    # One space: this fits into one line at 80 columns, and the colour tells them apart.
    return Content(" ").join(
        Content.assemble(name, " ", (url.removeprefix("http://localhost"), "$foreground"))
        for name, url in ENDPOINTS
    )
