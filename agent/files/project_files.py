"""What the files of a project say of it: versions, tasks and settings.

Only a few well-known files at the top of the project are read, each at most `MAX_BYTES` long, and
nothing in them is run. What two of them say differently is left out: then it is not known.
"""

from __future__ import annotations

import contextlib
import json
import re
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from agent.files.regular_file import read_regular
from memory.dream.wording import word_set
from tungsten.recordings.masking import holds_secret

MAX_BYTES = 256 * 1024
"""Longest file that is read; a longer one says nothing."""

MAX_LEAVES = 500
"""Settings of one file that are looked at."""

MAX_DEPTH = 4

ENVIRONMENTS = ("production", "staging", "development", "test")

_PRODUCTS = word_set(
    """
    angular django elasticsearch fastapi flask go java kafka kubernetes mariadb mongodb mysql nginx
    node numpy pandas postgresql pydantic python pytorch rabbitmq rails react redis ruby rust
    sqlalchemy svelte tailwindcss tensorflow terraform typescript vite vue webpack
    """
)
"""Whose versions are looked for: names that mean nothing else in a sentence, as `next` does."""

_ALIASES = {
    "nodejs": "node", "golang": "go", "postgres": "postgresql", "mongo": "mongodb",
    "openjdk": "java", "eclipse-temurin": "java", "torch": "pytorch",
}  # fmt: skip

_NUMBER = r"(\d+(?:\.\d+){0,3})"
_IMAGE = re.compile(
    rf"^\s*(?:FROM(?:\s+--\S+)*|-?\s*image:)\s+[\"']?(?:[\w.:-]+/)*([\w-]+):v?{_NUMBER}",
    re.MULTILINE | re.IGNORECASE,
)
_PINNED = re.compile(rf"^([A-Za-z][\w.-]*)(?:\[[^\]]*\])?\s*===?\s*{_NUMBER}\s*(?:[;#\\].*)?$")
_TOOL = re.compile(rf"^([\w-]+)\s+v?{_NUMBER}")
_TARGETS = re.compile(r"^([^\s:=#.%$][^:=#%$]*):(?!=|:=)", re.MULTILINE)
_RECIPE = re.compile(r"^@?([A-Za-z_][\w-]*)(?:\s[^:=\n]*)?:(?!=)", re.MULTILINE)


def versions(directory: Path) -> dict[str, str]:
    """Product → version, of those that the project pins."""
    found: dict[str, set[str]] = {}
    for product, version in _versions(directory):
        name = _ALIASES.get(product.lower(), product.lower())
        if name in _PRODUCTS:
            found.setdefault(name, set()).add(version)
    return {name: said for name, all_ in found.items() if (said := _agreed(all_))}


def commands(directory: Path) -> tuple[str, ...]:
    """Runner and task, such as `make test`, of runners whose tasks are all known."""
    found: list[str] = []
    for name in ("GNUmakefile", "makefile", "Makefile"):
        if text := _text(directory / name):
            # What is made by a pattern, a variable or another file is not known.
            if not re.search(r"^-?s?include\b|^[^\s#=]*[%$][^\n=]*:|^\.DEFAULT\b", text, re.M):
                tasks = {task for line in _TARGETS.findall(text) for task in line.split()}
                found += (f"make {task}" for task in sorted(tasks))
            break
    for name in ("justfile", "Justfile", ".justfile"):
        if text := _text(directory / name):
            if not re.search(r"^(?:import|mod)\??\s", text, re.M):
                words = re.findall(r"^alias\s+([\w-]+)", text, re.M) + _RECIPE.findall(text)
                found += (f"just {task}" for task in sorted(set(words)))
            break
    package = _document(directory / "package.json")
    # In a workspace, a task may be one of a member.
    alone = "workspaces" not in package and not (directory / "pnpm-workspace.yaml").exists()
    scripts = package.get("scripts")
    if alone and isinstance(scripts, dict):
        found += (f"{runner} {task}" for runner in ("npm run", "pnpm run") for task in scripts)
    return tuple(found)


