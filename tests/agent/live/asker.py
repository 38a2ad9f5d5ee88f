"""A hosted agent whose program draws dialogs as a test tells it to, and says what it is typed."""

from __future__ import annotations

from agent.protocol.events import ActionReported, GateClosed, Notice
from tests.stubs.dialogs import PATIENCE, Dialogs
from tungsten.outcome import ForText

PROFILE = r"""
name = "asker"
title = "Asker"
start = "asker"

[process]
names = ["dialog_program"]

[prompt]
paste = false

[[rules]]
name = "works"
state = "working"
all = ["^working on it"]

[[rules]]
name = "ready"
state = "idle"
all = ["^ready>"]

[[rules]]
name = "run-command"
state = "waiting"
kind = "permission"
region = { begins = "^Bash command", ends = '^ *\d\. No' }
all = ["Do you want to proceed"]
settles = 0.1
changing = ['\(\d+ s\)']

[rules.asks]
heading = "^Bash command"
command = '^  \$ (?P<text>.+)'
beside = ["^Bash command", "^Do you want to proceed"]

[[rules.answers]]
key = "1"
means = "allow_once"
pattern = '1\. (?P<label>Yes)$'

[[rules.answers]]
key = "2"
means = "allow_always"
pattern = '2\. (?P<label>Yes, .*)'

[[rules.answers]]
key = "3"
means = "deny"
pattern = '3\. (?P<label>No.*)'

[[rules]]
name = "choose"
state = "waiting"
kind = "question"
region = { begins = "^Which", ends = "^Esc" }
settles = 0.1

[[rules.answers]]
key = "a"
means = "other"
pattern = 'a\) (?P<label>.+)'

[[rules.answers]]
key = "b"
means = "other"
pattern = 'b\) (?P<label>.+)'
"""
WORKS = "working on it\n\n\n"
CHOOSE = "Which colour?\n a) red\n b) blue\nEsc to leave"


def asks(command, more="", clock=1):
    return (
        f"Bash command ({clock} s)\n  $ {command}\n{more}\nDo you want to proceed?\n"
        " » 1. Yes\n   2. Yes, and never ask again\n   3. No, and say why"
    )


KEYS = {"1": "works", "2": "works", "3": "works", "a": "works", "b": "works"}


class Asker:
    """A hosted agent whose program draws what a test tells it to."""

    def __init__(self, house, agent, dialogs):
        self.house, self.agent, self.dialogs = house, agent, dialogs
        self.pane_id = agent.panes.first()
        self.pane = house.terminal.pane(self.pane_id)

    def unseen(self):
        """From now on, nobody sees what its screen shows."""
        self.agent.dialogs.looked = lambda pane_id, shown: None

    async def ask(self, name, text):
        self.dialogs.tell("works", WORKS, only=True)
        await self.dialogs.draw(name, text, KEYS)

    async def shows(self, pattern):
        """Wait until its terminal shows what its program wrote: a key taken is none drawn yet."""
        assert (await self.pane.wait(ForText(pattern), PATIENCE)).met

    async def works(self):
        await self.dialogs.draw("works", WORKS)

    def notices(self):
        return [event.text for event in self.house.events if isinstance(event, Notice)]

    async def notice(self, text):
        return await self.house.until(lambda: text in "\n".join(self.notices()), f"notice {text}")

    async def closed(self, gate):
        def found():
            closed = [event for event in self.house.events if isinstance(event, GateClosed)]
            return next((event for event in closed if event.gate_id == gate.id), None)

        return await self.house.until(found, "the gate's end")

    async def tool(self, status):
        """The last block about a dialog, once it has this status."""

        def found():
            blocks = [b for b in self.agent.conversation.blocks if b.tool is not None]
            blocks = [block for block in blocks if block.tool.name == "dialog"]
            return blocks and blocks[-1].tool.status == status and blocks[-1].tool

        return await self.house.until(found, f"a block that is {status}")

    @property
    def got(self):
        return [bytes.fromhex(byte).decode() for byte, _ in self.dialogs.got]


async def hosted(house, directory):
    """Start one; whoever asks closes its `dialogs`."""
    dialogs = Dialogs(directory / "told.sock")
    await dialogs.listen()
    house.paths.profiles.mkdir(exist_ok=True)
    (house.paths.profiles / "asker.toml").write_text(PROFILE)
    try:
        agent_id = await house.agent(command=dialogs.command, profile="asker")

        async def started():
            # Whether this start is HIGH depends on where the tests lie: in somebody's home it is.
            for gate in house.hub.snapshot().gates:
                await house.decide(gate)
            return dialogs.is_connected

        await house.poll(started)
        agent = house.agents.live.get(agent_id)
        await house.until(lambda: agent.dialogs, "its watching")
        # It draws before its start is told of, which is none of what a test looks for.
        await house.until(
            lambda: any(
                isinstance(event, ActionReported) and event.outcome == "ok"
                for event in house.events
            ),
            "its start",
        )
    except BaseException:
        await dialogs.close()
        raise
    house.events.clear()
    return Asker(house, agent, dialogs)
