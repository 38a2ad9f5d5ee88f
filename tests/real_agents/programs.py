"""The agents as they are published: how each is installed, and set up to ask only this machine."""

from __future__ import annotations

import json
import shutil
import subprocess
import venv
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from agent.model.local_server.models import ServedModel
from tests.real_agents import gemini_api, messages, responses_api

VERSIONS: Mapping[str, str] = {
    "claude": "2.1.332",
    "codex": "0.171.0",
    "opencode": "1.18.33",
    "gemini": "0.61.0",
    "aider": "0.86.2",
}
"""What is installed, and what the frames were recorded with."""

PACKAGES: Mapping[str, str] = {
    "claude": "@anthropic-ai/claude-code",
    "codex": "@openai/codex",
    "opencode": "opencode-ai",
    "gemini": "@google/gemini-cli",
    "aider": "aider-chat",
}

SERVED = (
    *(
        ServedModel(name, context_window=1_000_000, max_output=128_000)
        for name in ("claude-opus-5-5", "claude-sonnet-5-5", "claude-haiku-4-5-20251001")
    ),
    # litellm sends a temperature to every model.
    ServedModel("claude-sonnet-4-5", sampling=True, prefill=True),
)
"""Models that the agents ask the Messages server for."""


class NotInstalled(Exception):
    """An agent could not be installed; the text says why."""


@dataclass(frozen=True)
class Set:
    """An agent that is set up: what starts it, and the variables it needs."""

    command: tuple[str, ...]
    variables: Mapping[str, str] = field(default_factory=dict)


def install(name: str, folder: Path) -> Path:
    """Install an agent under a folder, if it is not there yet; gives its program.

    Raises:
        NotInstalled: the registry cannot be reached, or npm is missing.
    """
    package, version = PACKAGES[name], VERSIONS[name]
    program = _program(name, folder)
    if program is not None:
        return program
    folder.mkdir(parents=True, exist_ok=True)
    if name == "aider":
        venv.create(folder / "venv", with_pip=True)
        pip = folder / "venv" / "bin" / "pip"
        command = [str(pip), "install", "--quiet", f"{package}=={version}"]
    else:
        npm = shutil.which("npm")
        if npm is None:
            raise NotInstalled(f"{package} needs npm: install Node.js")
        options = ("--ignore-scripts", "--no-audit", "--no-fund")
        command = [npm, "install", *options, "--prefix", str(folder)]
        command.append(f"{package}@{version}")
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    program = _program(name, folder)
    if program is None:
        last = done.stderr.strip().rpartition("\n")[2]
        raise NotInstalled(f"{package} {version} could not be installed: {last}")
    return program


def _program(name: str, folder: Path) -> Path | None:
    modules = folder / "node_modules"
    if name == "aider":
        found = [folder / "venv" / "bin" / "aider"]
    elif name == "claude":
        # What its package starts is put in place by the scripts that are not run.
        found = [*modules.glob("@anthropic-ai/claude-code-*/claude")]
    elif name == "opencode":
        # The build that any processor runs comes first.
        found = [
            *modules.glob("opencode-*-baseline/bin/opencode"),
            *modules.glob("opencode-*/bin/opencode"),
        ]
    else:
        found = [modules / ".bin" / name]
    return next((path for path in found if path.exists()), None)


def version(program: Path, home: Path) -> str:
    """What the program says its version is."""
    done = subprocess.run(
        [program, "--version"],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
        env={"PATH": _path(), "HOME": str(home), "TMPDIR": str(home)},
    )
    return done.stdout.strip()


def _path() -> str:
    node = shutil.which("node")
    return f"{Path(node).parent if node else '/usr/bin'}:/usr/local/bin:/usr/bin:/bin"


def set_up(
    name: str,
    program: Path,
    home: Path,
    directory: Path,
    base_url: str,
    *,
    trusted: bool = True,
    signed_in: bool = True,
) -> Set:
    """Write an agent's settings so that it asks `base_url` and nobody else.

    Not `trusted` leaves the question whether it may work in `directory` to be asked; not
    `signed_in` leaves out whatever says who pays.
    """
    quiet = {"HOME": str(home), "PATH": _path(), "LANG": "C.UTF-8", "COLORTERM": "truecolor"}
    quiet["TMPDIR"] = str(home / "tmp")
    (home / "tmp").mkdir(exist_ok=True)
    make = {
        "claude": _claude,
        "codex": _codex,
        "opencode": _opencode,
        "gemini": _gemini,
        "aider": _aider,
    }[name]
    words, variables = make(home, directory, base_url, trusted, signed_in)
    return Set((str(program), *words), {**quiet, **variables})


