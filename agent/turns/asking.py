"""Asking the model for one agent: with its conversation, or beside it.

What is asked beside it, such as for a summary, does not become a part of the conversation.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, aclosing
from dataclasses import dataclass, replace
from typing import Any, Protocol, cast

from agent.context.shared_prefix import Going
from agent.context.turn_text import DISCARDED
from agent.errors import AgentError
from agent.messages.compaction_block import BETA, is_compacted
from agent.messages.sendable import Form, Message, betas_of
from agent.model.capabilities import Capabilities, assumed
from agent.model.client import ModelClient
from agent.model.endpoint import Endpoint
from agent.model.events import MessageEnded, Retrying, TurnUsage
from agent.model.thinking import Level, Setting
from agent.sessions.conversation import Conversation
from agent.sessions.session import Session
from agent.settings.config import Config
from agent.turns.shown import Shown

log = logging.getLogger(__name__)

ROOM_TO_THINK = 64_000
"""Most tokens of an answer at the two highest efforts, unless the person says how many. Source:
"Effort" in the API's documentation."""

SUMMARY_TOKENS = 16_000
"""Most tokens of what is answered beside the conversation, its thinking included, but at the two
highest efforts. Source: a summary takes "several thousand" ("Compaction on demand" in the API's
documentation)."""


class TurnFailed(AgentError):
    """A turn cannot go on; the text says what the person can do."""


class EffortNotTaken(AgentError):
    """A model does not take an effort, or not this one."""


class AskingOwner(Protocol):
    """The agent on whose behalf the model is asked."""

    id: str

    @property
    def model(self) -> str:
        """The model to ask; empty leaves it to the endpoint."""

    @property
    def closing(self) -> bool:
        """Whether the engine is about to end, so that nothing may be tidied up."""

    @property
    def thinking(self) -> Setting:
        """Whether it thinks, as its session was born; empty in sessions older than that."""

    @property
    def effort(self) -> str:
        """The effort that its session was born with; empty: the model's own."""

    async def hold(self) -> None:
        """Return when agents may act; waits while they are paused."""

    def going(self, model: str) -> AbstractAsyncContextManager[Going]:
        """Wait until a request may go, beside those of agents that share its beginning.

        Args:
            model: that is asked; empty where nothing is cached.
        """

    async def note(self, text: str) -> None:
        """Keep one more fact to be told."""

    async def work(self, activity: str) -> None:
        """Told what the turn is doing, in a few words."""

    async def may_ask(self, model: str, endpoint: Endpoint) -> None:
        """Return when a request may be made.

        Raises:
            BudgetSpent: it may not; says which limit, and the way out.
        """

    async def began(self, model: str, usage: TurnUsage, endpoint: Endpoint) -> None:
        """Told what a request has used by the time that its answer begins."""

    async def used(self, model: str, answered: str, usage: TurnUsage, endpoint: Endpoint) -> None:
        """Told what a request to `model` consumed, and which model the endpoint says answered."""

    async def learn_window(self, client: ModelClient, model: str) -> None:
        """Find out, once, how large the context window is, where the endpoint says."""


@dataclass(frozen=True, slots=True)
class _Asked:
    """Who is asked, and what of a conversation may be sent there."""

    client: ModelClient
    model: str
    capabilities: Capabilities
    signed: bool
    """Whether a compaction block that the conversation begins with is taken as it is."""
    setting: Setting
    """Whether the agent thinks."""

    @property
    def form(self) -> Form:
        """How the messages are sent."""
        known = self.capabilities
        effort = known.betas and known.thinking.in_messages_with(self.setting)
        return Form(known.images, self.signed, known.system_messages, effort)


