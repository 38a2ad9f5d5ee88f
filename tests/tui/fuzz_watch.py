"""Who watches a person that presses keys at random: what may be decided, and what was written."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from typing import Any

from agent.protocol.commands.agents import ArchiveAgent, StopAgent
from agent.protocol.commands.gates import AlwaysAllow, Decide
from agent.protocol.gates import Gate, RiskLevel
from tests.tui.conftest import Cockpit
from tui.gate.deny_many import DenyManyScreen
from tui.screens.confirm import ConfirmScreen

QUIET = 0.03
"""Silence before a deciding key, and after one beside a draft, in seconds; shorter than people's,
so that random keys get to decide often."""

Licence = tuple[str, str]
"""What a key may lead to: the kind of a decision, and the gate or agent it is about."""

TAKES_AWAY = frozenset(
    {
        *("backspace", "delete", "ctrl+d", "ctrl+f", "ctrl+h", "ctrl+k"),
        *("ctrl+u", "ctrl+w", "ctrl+x", "ctrl+y", "ctrl+z"),
    }
)
"""Keys whose meaning in a prompt is to take something away."""
SENDS = frozenset({"enter", "alt+s", "alt+n"})
COMPLETES = frozenset({"tab", "enter"})


class Watch:
    """Presses keys for the person, and holds what comes of each against what it may lead to."""

    def __init__(self, cockpit: Cockpit) -> None:
        self.cockpit = cockpit
        self.pressed: list[str] = []
        self.rooms: dict[str, int] = {}
        """How often each room was visited."""
        self.resizes = 0
        self.decided: Counter[str] = Counter()
        self._licences: Counter[Licence] = Counter()
        self._held: list[Licence] = []
        self._last = time.monotonic()
        self._looked_at = 0

    async def press(self, key: str) -> None:
        """Press one key, and see that nothing written is lost."""
        app = self.cockpit.app
        before = app.cockpit.prompt.expanded()
        in_prompt = self._in_prompt()
        menu = app.cockpit.prompt.menu_open
        held_before = self._held
        allowed = list(self._allowed(key))
        self.pressed.append(key)
        # The dialog times keys as they come: at the earliest when this begins, where a busy machine
        # takes long until it is over.
        began = time.monotonic()
        await self.cockpit.pilot.press(key)
        quiet = time.monotonic() - self._last >= QUIET
        self._last = began
        # What was held when another key came is decided by now, or was writing.
        for licence in held_before:
            if not self._under_way(licence):
                self._licences[licence] -= 1
        self._held = []
        for licence in allowed:
            if licence[0] in {"edit", "message", "many", "stop", "archive"}:
                self._licences[licence] += 1
            elif quiet:
                self._licences[licence] += 1
                self._held.append(licence)
        after = app.cockpit.prompt.expanded()
        if not before.strip() or within(before, after):
            return
        completed = menu and key in COMPLETES
        meant = key in TAKES_AWAY or completed or self._is_command(before, key)
        # Where keys are kept in order, a key may come after the one that gives the focus back.
        if not (meant and (in_prompt or self._in_prompt())):
            await self._find(before.strip(), key)

    def deciding(self) -> list[str]:
        """Keys that would decide, or lead to a decision, where the person is now."""
        app = self.cockpit.app
        screen, dialog = app.screen, app.gates
        if isinstance(screen, DenyManyScreen):
            return ["enter"]
        if isinstance(screen, ConfirmScreen):
            return ["y"]
        if screen is not app.cockpit or dialog is None or dialog.gate is None:
            return []
        if dialog._writing:
            return ["enter"]
        if dialog.gate.risk is RiskLevel.HIGH:
            return ["A", "A", "d", "m", "e", "a"]
        return ["a", "a", "d", "m", "e", "w", "w", "A"]

    def check_decisions(self) -> None:
        """See that every decision that has reached the engine had its own key."""
        commands = self.cockpit.engine.commands
        for command in commands[self._looked_at :]:
            licences = self._of(command)
            if licences is None:
                continue
            used = next((one for one in licences if self._licences[one] > 0), None)
            assert used, f"{command!r} had no key; pressed: {self.pressed[-12:]}"
            self._licences[used] -= 1
            self.decided[used[0]] += 1
            if used in self._held:
                self._held.remove(used)
        self._looked_at = len(commands)

    def _allowed(self, key: str) -> Iterator[Licence]:
        """What a key may decide where it is pressed now, if the keyboard has been quiet."""
        app = self.cockpit.app
        screen = app.screen
        if isinstance(screen, DenyManyScreen):
            if key == "enter":
                yield from (("many", gate.id) for gate in screen._gates)
            return
        if isinstance(screen, ConfirmScreen) and key == "y":
            agents = {agent.id for agent in app.agents}
            yield from (("stop", agent) for agent in agents)
            yield from (("archive", agent) for agent in agents)
        dialog = app.gates
        if screen is not app.cockpit or dialog is None or dialog.gate is None:
            return
        gate: Gate = dialog.gate
        if dialog._writing:
            kinds = {"message": "message", "command": "edit"}
            if key == "enter" and dialog._writing in kinds:
                yield (kinds[dialog._writing], gate.id)
        elif app.keyboard_holder is not None:
            return
        elif dialog._offer is not None:
            if key == "w" and gate.risk is not RiskLevel.HIGH:
                yield ("always", gate.id)
        elif key == ("A" if gate.risk is RiskLevel.HIGH else "a"):
            yield ("approve", gate.id)
        elif key == "d":
            yield ("deny", gate.id)

    def _of(self, command: Any) -> list[Licence] | None:
        """The licences one of which a command needs; None for one that decides nothing."""
        match command:
            case Decide(gate_id=gate_id, edited=edited) if edited:
                return [("edit", gate_id)]
            case Decide(gate_id=gate_id, decision="approve"):
                return [("approve", gate_id)]
            case Decide(gate_id=gate_id):
                return [("deny", gate_id), ("message", gate_id), ("many", gate_id)]
            case AlwaysAllow(gate_id=gate_id):
                return [("always", gate_id)]
            case StopAgent(agent_id=agent_id):
                return [("stop", agent_id)]
            case ArchiveAgent(agent_id=agent_id):
                return [("archive", agent_id)]
        return None

    def _under_way(self, licence: Licence) -> bool:
        """Whether the decision has been made already, though the engine may not know it yet."""
        dialog = self.cockpit.app.gates
        gate_id = licence[1]
        waits = any(gate.id == gate_id for gate in self.cockpit.app.state.gates)
        sent = dialog is not None and gate_id in dialog._queue.sent
        arrived = self.cockpit.engine.commands[self._looked_at :]
        return sent or not waits or any(licence in (self._of(one) or ()) for one in arrived)

    # What was written ---------------------------------------------------------------------------

    def _in_prompt(self) -> bool:
        """Whether keys edit the prompt; setup and the tour hand on what is typed there."""
        app = self.cockpit.app
        if getattr(app.screen, "_type_into", None) is not None:
            return True
        return app.screen is app.cockpit and app.focused is app.cockpit.prompt

    def _is_command(self, text: str, key: str) -> bool:
        """A `/command` is carried out, and is no words for anybody."""
        return key in SENDS and text.lstrip().startswith("/")

    async def _find(self, text: str, key: str) -> None:
        """See that a text that has left the prompt is kept or was sent."""
        for _ in range(60):
            if any(text in kept or within(text, kept) for kept in self._kept()):
                return
            await self.cockpit.pilot.pause(0.02)
        app = self.cockpit.app
        there = f"{app.cockpit.prompt.expanded()!r} at {app.focused!r} of {app.screen!r}"
        raise AssertionError(
            f"{text!r} was lost by {key!r}: {there}; pressed: {self.pressed[-40:]}"
        )

    def _kept(self) -> Iterator[str]:
        app = self.cockpit.app
        prompt = app.cockpit.prompt
        yield prompt.expanded()
        yield from strings(prompt.draft())
        yield from prompt._history
        yield from strings(app.memory._values)
        yield from strings(app.memory._unanswered)
        for command in self.cockpit.engine.commands:
            yield from strings(command.model_dump())


def within(text: str, longer: str) -> bool:
    """Whether all characters of a text stand in another one, in their order."""
    rest = iter(longer)
    return all(character in rest for character in text)


def strings(value: Any) -> Iterator[str]:
    """All texts in plain data."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for each in value.values():
            yield from strings(each)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from strings(each)
