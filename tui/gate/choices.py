"""What a person can do with a gate beside yes and no: say why not, change it, keep a rule.

Nothing that is written here decides by itself: a changed command comes back as a gate of its own,
a rule is shown with what it would have done before the key that keeps it works.
"""

from __future__ import annotations

from typing import Literal

from textual import on
from textual.widgets import Input

from tui.gate.card import TOO_SMALL, GateCard
from tui.gate.entry import CommandArea
from tui.gate.exact_view import ExactView
from tui.gate.host import send
from tui.gate.keys_offered import can_edit
from tui.gate.rule_offer import offer

PATIENCE = 3.0
"""Seconds until a changed command that is not asked about is held to have been answered."""


class GateChoices(GateCard):
    """Writing in the dialog, and rules."""

    def sync(self) -> None:
        """Follow the app's state."""
        raise NotImplementedError

    def _decide(self, decision: str, message: str = "", rule: str = "") -> None:
        """Send a decision on the gate shown; with `rule`, such actions are allowed for good."""
        raise NotImplementedError

    async def _nobody_there(self) -> str:
        """Say in one line why an approval can't be a person's; empty when it can."""
        raise NotImplementedError

    def _wait_anew(self) -> None:
        """Want silence before a key decides: something else stands there now."""
        raise NotImplementedError

    # Writing ------------------------------------------------------------------------------------

    def _begin(self, what: Literal["message", "rule", "command"]) -> None:
        if self._gate is None:
            return
        self._leave_writing()
        self._writing = what
        self.peeking = False
        self.add_class(f"-{what}")
        if what == "command":
            self.command.begin(self._gate.text)
        elif what == "rule":
            rule = self._offer.rule if self._offer is not None else ""
            self.message.begin(rule, "Bash(words), Bash(words:*), Edit(path), Read(path)")
        else:
            self.message.begin("", "why not, and what to do instead")
        self._tell_keys()
        self._place()

    def _leave_writing(self) -> None:
        if not self._writing:
            return
        self.remove_class(f"-{self._writing}")
        field = self.command if self._writing == "command" else self.message
        self._writing = ""
        field.leave()

    def _step_back(self) -> bool:
        """Leave what is written or shown on top of the gate; False when there is nothing."""
        if not self._writing and self._offer is None:
            return False
        if self._writing:
            self._leave_writing()
        else:
            self._offer = None
        self._hint = ""
        self._tell_keys()
        self._place()
        return True

    def _written(self) -> str:
        """What would be lost if the gate went away now."""
        text = self.command.text if self._writing == "command" else self.message.value
        return text.strip() if self._writing in {"message", "command"} else ""

    @on(Input.Submitted, "#gate-message")
    def _line_written(self, event: Input.Submitted) -> None:
        event.stop()
        text = event.value.strip()
        if self._writing == "message":
            self._decide("deny", text)
        elif self._writing == "rule" and text:
            self._leave_writing()
            self._look_for_rule(text)

    @on(CommandArea.Submitted)
    def _command_written(self, event: CommandArea.Submitted) -> None:
        event.stop()
        gate = self._gate
        if self._writing != "command" or gate is None or self._judging:
            return
        if self._too_small:
            self.notify(TOO_SMALL, severity="warning", timeout=10)
            return
        if not event.text.strip() or event.text == gate.text:
            self._step_back()
            self._say("Nothing was changed")
            return
        self._judging = gate.id
        self.run_worker(self._have_judged(gate.id, event.text), exit_on_error=False)

    @on(CommandArea.Changed, "#gate-command")
    def _command_grows(self, event: CommandArea.Changed) -> None:
        event.stop()
        if self._writing == "command":
            self._place()

    async def _have_judged(self, gate_id: str, text: str) -> None:
        from agent.protocol.commands.gates import Decide

        if problem := await self._nobody_there():
            self.notify(problem, severity="error", timeout=30)
        else:
            command = Decide(gate_id=gate_id, decision="approve", edited=text)
            # Why it was refused is told by whoever sends it.
            _, problem = await send(self, command)
        if problem:
            # It goes on being written.
            self._judging = ""
            return
        if self._gate is not None and self._gate.id == gate_id:
            self._leave_writing()
            self._tell_keys()
            self.set_timer(PATIENCE, self._given_up)

    def _given_up(self) -> None:
        if self._judging:
            self._judging = ""
            self.sync()

    # Rules --------------------------------------------------------------------------------------

    def _begin_edit(self) -> None:
        if self._gate is not None and can_edit(self._gate):
            self._begin("command")

    def _look_for_rule(self, rule: str = "") -> None:
        if self._gate is None:
            return
        self._say("Looking for a rule …")
        self.run_worker(self._show_rule(self._gate.id, rule), exit_on_error=False)

    async def _show_rule(self, gate_id: str, rule: str) -> None:
        found, problem = await offer(self, gate_id, rule)
        if self._gate is None or self._gate.id != gate_id or self._writing:
            return
        if not problem and not found.rule:
            self._ruleless, self._why_ruleless = gate_id, found.why_not
        if problem or not found.rule:
            self._say(problem or f"There is no rule for this: {found.why_not}")
            return
        self._offer = found
        self._hint = ""
        self._wait_anew()
        self._tell_keys()
        self._place()

    # The tree of commands -----------------------------------------------------------------------

    def _turn_tree(self) -> None:
        """Show the commands found in the command with the risk of each, or no longer."""
        view = self.query_one("#gate-text", ExactView)
        if self._gate is None:
            return
        if view.unfolded:
            self._unfold("")
            return
        self._say("Looking through the command …", calm=True)
        self.run_worker(self._show_tree(self._gate.id), exit_on_error=False)

    async def _show_tree(self, gate_id: str) -> None:
        from agent.protocol.commands.explain import ExplainGate

        found, problem = await send(self, ExplainGate(gate_id=gate_id))
        if self._gate is None or self._gate.id != gate_id:
            return
        self._say(problem)
        if not problem and not self.peeking:
            self._unfold(_commands(str(found.get("text", ""))))

    def _unfold(self, tree: str) -> None:
        self.query_one("#gate-text", ExactView).unfold(tree)
        # Other text stands there now.
        self._wait_anew()
        self._tell_keys()
        self._place()

    def _keep_rule(self) -> None:
        if self._gate is None or self._offer is None or self._offer.why_not:
            return
        self._decide("approve", rule=self._offer.rule)


def _commands(explained: str) -> str:
    """What `tungsten risk explain` says but for the verdict above it, which the facts hold."""
    _, heading, tree = explained.partition("\ncommands:\n")
    return f"{heading.lstrip()}{tree}" if heading else explained
