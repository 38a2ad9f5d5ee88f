"""Writes the reference pages of docs/ that the code itself tells: keys.md and configuration.md.

Usage: python scripts/reference_docs.py [--check]. With --check it writes nothing, and leaves with
status 1 when a page differs from what would be written.
"""

from __future__ import annotations

import ast
import inspect
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent, fill
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from agent.settings import config
from tui.keys import actions
from tui.keys.key_map import FIXED, NEEDED, PRESETS

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
BEGINNINGS = ROOT / "scripts" / "reference"
"""What stands before the tables, in the words of whoever knows the program."""

TABLES = {
    "prices": '[prices."MODEL"]',
    "profiles": "[profiles.NAME]",
    "keys": "[keys]",
}
"""Headings of the tables that hold names of the person's own."""


def beginning(page: str) -> str:
    """Read what stands before the tables of a page."""
    return (BEGINNINGS / page).read_text(encoding="utf-8")


def settings() -> str:
    """Write configuration.md."""
    parts = [beginning("configuration.md")]
    for heading, model, intro in sections("", config.Config):
        lines = [f"## {heading}", "", *([intro, ""] if intro else [])]
        lines += ["| setting | value | default | meaning |", "|---|---|---|---|"]
        described = attribute_docs(model)
        for name, field in model.model_fields.items():
            if (
                nested(field) is not None
                or field.exclude
                or (name in TABLES and model is config.Config)
            ):
                continue
            lines.append(row(name, field, described.get(name, "")))
        parts.append("\n".join(lines) + "\n")
    parts.append(own_keys())
    parts.append(environment())
    return "\n".join(parts)


def sections(
    path: str, model: type[BaseModel], intro: str = ""
) -> Iterator[tuple[str, type[BaseModel], str]]:
    """Give each table with its heading and what it is for, outer ones first."""
    own = [n for n, field in model.model_fields.items() if nested(field) is None]
    if own:
        heading = f"`[{path}]`" if path and not path.startswith("[") else f"`{path}`"
        yield heading if path else "Outside of tables", model, intro
    for name, field in model.model_fields.items():
        inner = nested(field)
        if inner is None:
            continue
        where = TABLES.get(name, f"{path}.{name}" if path else name)
        what = re.sub(r": `\[[^`]*\]`", "", paragraph(inspect.getdoc(inner) or ""))
        if sum(nested(other) is inner for other in model.model_fields.values()) > 1:
            what = f"{what} {attribute_docs(model)[name]}"
        yield from sections(where, inner, what)


def nested(field: FieldInfo) -> type[BaseModel] | None:
    """The model of a field that is a table of settings, or a table of such tables."""
    annotation: Any = field.annotation
    if get_origin(annotation) is dict:
        annotation = get_args(annotation)[1]
    is_model = isinstance(annotation, type) and issubclass(annotation, BaseModel)
    return annotation if is_model else None


def attribute_docs(model: type[BaseModel]) -> dict[str, str]:
    """Read the texts below the attributes of a class and of those it is made from."""
    found: dict[str, str] = {}
    for cls in reversed(model.__mro__):
        if not (issubclass(cls, BaseModel) and cls.__module__.startswith("agent.")):
            continue
        body = ast.parse(dedent(inspect.getsource(cls))).body[0]
        assert isinstance(body, ast.ClassDef)
        for one, after in zip(body.body, body.body[1:], strict=False):
            if isinstance(one, ast.AnnAssign) and isinstance(one.target, ast.Name):
                match after:
                    case ast.Expr(value=ast.Constant(value=str(text))):
                        found[one.target.id] = paragraph(inspect.cleandoc(text))
                    case _:
                        pass
    return found


def paragraph(text: str) -> str:
    """The text as one line of Markdown, without what is for programmers."""
    first = text.split("\n\nArgs:")[0]
    return " ".join(first.split())


def row(name: str, field: FieldInfo, meaning: str) -> str:
    """One line of a table."""
    default = field.get_default(call_default_factory=True)
    shown = "needed" if default is PydanticUndefined else toml(default)
    value = kind(field)
    return f"| `{name}` | {value} | {shown} | {meaning.replace('|', chr(92) + '|')} |"


def toml(value: Any) -> str:
    """Write a default as TOML does."""
    match value:
        case None:
            return "none"
        case bool():
            return f"`{str(value).lower()}`"
        case str():
            return f'`"{value}"`' if value else "none"
        case tuple() | dict() if not value:
            return "none"
        case _:
            return f"`{value}`"


