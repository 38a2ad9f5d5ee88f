"""Other people's agents against the local Messages server, as they are published.

They are what proves that the server speaks the Messages API, and not only what our own client makes
of it: opencode (its own HTTP client, from the AI SDK) and pi (Anthropic's TypeScript SDK). Each is
told by a scripted model to write a file and to look at it, and has to send everything back as the
API documents it: results after their uses, thinking with its signature, at most four breakpoints.
Needs npm and its registry.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from agent.model.local_server.cache import InputUsage
from agent.model.local_server.errors import ApiError
from agent.model.local_server.models import ServedModel
from agent.model.local_server.responder import ResponderMessage
from agent.model.local_server.server import LocalMessagesServer

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(600)]

KEY = "sk-local-0123456789"
MODEL = "claude-sonnet-5-5"
TASK = "Write hello into made.txt, look at it, and tell me when you are done."
PATIENCE = 180.0
"""Seconds for one client's whole task; each needs a few, most of them to start."""

UNREACHABLE = ("ENOTFOUND", "ECONNREFUSED", "ECONNRESET", "ETIMEDOUT", "EAI_AGAIN", "ENETUNREACH")


class Script:
    """A model that thinks if it may, writes a file, looks at it, and is done."""

    def __init__(self, made: Path) -> None:
        self.made = made
        self.results: list[str] = []

    async def respond(self, request: dict[str, Any]) -> ResponderMessage:
        if not request.get("tools"):
            # A client may want a title for the session.
            return ResponderMessage([{"type": "text", "text": "A file"}])
        self.results = [
            json.dumps(block.get("content"))
            for message in request["messages"]
            if isinstance(message["content"], list)
            for block in message["content"]
            if block["type"] == "tool_result"
        ]
        match len(self.results):
            case 0:
                thought = {"type": "thinking", "thinking": "A file, then.", "signature": ""}
                said = thought if request.get("thinking") else {"type": "text", "text": "I write."}
                schema = next(t for t in request["tools"] if t["name"] == "write")["input_schema"]
                name = "filePath" if "filePath" in schema["properties"] else "path"
                return _uses(said, "write", {name: str(self.made), "content": "hello\n"})
            case 1:
                look = {"command": "cat made.txt", "description": "Look at the file"}
                return _uses({"type": "text", "text": "Now I look."}, "bash", look)
            case _:
                return ResponderMessage([{"type": "text", "text": "All of it is done."}])


def _uses(said: dict[str, Any], name: str, tool_input: dict[str, Any]) -> ResponderMessage:
    return ResponderMessage([said, {"type": "tool_use", "name": name, "input": tool_input}])


def installed(folder: Path, package: str) -> Path:
    """Install a package of npm's registry, without its scripts; gives its `node_modules`."""
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip(f"NOT TRIED: {package} needs npm, and there is none on PATH: install Node.js")
    options = ("--ignore-scripts", "--no-audit", "--no-fund", "--prefix", folder)
    done = subprocess.run(
        [npm, "install", *options, package],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode and any(word in done.stderr for word in UNREACHABLE):
        pytest.skip(f"NOT TRIED: npm's registry cannot be reached for {package}")
    assert done.returncode == 0, done.stderr
    return folder / "node_modules"


@pytest.fixture(scope="module")
def opencode(tmp_path_factory: pytest.TempPathFactory) -> Path:
    modules = installed(tmp_path_factory.mktemp("opencode"), "opencode-ai@1.18.33")
    # The build that any processor runs comes first.
    programs = [
        *modules.glob("opencode-*-baseline/bin/opencode"),
        *modules.glob("opencode-*/bin/opencode"),
    ]
    return programs[0]


@pytest.fixture(scope="module")
def pi(tmp_path_factory: pytest.TempPathFactory) -> Path:
    package = "@mariozechner/pi-coding-agent@0.73.1"
    return installed(tmp_path_factory.mktemp("pi"), package) / ".bin" / "pi"


async def complete(
    home: Path,
    configure: Callable[[str], None],
    command: Sequence[str | Path],
    more: dict[str, str] | None = None,
) -> tuple[LocalMessagesServer, list[InputUsage], str]:
    """Have a client complete the task; gives the server, what it told, and what was printed."""
    script = Script(home / "made.txt")
    told: list[InputUsage] = []

    def answered(answer: InputUsage | ApiError) -> None:
        if isinstance(answer, InputUsage):
            told.append(answer)

    server = LocalMessagesServer(
        script, api_key=KEY, models=(ServedModel(MODEL),), record=True, bind_thinking=True
    )
    server.on_answer = answered
    async with server:
        configure(server.base_url)
        variables = {
            name: value
            for name, value in os.environ.items()
            if name in ("PATH", "LANG") or name.startswith("TUNGSTEN_TEST")
        }
        (home / "tmp").mkdir()
        variables |= {"HOME": str(home), "PWD": str(home), "TMPDIR": str(home / "tmp")}
        process = await asyncio.create_subprocess_exec(
            *command,
            cwd=home,
            env=variables | (more or {}),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        try:
            output, _ = await asyncio.wait_for(process.communicate(), PATIENCE)
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
    printed = output.decode("utf-8", "replace")
    assert server.refused == [], printed
    assert process.returncode == 0, printed
    assert script.made.read_text() == "hello\n", printed
    assert len(script.results) == 2
    assert "hello" in script.results[1]
    assert "All of it is done." in printed
    return server, told, printed


async def test_opencode(opencode: Path, tmp_path: Path) -> None:
    def configure(base_url: str) -> None:
        config = {
            "autoupdate": False,
            "share": "disabled",
            "model": f"local/{MODEL}",
            "small_model": f"local/{MODEL}",
            "provider": {
                "local": {
                    "npm": "@ai-sdk/anthropic",
                    "options": {"baseURL": f"{base_url}/v1", "apiKey": KEY},
                    "models": {MODEL: {}},
                }
            },
        }
        (tmp_path / "opencode.json").write_text(json.dumps(config))

    quiet = {"OPENCODE_DISABLE_MODELS_FETCH": "1", "OPENCODE_DISABLE_AUTOUPDATE": "1"}
    server, told, _ = await complete(tmp_path, configure, [opencode, "run", TASK], quiet)
    # It sends thinking back, bound to what stood before, and reads what it had cached.
    last = [request for request in server.received if request.get("tools")][-1]
    kinds = {block["type"] for message in last["messages"] for block in message["content"]}
    assert {"thinking", "tool_use", "tool_result"} <= kinds
    assert told[-1].read > 0


async def test_pi(pi: Path, tmp_path: Path) -> None:
    def configure(base_url: str) -> None:
        model = {"id": MODEL, "name": MODEL, "contextWindow": 200_000, "maxTokens": 8_000}
        provider = {
            "baseUrl": base_url,
            "apiKey": KEY,
            "api": "anthropic-messages",
            "models": [
                model
                | {
                    "reasoning": False,
                    "input": ["text"],
                    "cost": {"input": 0, "output": 0, "cacheRead": 0, "cacheWrite": 0},
                }
            ],
        }
        folder = tmp_path / ".pi" / "agent"
        folder.mkdir(parents=True)
        (folder / "models.json").write_text(json.dumps({"providers": {"local": provider}}))

    command = [pi, "--provider", "local", "--model", MODEL, "-p", TASK]
    server, _, _ = await complete(tmp_path, configure, command, {"PI_OFFLINE": "1"})
    assert "cache_control" in json.dumps(server.received[-1])
