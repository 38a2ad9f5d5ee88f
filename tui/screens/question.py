"""A question an agent asks, and the person's answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual import events, on, work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from tui.drawing.text import clean, one_line
from tui.gate.host import send
from tui.screens.card import CardScreen, card_foot, closing
from tui.widgets.choice_list import ChoiceList
from tui.widgets.field import Field

if TYPE_CHECKING:
    from agent.protocol.gates import Question


class QuestionScreen(CardScreen[bool]):
    """Shows a question whole; an option or own words answer it. True when it was answered."""

    BINDINGS: ClassVar[list[BindingType]] = [
        closing("later"),
    ]
    AUTO_FOCUS = "#answer"

    def __init__(self, question: Question) -> None:
        super().__init__()
        self._question = question
        self._busy = False

    def compose(self) -> ComposeResult:
        """Lay out question, options and a line for own words."""
        question = self._question
        with VerticalScroll(id="card", can_focus=False) as card:
            card.border_title = f"{one_line(question.agent_name)} asks"
            yield Static(clean(question.text), markup=False, classes="card-title")
            if question.options:
                yield ChoiceList(
                    *(
                        Option(_option(number, option), id=str(number))
                        for number, option in enumerate(question.options)
                    ),
                    id="options",
                )
                yield Static("Or in your own words", classes="card-hint card-gap")
            yield Field(placeholder="your answer", id="answer")
            yield from card_foot()

    def on_mount(self) -> None:
        """Begin with the options, if there are any."""
        if self._question.options:
            self.query_one(OptionList).focus()
        keys = [("Enter", "answer"), ("Esc", "later")]
        if self._question.options:
            keys.insert(0, ("↑↓", "choose"))
            keys.insert(1, ("Tab", "own words"))
        self.tell_keys(*keys)

    def action_later(self) -> None:
        """Leave the question in the inbox."""
        self.dismiss(False)

    def on_key(self, event: events.Key) -> None:
        """Move between the options and the line below them."""
        field = self.query_one("#answer", Input)
        if event.key == "up" and field.has_focus and self._question.options:
            self.set_focus(self.query_one(OptionList))
            event.stop()

    @on(OptionList.OptionSelected)
    def _option_chosen(self, event: OptionList.OptionSelected) -> None:
        self._answer(self._question.options[int(event.option_id or 0)])

    @on(Input.Submitted)
    def _written(self, event: Input.Submitted) -> None:
        event.stop()
        text = event.value.strip()
        if text:
            self._answer(text)
        else:
            self.problem("Write an answer first, or press Esc to answer later.")

    @work(exclusive=True, exit_on_error=False)
    async def _answer(self, text: str) -> None:
        from agent.protocol.commands.gates import Answer

        if self._busy:
            return
        self._busy = True
        _, problem = await send(self, Answer(question_id=self._question.id, text=text))
        self._busy = False
        if problem:
            self.problem(problem)
        else:
            self.dismiss(True)


def _option(number: int, text: str) -> Content:
    return Content.assemble((f"{number + 1}  ", "$muted"), clean(text))