def kind(field: FieldInfo) -> str:
    """Say what may stand there."""
    words = " or ".join(dict.fromkeys(kinds(field.annotation)))
    bounds = []
    for each in field.metadata:
        least, most = getattr(each, "ge", None), getattr(each, "le", None)
        bounds += [f"at least {least:,}"] if least is not None else []
        bounds += [f"at most {most:,}"] if most is not None and most < 1_000_000 else []
    return ", ".join((words, *bounds))


def kinds(annotation: Any) -> Iterator[str]:
    """Say in words what a type takes."""
    origin = get_origin(annotation)
    if origin is Literal:
        yield ", ".join(f'`"{each}"`' for each in get_args(annotation) if each)
    elif origin in (Union, UnionType):
        for each in get_args(annotation):
            if each is not type(None):
                yield from kinds(each)
    elif origin is tuple:
        yield "list of texts"
    elif origin is dict:
        yield "table of texts"
    else:
        names = {bool: "`true`, `false`", int: "number", float: "number", str: "text"}
        yield names.get(annotation, "list of rules")


def own_keys() -> str:
    """Write the section about `[keys]`."""
    return (
        "## `[keys]`\n\n"
        'Keys of the app by action, each a key or a list: `"agent.new" = "C-x"`,\n'
        '`"pane.next" = []` for none. '
        "[keys.md](keys.md) lists the actions and says what is refused.\n"
    )


def environment() -> str:
    """Write the section about variables."""
    lines = [
        "## Environment",
        "",
        "These come before the file, except before a profile that has an address of its own.",
        "",
        "| variable | instead of |",
        "|---|---|",
    ]
    secret = {"api_key": "the key given in the app", "auth_token": "the key, as a bearer token"}
    for variable, name in config._ENVIRONMENT.items():  # noqa: SLF001 - told nowhere else
        lines.append(f"| `{variable}` | {secret.get(name, f'`{name}`')} |")
    lines += [
        "| `TUNGSTEN_HOME` | the places of settings, data and sockets |",
        "| `TUNGSTEN_UNATTENDED_APPROVALS=1` | the need for a person at the keys "
        "([risk.md](risk.md#inside-tmux)) |",
        "| `NO_COLOR=1` | `theme`: only bold, underlined and reversed text |",
    ]
    return "\n".join(lines) + "\n"


def keys() -> str:
    """Write keys.md."""
    needed = ", ".join(f"`{action_id}`" for action_id in NEEDED if "close" not in action_id)
    must = f"Some always have a key: {needed}, and what closes a screen."
    fixed = ", ".join(f"`{action_id}`" for action_id in FIXED)
    preset = "\n".join(
        f"- `{action_id}`: {written(tuple(k for k in given.split() if k not in usual(action_id)))}"
        for action_id, given in PRESETS["vi"].items()
    )
    parts = [
        beginning("keys.md")
        .replace("{needed}", fill(f"{must} Others are fixed: {fixed}.", 120))
        .replace("{preset}", preset)
    ]
    for context, title in actions.CONTEXTS.items():
        here = [action for action in actions.DEFAULTS if action.context == context]
        if not here:
            continue
        commands = any(action.slash for action in here)
        head = "| keys | command | what | id |" if commands else "| keys | what | id |"
        lines = [f"## {title}", "", head, "|---|---|---|---|" if commands else "|---|---|---|"]
        for action in here:
            slash = f"`/{action.slash}{f' {action.argument}' if action.argument else ''}`"
            command = f" {slash if action.slash else ''} |" if commands else ""
            cells = f"| {written(action.keys)} |{command} {action.description} | `{action.id}` |"
            lines.append(escaped(cells))
        parts.append("\n".join(lines) + "\n")
    return "\n".join(parts)


def escaped(line: str) -> str:
    """Keep the bars between the words of an argument from ending the cell."""
    pieces = line.split("`")
    return "`".join(
        piece.replace("|", "\\|") if number % 2 else piece for number, piece in enumerate(pieces)
    )


def usual(action_id: str) -> tuple[str, ...]:
    """The keys an action has in `plain`."""
    return next(action.keys for action in actions.DEFAULTS if action.id == action_id)


def written(names: tuple[str, ...]) -> str:
    """Write keys as people read them."""
    return " ".join(f"`{actions.label(key)}`" for key in names)


PAGES = {"keys.md": keys, "configuration.md": settings}


def main() -> int:
    """Write the pages, or compare them."""
    check = "--check" in sys.argv[1:]
    differ = []
    for name, write in PAGES.items():
        path, text = DOCS / name, write()
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            differ.append(name)
            if not check:
                path.write_text(text, encoding="utf-8")
    for name in differ:
        print(f"docs/{name}: {'differs: make reference' if check else 'written'}")
    return int(check and bool(differ))


if __name__ == "__main__":
    sys.exit(main())