class Asking:
    """Requests of one agent."""

    def __init__(
        self,
        owner: AskingOwner,
        session: Session,
        conversation: Conversation,
        client: Callable[[], Any],
        config: Config,
    ) -> None:
        self._owner = owner
        self._session = session
        self._conversation = conversation
        self._client = client
        self._config = config
        self._capabilities: dict[tuple[int, str], Capabilities] = {}
        self._told: set[tuple[int, str]] = set()
        """Those of which the endpoint was asked what they take of thinking."""

    async def request(self) -> MessageEnded:
        """Send the conversation as it stands, and show the answer while it comes.

        Raises:
            AgentError: there is no whole answer; what was shown of one is marked as broken off.
        """
        asked = await self._about_to_ask("thinking")
        parted = await self._session.sending(asked.model, asked.form)
        if parted is not None:
            log.warning(
                "a request of %s parts from the one before at byte %s (%s)",
                *(self._owner.id, parted.byte, parted.place),
            )
        shown = Shown(self._conversation)
        try:
            ended = await self._send(asked, self._messages(asked), {}, shown)
        except asyncio.CancelledError:
            if not self._owner.closing:
                await self._owner.note(DISCARDED)
                await shown.abandon()
            raise
        except AgentError:
            await shown.abandon()
            raise
        await shown.store()
        await self._count(asked, ended)
        return ended

    async def beside(
        self, messages: Sequence[Message], extra: Mapping[str, Any], *, follows: bool
    ) -> MessageEnded:
        """Ask the model something that does not become a part of the conversation.

        Args:
            messages: what is asked.
            extra: further fields of the request.
            follows: the conversation comes first, just as it would be sent next.

        Raises:
            AgentError: there is no whole answer.
        """
        asked = await self._about_to_ask("making room")
        if follows:
            messages = self._messages(asked, messages)
        ended = await self._send(asked, messages, extra, None)
        await self._count(asked, ended)
        return ended

    async def signer(self) -> tuple[str, str] | None:
        """Model and address of an endpoint that writes summaries itself; None where none does."""
        client, model = await self._endpoint()
        if not (await self._known(client, model)).betas:
            return None
        known = await client.capabilities(model)
        return (model, client.endpoint.address) if known.compaction else None

    async def check_effort(self, level: Level) -> bool:
        """Find out whether the model takes an effort, and whether within the conversation.

        Where it does not, a changed effort has all of it read anew.

        Raises:
            EffortNotTaken: it does not take this one; says which it does.
        """
        client, model = await self._endpoint()
        known, setting = await self._known(client, model), self._owner.thinking
        levels, name = known.thinking.levels_with(setting), model or "This model"
        if not levels:
            raise EffortNotTaken(f"{name} is not known to take an effort: /model chooses another.")
        if level not in levels:
            raise EffortNotTaken(f"{name} takes no effort {level}: say {', '.join(levels)}.")
        return known.betas and known.thinking.in_messages_with(setting)

    async def takes_system(self) -> bool:
        """Whether the model takes system messages within the conversation."""
        try:
            return (await self._known(*await self._endpoint())).system_messages
        except AgentError:
            # The turn will say what is missing.
            return False

    async def takes_images(self) -> tuple[bool, str]:
        """Whether the model may be sent images, and its name."""
        client, model = await self._endpoint()
        return (await self._known(client, model, images=True)).images, model

    async def _endpoint(self) -> tuple[ModelClient, str]:
        client = cast(ModelClient, await self._client())
        return client, self._owner.model or client.endpoint.model

    async def _about_to_ask(self, activity: str) -> _Asked:
        await self._owner.hold()
        await self._owner.work(activity)
        client, model = await self._endpoint()
        known = await self._known(client, model, images=self._session.has_images())
        await self._owner.may_ask(model, client.endpoint)
        signed = self._session.is_signed_for(model, client.endpoint.address)
        return _Asked(client, model, known, signed, self._owner.thinking)

    def _messages(self, asked: _Asked, question: Sequence[Message] = ()) -> list[Message]:
        cache = asked.capabilities.prompt_cache
        return self._session.request_messages(cache=cache, form=asked.form, question=question)

    def _level(self, asked: _Asked) -> str:
        """The effort of a request as a whole, which stays while it can be changed in between."""
        changed = self._session.effort(before_window=asked.form.effort)
        level = changed or self._owner.effort
        return level if level in asked.capabilities.thinking.levels_with(asked.setting) else ""

    def _beside_messages(
        self, asked: _Asked, messages: Sequence[Message], extra: Mapping[str, Any]
    ) -> dict[str, Any]:
        """What a request says beside its messages: the same for all that share a cache."""
        fields: dict[str, Any] = {}
        thinking = asked.capabilities.thinking.parameter(asked.setting)
        if thinking is not None:
            fields["thinking"] = thinking
        if level := self._level(asked):
            fields["output_config"] = {"effort": level}
        betas = [*extra.get("betas", ()), *betas_of(messages)]
        if messages and is_compacted(messages[0]):
            betas.append(BETA)
        if betas:
            fields["betas"] = sorted(set(betas))
        return {**extra, **fields}

    def _most(self, asked: _Asked, *, beside: bool) -> int:
        """Most tokens that an answer may have, its thinking among them."""
        config = self._config
        most = config.max_tokens
        level = self._session.effort() or self._owner.effort
        takes = level in asked.capabilities.thinking.levels_with(asked.setting)
        if takes and level in ("xhigh", "max"):
            return most if "max_tokens" in config.model_fields_set else max(most, ROOM_TO_THINK)
        return min(most, SUMMARY_TOKENS) if beside else most

    async def _send(
        self,
        asked: _Asked,
        messages: Sequence[Message],
        extra: Mapping[str, Any],
        shown: Shown | None,
    ) -> MessageEnded:
        most = self._most(asked, beside=shown is None)
        cache = asked.capabilities.prompt_cache
        telling: set[asyncio.Task[None]] = set()

        async with self._owner.going(asked.model if cache else "") as going:

            def began(usage: TurnUsage) -> None:
                # At once: what follows may never come.
                going.began()
                telling.add(
                    asyncio.create_task(
                        self._owner.began(asked.model, usage, asked.client.endpoint)
                    )
                )

            stream = asked.client.stream(
                model=asked.model,
                system=self._session.request_system(cache=cache),
                tools=self._session.tools,
                messages=messages,
                max_tokens=most,
                extra=self._beside_messages(asked, messages, extra),
                began=began,
            )
            try:
                async with aclosing(stream) as events:
                    async for event in events:
                        if isinstance(event, MessageEnded):
                            return event
                        if isinstance(event, Retrying):
                            going.passed_on()
                            await self._owner.work(f"trying again: {event.reason.rstrip('.')}")
                        if shown is not None:
                            shown.take(event)
            finally:
                # What cannot be written down is told when the whole is counted.
                await asyncio.gather(*telling, return_exceptions=True)
        raise TurnFailed("The model's answer ended early: send the prompt again.")

    async def _count(self, asked: _Asked, ended: MessageEnded) -> None:
        answered = str(ended.message.get("model") or asked.model)
        await self._owner.used(asked.model, answered, ended.usage, asked.client.endpoint)
        await self._owner.learn_window(asked.client, asked.model)

    async def _known(
        self, client: ModelClient, model: str, *, images: bool = False
    ) -> Capabilities:
        """Say what may be sent; the endpoint itself is asked only where `images` are to be."""
        key = (id(client), model)
        if key not in self._capabilities:
            known = await asyncio.to_thread(assumed, client.endpoint, model)
            if self._config.images != "auto":
                known = replace(known, images=self._config.images == "on")
            self._capabilities[key] = known
        known = self._capabilities[key]
        wanted = bool(self._owner.thinking or self._session.effort())
        if known.thinking_is_told and key not in self._told and wanted:
            # Once for each engine: with it, what an endpoint caches would come and go.
            self._told.add(key)
            told = (await client.capabilities(model)).thinking
            known = self._capabilities[key] = replace(known, thinking=told)
        if images and not known.images and self._config.images == "auto":
            # Asked each time: that it did not answer once must not hide pictures for good.
            known = await client.capabilities(model)
            if known.images:
                known = self._capabilities[key] = replace(
                    known, thinking=self._capabilities[key].thinking
                )
        return known
