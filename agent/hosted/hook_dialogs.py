"""Where the two ways to answer an agent's question meet: its hook, and the dialog on its screen.

Both ask about one thing, and there is one item in the inbox: the hook's, which tells exactly what
is asked. While it is open the dialog is not asked about; once the hook was let go, the item is
answered by a key in that dialog; and where the person answers there, the item is dismissed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

from agent.agents.live_agent import LiveAgent
from agent.agents.services import Services
from agent.hook.adapter import Heard, Released
from agent.hook.adapters import ADAPTERS
from agent.hook.asking import Hooks
from agent.hook.spending import Transcript
from agent.hosted.dialog_gates import DialogGates
from agent.hosted.hosted_agent import HostedAgent
from agent.hosted.profile import Meaning
from agent.hosted.status import Evidence, Kind, Source
from agent.steps.steps import Effect, NotRun


def join(hooks: Hooks, services: Services, find: Callable[[str], LiveAgent | None]) -> None:
    """Have hooks and dialogs of all agents know of each other; `find` gives an agent by its id."""

    def dialogs_of(agent: LiveAgent | None) -> DialogGates | None:
        return agent.dialogs if isinstance(agent, HostedAgent) else None

    def began(agent_id: str, pane_id: str, text: str) -> None:
        dialogs = dialogs_of(find(agent_id))
        if dialogs is not None:
            dialogs.hook_asks(pane_id, text)

    def ended(agent_id: str, pane_id: str, text: str, answered: bool) -> None:
        dialogs = dialogs_of(find(agent_id))
        if dialogs is not None:
            dialogs.hook_is_over(pane_id, text, answered=answered)

    def heard(agent: LiveAgent, said: Heard) -> None:
        if isinstance(agent, HostedAgent):
            follow(agent, said)
        if isinstance(agent, HostedAgent) and said.state is not None:
            kind = Kind(said.kind) if said.kind else None
            now, began = services.clock(), said.began
            agent.hear(
                Evidence(Source.HOOK, said.state, now, kind, said.detail, began, once=said.once)
            )

    def follow(agent: HostedAgent, said: Heard) -> None:
        adapter = ADAPTERS.get(agent.profile.hook)
        if said.transcript and adapter is not None and adapter.spends is not None:
            agent.reads(Transcript(Path(said.transcript), adapter.spends))

    async def by_key(agent: LiveAgent, released: Released, allow: bool, message: str) -> Effect:
        dialogs = dialogs_of(agent)
        if dialogs is None:
            raise NotRun("nobody sees its dialog: answer in its pane; nothing was pressed")
        means: Meaning = "allow_once" if allow else "deny"
        return await dialogs.answer(released.pane_id, released.text, means, message)

    async def expected(agent: LiveAgent, pane_id: str, unheard: bool) -> bool:
        if hooks.lives_in(agent.id, pane_id):
            return True
        adapter = ADAPTERS.get(agent.profile.hook) if isinstance(agent, HostedAgent) else None
        if unheard or adapter is None or not adapter.asks:
            return False
        # Imported here: few engines come to it.
        from agent.hook.install import recorded

        return await asyncio.to_thread(recorded, services.paths, adapter.name)

    def in_pane(agent: LiveAgent) -> None:
        if isinstance(agent, HostedAgent) and agent.observer is not None:
            agent.observer.waits_no_longer()

    hooks.began, hooks.ended, hooks.in_pane = began, ended, in_pane
    hooks.by_key = lambda agent: dialogs_of(agent) is not None
    services.hook_asks = hooks.asks_in
    services.hook_expected = expected
    services.hook_answered = hooks.answered_in_pane
    services.hook_heard = heard
    services.answer_by_key = by_key