Made = tuple[tuple[str, ...], dict[str, str]]


def _claude(home: Path, directory: Path, base_url: str, trusted: bool, signed_in: bool) -> Made:
    known: dict[str, Any] = {"hasCompletedOnboarding": True, "theme": "dark"}
    if signed_in:
        known["customApiKeyResponses"] = {"approved": [messages.KEY[-20:]], "rejected": []}
    if trusted:
        known["projects"] = {str(directory): {"hasTrustDialogAccepted": True}}
    _write(home / ".claude.json", known)
    variables = {
        "ANTHROPIC_BASE_URL": base_url,
        "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
        "DISABLE_AUTOUPDATER": "1",
    }
    if signed_in:
        variables["ANTHROPIC_API_KEY"] = messages.KEY
    # Its first-choice mode judges by itself; this one asks.
    return ("--permission-mode", "default"), variables


def _codex(home: Path, directory: Path, base_url: str, trusted: bool, signed_in: bool) -> Made:
    text = 'check_for_update_on_startup = false\napproval_policy = "on-request"\n'
    text += 'sandbox_mode = "read-only"\n'
    if signed_in:
        text += f'model = "{responses_api.MODEL}"\nmodel_provider = "orchard"\n'
    text += "\n[analytics]\nenabled = false\n\n[feedback]\nenabled = false\n"
    text += f"""
[model_providers.orchard]
name = "Orchard"
base_url = "{base_url}/v1"
wire_api = "responses"
env_key = "ORCHARD_KEY"
requires_openai_auth = false
supports_websockets = false
request_max_retries = 0
stream_max_retries = 0
"""
    if trusted:
        text += f'\n[projects."{directory}"]\ntrust_level = "trusted"\n'
    folder = home / ".codex"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.toml").write_text(text)
    # Else a process that outlives the pane, shared by all panes of a home, does the work.
    return ("--no-daemon",), {"ORCHARD_KEY": responses_api.KEY}


def _opencode(home: Path, directory: Path, base_url: str, trusted: bool, signed_in: bool) -> Made:
    config: dict[str, Any] = {
        "autoupdate": False,
        "share": "disabled",
        "permission": {"edit": "ask", "bash": "ask", "webfetch": "ask"},
    }
    if signed_in:
        model = "local/claude-sonnet-5-5"
        options = {"baseURL": f"{base_url}/v1", "apiKey": messages.KEY}
        config |= {
            "model": model,
            "small_model": model,
            "provider": {
                "local": {
                    "npm": "@ai-sdk/anthropic",
                    "options": options,
                    "models": {"claude-sonnet-5-5": {}},
                }
            },
        }
    _write(home / ".config" / "opencode" / "opencode.json", config)
    return (), {"OPENCODE_DISABLE_MODELS_FETCH": "1", "OPENCODE_DISABLE_AUTOUPDATE": "1"}


def _gemini(home: Path, directory: Path, base_url: str, trusted: bool, signed_in: bool) -> Made:
    security: dict[str, Any] = {"folderTrust": {"enabled": True}}
    if signed_in:
        security["auth"] = {"selectedType": "gemini-api-key"}
    settings = {
        "general": {"enableAutoUpdate": False, "enableAutoUpdateNotification": False},
        "privacy": {"usageStatisticsEnabled": False},
        "telemetry": {"enabled": False},
        "security": security,
        # What is quoted of a box is not to be taken for a model that repeats itself.
        "model": {"disableLoopDetection": True},
    }
    _write(home / ".gemini" / "settings.json", settings)
    if trusted:
        _write(home / ".gemini" / "trustedFolders.json", {str(directory): "TRUST_FOLDER"})
    variables = {"GOOGLE_GEMINI_BASE_URL": base_url, "NO_BROWSER": "true"}
    if signed_in:
        variables["GEMINI_API_KEY"] = gemini_api.KEY
    return (), variables


def _aider(home: Path, directory: Path, base_url: str, trusted: bool, signed_in: bool) -> Made:
    words = ["--no-show-model-warnings", "--analytics-disable", "--no-check-update"]
    words += ["--edit-format", "diff", "--no-stream", "--no-show-release-notes"]
    variables = {"LITELLM_LOCAL_MODEL_COST_MAP": "True"}
    if trusted:
        words.append("--no-gitignore")
    if signed_in:
        words += ["--model", "anthropic/claude-sonnet-4-5"]
        variables |= {"ANTHROPIC_API_KEY": messages.KEY, "ANTHROPIC_API_BASE": base_url}
    return tuple(words), variables


def _write(path: Path, value: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value, indent=2))
