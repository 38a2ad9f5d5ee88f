"""What stood in the prompt: a prompt, an answer, a shell command or a command with a slash."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any

from agent.protocol.commands.agents import CreateAgent
from agent.protocol.commands.gates import Answer
from agent.protocol.commands.panes import RunAsPerson
from agent.protocol.commands.prompts import COORDINATE, SendPrompt, When
from tui.conversation.empty_states import is_program, no_terminal
from tui.keys import actions
from tui.requests.agents import rename, set_mode, show_modes
from tui.requests.appearance import set_theme
from tui.requests.limits import set_budget, set_effort
from tui.requests.memory import remember_text, set_memory_mode
from tui.requests.sending import begin, lacks_model
from tui.requests.turns import withdraws

if TYPE_CHECKING:
    from agent.protocol.agents import AgentSummary
    from agent.protocol.client_lines import Command
    from tui.app import TungstenApp


async def submit(
    app: TungstenApp, text: str, when: When = "after_turn", agent_id: str = ""
) -> None:
    """Do what stood in the prompt; put it back when that can't be done.

    Args:
        app: the app.
        text: all of it, pastes in place.
        when: an agent that works is to hear a prompt.
        agent_id: whom it was written to; the one that is looked at where there is none such.
    """
    prompt = app.cockpit.prompt
    coordinated = COORDINATE.match(text) is not None
    agent = app.written_to(agent_id)
    if agent_id and agent is not None and agent.id != agent_id:
        app.put_back(agent, text)
        app.say(f"Who this was for is gone: it stands in the prompt of {agent.name}", "warning")
        return
    if not coordinated and _is_slash_command(text):
        if agent is not None and agent is not app.focused_agent:
            app.put_back(agent, text)
            app.say(f"{text.strip()} came too late: it stands in the prompt of {agent.name}")
            return
        await _slash(app, text.strip())
        return
    question = app.question_of(agent)
    command: Command
    if text.startswith("!"):
        line = text[1:].strip()
        if not line:
            return
        if agent is None:
            app.say("A shell command needs an agent's terminal: start an agent first", "warning")
            app.put_back(agent, text)
            return
        command = RunAsPerson(agent_id=agent.id, command=line)
    elif question is not None and not coordinated and when == "after_turn":
        command = Answer(question_id=question.id, text=_option(text.strip(), question.options))
    elif lacks_model(app, agent):
        from tui.model_setup import ask

        # It stays where it was written, and is sent by the person once there is a model.
        app.put_back(agent, text)
        await ask(app, said="There is no model yet. What you wrote stays in the prompt.")
        return
    elif agent is None:
        command = CreateAgent(directory=str(app.directory), prompt=text)
    elif is_program(agent):
        runs = any(not pane.dead for pane in agent.panes)
        typed = f": {actions.shown('pane.take')} types into it"
        why = typed if runs else f" and takes no prompt. {no_terminal(agent)}"
        app.say(f"{agent.name} is a program{why}", "warning")
        app.put_back(agent, text)
        return
    elif when == "now" and withdraws(app, agent):
        app.put_back(agent, text)
        return
    else:
        command = SendPrompt(agent_id=agent.id, text=text, when=when)
    if coordinated and _asks_demo_model(app, agent):
        app.say("The demo model cannot coordinate workers: /model chooses one that can", "warning")
        app.put_back(agent, text)
        return
    app.cockpit.conversation.action_tail()
    if await begin(app, command, empty=not prompt.text) is None:
        app.put_back(agent, text)


def _is_slash_command(text: str) -> bool:
    return text.startswith("/") and not text.startswith("//") and "\n" not in text.strip()


def _asks_demo_model(app: TungstenApp, agent: AgentSummary | None) -> bool:
    if agent is not None and (agent.demo or agent.kind != "model"):
        return agent.demo
    return app.known and app.state.setup.provider == "demo"


def _option(text: str, options: tuple[str, ...]) -> str:
    """Let a number stand for the option it numbers."""
    if text.isdecimal() and 1 <= int(text) <= len(options):
        return options[int(text) - 1]
    return text


WITH_ARGUMENT: dict[str, Callable[[TungstenApp, str], Coroutine[Any, Any, None]]] = {
    "agent.rename": rename,
    "agent.mode": set_mode,
    "agent.budget": set_budget,
    "app.memories": set_memory_mode,
    "app.remember": remember_text,
    "agent.effort": set_effort,
    "app.theme": set_theme,
}
"""What a command does with the words behind its name; others do without them."""


async def _slash(app: TungstenApp, text: str) -> None:
    name, _, argument = text[1:].partition(" ")
    argument = argument.strip()
    action = actions.by_slash(name)
    if action is None:
        app.say(f"There is no /{name}: / alone lists all commands; // sends a slash", "warning")
        app.cockpit.prompt.put_back(text)
    elif argument and action.id in WITH_ARGUMENT:
        await WITH_ARGUMENT[action.id](app, argument)
    elif not argument and action.id == "agent.mode":
        await show_modes(app)
    else:
        await app.run_action(action.action, app.cockpit)