def config(directory: Path) -> dict[str, str]:
    """Setting → value; one of an environment's file is called `setting.environment`."""
    found: dict[str, set[str]] = {}
    places = [(stem, "") for stem in ("config", "settings", "config/default")]
    places += [(f"config/{name}", name) for name in ENVIRONMENTS]
    for stem, environment in places:
        for ending in (".toml", ".yaml", ".yml", ".json"):
            for key, value in _settings(_document(directory / (stem + ending))):
                if not holds_secret(f"{key}={value}"):
                    name = f"{key}.{environment}" if environment else key
                    found.setdefault(name, set()).add(value)
    return {key: next(iter(values)) for key, values in found.items() if len(values) == 1}


def _versions(directory: Path) -> Iterator[tuple[str, str]]:
    for name, product in (
        (".python-version", "python"),
        (".node-version", "node"),
        (".nvmrc", "node"),
        (".ruby-version", "ruby"),
        (".go-version", "go"),
        (".java-version", "java"),
        ("rust-toolchain", "rust"),
    ):
        if match := re.match(rf"\s*[a-z-]*v?{_NUMBER}\s*$", _text(directory / name)):
            yield product, match[1]
    for line in _text(directory / ".tool-versions").splitlines():
        if match := _TOOL.match(line):
            yield match[1], match[2]
    if match := re.search(rf"^toolchain go{_NUMBER}$", _text(directory / "go.mod"), re.M):
        yield "go", match[1]
    toolchain = _document(directory / "rust-toolchain.toml").get("toolchain")
    if isinstance(toolchain, dict) and re.fullmatch(_NUMBER, str(toolchain.get("channel"))):
        yield "rust", str(toolchain["channel"])
    for name in ("Dockerfile", "Containerfile", *_COMPOSE):
        yield from _IMAGE.findall(_text(directory / name))
    for line in _text(directory / "requirements.txt").splitlines():
        if match := _PINNED.match(line.strip()):
            yield match[1], match[2]
    package = _document(directory / "package.json")
    for part in ("dependencies", "devDependencies"):
        dependencies = package.get(part)
        if isinstance(dependencies, dict):
            for name, version in dependencies.items():
                # Of a range, only the major version is certain: semver.org, "^1.2.3".
                if match := re.fullmatch(r"(\^?)(\d+)((?:\.\d+)*)", str(version)):
                    exact = "" if match[1] else match[3]
                    if not (match[1] and match[2] == "0"):
                        yield name, match[2] + exact


_COMPOSE = ("compose.yaml", "compose.yml", "docker-compose.yaml", "docker-compose.yml")


def _agreed(said: Iterable[str]) -> str:
    """The shortest of some versions if all others only say it more exactly, else nothing."""
    shortest, *others = sorted(said, key=lambda version: (version.count("."), version))
    agree = all(other.startswith(shortest + ".") for other in others)
    return shortest if agree else ""


def _settings(document: dict[str, Any]) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []

    def walk(table: dict[Any, Any], parent: str, depth: int) -> None:
        for key, value in table.items():
            if len(found) >= MAX_LEAVES:
                return
            if isinstance(value, dict) and depth < MAX_DEPTH:
                walk(value, str(key), depth + 1)
            elif isinstance(value, bool | int | float | str) and len(str(value)) <= 200:
                name = _name(str(key), parent)
                if name:
                    said = str(value).lower() if isinstance(value, bool) else str(value)
                    found.append((name, said))

    walk(document, "", 1)
    return found


def _name(key: str, parent: str) -> str:
    """What a setting is called where it is spoken of; none for a word of everyday language."""
    if not re.fullmatch(r"[A-Za-z][\w-]*", key):
        return ""
    if re.search(r"[_-]|[a-z][A-Z]", key):
        return key
    if parent:
        return f"{parent}_{key}"
    return "PORT" if key.lower() == "port" else ""


def _document(file: Path) -> dict[str, Any]:
    """The table in a TOML, YAML or JSON file; an empty one when there is none."""
    text = _text(file)
    found: object = None
    # What a file holds is anybody's: each of these raises errors of its own, or recurses too deep.
    with contextlib.suppress(ValueError, RecursionError):
        if not text:
            pass
        elif file.suffix == ".toml":
            found = tomllib.loads(text)
        elif file.suffix == ".json":
            found = json.loads(text)
        else:
            import yaml

            with contextlib.suppress(yaml.YAMLError):
                found = yaml.safe_load(text)
    return found if isinstance(found, dict) else {}


def _text(file: Path) -> str:
    try:
        content = read_regular(file, MAX_BYTES + 1)
    except OSError:
        return ""
    return content.decode(errors="replace") if len(content) <= MAX_BYTES else ""
