"""The memory tools: what the model wants to remember or to look up becomes an action."""

from __future__ import annotations

import re
from pathlib import Path

from agent.actions import Remember, SearchMemory
from agent.session import clean
from agent.steps import Step
from agent.tools.inputs import MemorySave, MemorySearch
from agent.tools.registry import InvalidToolInput
from memory.versions import Source
from memory.words import content, normalise, share
from tungsten.masking import holds_secret

SHORTEST_QUOTE = 8
"""Characters of a quote that says something: `yes` proves nothing."""

SHARE = 0.5
"""Least share of a text's own words that the person must have used for it to count as theirs."""

_SOURCES: dict[str, Source] = {
    "person": "user_stated",
    "tool": "tool_observed",
    "inferred": "agent_inferred",
}

_SPACE = re.compile(r"\s+")


def plan(tool: MemorySave | MemorySearch, project: Path, said: str) -> Step:
    """Say what a memory tool use comes to.

    Args:
        tool: what is wanted.
        project: the directory that project memories of this agent are about.
        said: everything that the person said in this session, in their own words.

    Raises:
        InvalidToolInput: it holds a secret.
    """
    if isinstance(tool, MemorySearch):
        query = clean(tool.query)
        return Step(SearchMemory(query, project), title=query)
    texts = [clean(text).strip() for text in (tool.text, tool.quote, tool.verify)]
    if any(map(holds_secret, texts)):
        raise InvalidToolInput("memory_save: memories keep no secrets; say it without")
    text, quote, verify = texts
    source = _SOURCES[tool.source]
    if source == "user_stated" and not stated(text, quote, said):
        source = "agent_inferred"
    action = Remember(
        fact=text,
        type=tool.type,
        scope=tool.scope,
        project=project if tool.scope == "project" else None,
        source=source,
        quote=quote,
        verify=verify,
        confirms=clean(tool.confirms).strip(),
        contradicts=clean(tool.contradicts).strip(),
    )
    return Step(action, title=" ".join(text.split()))


def stated(text: str, quote: str, said: str) -> bool:
    """Whether the person themselves said what a text says, as far as words can tell.

    The quote must be theirs, and so must most words of the text: a model that was talked into it
    must not pass off a page's words as the person's.
    """
    bare = _SPACE.sub(" ", quote).strip().lower()
    if len(bare) < SHORTEST_QUOTE or bare not in _SPACE.sub(" ", said).lower():
        return False
    words = [word for word in content(normalise(text)) if word not in ("user", "person")]
    return share(words, said) >= SHARE
