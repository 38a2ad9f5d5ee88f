"""`tungsten mcp`: the terminal tools for any other agent, over stdio, through the engine's gate.

The program that starts this becomes a session of kind `mcp`, which a person sees in the app like
any other. What needs a person waits in the app's inbox; a call never hangs on it: after a bounded
time it answers that it waits for a person, and `terminal_result` asks further. When the program
goes away, its panes go too.

The SDK is imported here and nowhere else: it takes a second of processor time.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import mcp_types as types
from mcp.server.lowlevel import Server
from mcp.server.stdio import stdio_server

from agent.context.prompt_files import PromptFiles
from agent.engine.client import EngineClient
from agent.errors import AgentError, EngineGone
from agent.headless import stopped_by_signals
from agent.mcp.mcp_tools import TOOLS
from agent.paths import Paths
from agent.protocol.agents import Mode
from agent.protocol.commands.agents import ArchiveAgent, CreateAgent
from agent.protocol.commands.steps import AwaitUse, UseTool
from agent.tools.inputs import ToolInput
from agent.tools.registry import input_schema
from tungsten.version import __version__

RESULT = "terminal_result"
"""The one tool that is the server's own: to ask further."""

PATIENCE = 25.0
"""Seconds after which a call answers that it is not done yet; clients give up at 30 to 60."""

STOP_SECONDS = 15.0
"""How long to wait for the panes' processes to be gone before leaving anyway."""

INSTRUCTIONS = (
    "Real terminals that a person watches. Every action passes a risk gate: what is dangerous "
    "waits for the person. If a result says that it waits for a person, do something else or ask "
    f"again with {RESULT}; never try the same thing another way."
)

_DESCRIPTIONS = {
    "terminal_panes": "List your panes.",
    "terminal_screenshot": "Take a picture (PNG) of a pane as the person sees it.",
    RESULT: "Ask what became of a tool use that was not done yet, by its use id.",
}
_SETTLED = frozenset({"done", "failed", "denied", "interrupted", "unknown"})
_RESULT_SCHEMA = {
    "type": "object",
    "properties": {
        "use_id": {"type": "string", "description": "As an earlier result named it."},
        "patience": {
            "type": "number",
            "minimum": 0,
            "maximum": 600,
            "description": f"Seconds to wait at most. Default: {PATIENCE:g}.",
        },
    },
    "required": ["use_id"],
    "additionalProperties": False,
}


@dataclass(slots=True)
class Bridge:
    """One MCP client and its session in the engine, made when it first does something.

    Attributes:
        paths: whose engine.
        directory: where its panes start.
        mode: how much runs without a person; None as for any new agent there.
        name: what the session is called.
        patience: seconds until a call answers that it is not done yet.
        wall: whether its panes stand behind a wall; None as the settings say.
    """

    paths: Paths
    directory: Path
    mode: Mode | None = None
    name: str = ""
    patience: float = PATIENCE
    wall: bool | None = None
    _client: EngineClient | None = None
    _agent_id: str = ""
    _connecting: asyncio.Lock = field(default_factory=asyncio.Lock)
    _draining: asyncio.Task[None] | None = None

    async def tools(self, ctx: Any, params: Any) -> types.ListToolsResult:
        """List the tools, with the descriptions that Tungsten's own agents get."""
        prompts = PromptFiles(self.paths.config / "prompts")
        listed = []
        for name, model in sorted(TOOLS.items()):
            text = _DESCRIPTIONS.get(name) or prompts.tool(name)
            listed.append(_tool(name, text, input_schema(model), _looks_only(model, name)))
        listed.append(_tool(RESULT, _DESCRIPTIONS[RESULT], _RESULT_SCHEMA, True))
        return types.ListToolsResult(tools=listed)

    async def call(self, ctx: Any, params: types.CallToolRequestParams) -> types.CallToolResult:
        """Use one tool. Whatever goes wrong is a result that says so in one line."""
        given = dict(params.arguments or {})
        try:
            client, agent_id = await self._connected()
            if params.name == RESULT:
                patience = float(given.get("patience", self.patience))
                use_id = str(given.get("use_id", ""))
                answer = await client.send(
                    AwaitUse(agent_id=agent_id, use_id=use_id, patience=min(patience, 600.0))
                )
            else:
                answer = await client.send(
                    UseTool(
                        agent_id=agent_id, name=params.name, input=given, patience=self.patience
                    )
                )
        except EngineGone:
            return _said("The engine ended; whether this happened is unknown. Look first.", True)
        except (AgentError, ValueError) as error:
            return _said(" ".join(str(error).split()), True)
        return await asyncio.to_thread(_result, answer)

    async def close(self) -> None:
        """End the panes and take the session off the list; it stays on disk."""
        if self._client is None:
            return
        with contextlib.suppress(AgentError, TimeoutError):
            async with asyncio.timeout(STOP_SECONDS):
                # One command, which the engine finishes also when we are killed meanwhile.
                await self._client.send(ArchiveAgent(agent_id=self._agent_id))
        await self._let_go()

    async def _connected(self) -> tuple[EngineClient, str]:
        """The engine and the session; new ones when the engine has ended since."""
        async with self._connecting:
            if self._draining is not None and self._draining.done():
                await self._let_go()
            if self._client is None:
                client = await EngineClient.connect(self.paths, client="mcp")
                try:
                    created = await client.send(
                        CreateAgent(
                            name=self.name,
                            directory=str(self.directory),
                            mode=self.mode,
                            kind="mcp",
                            wall=self.wall,
                        )
                    )
                except BaseException:
                    await client.close()
                    raise
                self._client, self._agent_id = client, str(created["agent_id"])
                self._draining = asyncio.create_task(_drain(client))
            return self._client, self._agent_id

    async def _let_go(self) -> None:
        client, self._client = self._client, None
        if self._draining is not None:
            self._draining.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._draining
            self._draining = None
        if client is not None:
            await client.close()


async def serve(bridge: Bridge) -> None:
    """Answer one MCP client over standard input and output until it goes away."""
    server: Server[Any] = Server(
        "tungsten",
        version=__version__,
        title="Tungsten terminals",
        instructions=INSTRUCTIONS,
        on_list_tools=bridge.tools,
        on_call_tool=bridge.call,
    )
    with stopped_by_signals():
        async with _closing(bridge), stdio_server() as (reading, writing):
            await server.run(reading, writing, server.create_initialization_options())


@contextlib.asynccontextmanager
async def _closing(bridge: Bridge) -> AsyncIterator[None]:
    try:
        yield
    finally:
        await asyncio.shield(bridge.close())


async def _drain(client: EngineClient) -> None:
    """Read events that nobody here needs, so that they do not pile up; ends with the connection."""
    async for _ in client.events():
        pass


def _tool(name: str, text: str, schema: dict[str, Any], looks: bool) -> types.Tool:
    hints = types.ToolAnnotations(read_only_hint=looks, open_world_hint=not looks)
    return types.Tool(name=name, description=text, input_schema=schema, annotations=hints)


def _looks_only(model: type[ToolInput], name: str) -> bool:
    return name in ("terminal_panes", "terminal_read", "terminal_screenshot", "terminal_wait")


def _said(text: str, is_error: bool) -> types.CallToolResult:
    return types.CallToolResult(
        content=[types.TextContent(type="text", text=text)], is_error=is_error
    )


def _result(answer: dict[str, Any]) -> types.CallToolResult:
    """Write what became of a use as content, with the same facts beside it as data."""
    status = str(answer["status"])
    text = str(answer["text"])
    use_id = str(answer["use_id"])
    if status not in _SETTLED:
        text = f"{text} (use id {use_id}; ask again with {RESULT})"
    content: list[Any] = [types.TextContent(type="text", text=text)]
    if answer.get("picture"):
        data = base64.b64encode(Path(str(answer["picture"])).read_bytes()).decode()
        content.append(types.ImageContent(type="image", data=data, mime_type="image/png"))
    facts = {key: value for key, value in answer.items() if key not in ("text", "picture")}
    failed = status in ("failed", "denied", "interrupted", "unknown")
    failed = failed and answer.get("exit_status") is None
    return types.CallToolResult(content=content, structured_content=facts, is_error=failed)
