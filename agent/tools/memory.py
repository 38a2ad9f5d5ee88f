"""The memory tools: what the model wants to remember or to look up becomes an action."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from pathlib import Path

from agent.actions import Remember, SearchMemory
from agent.sessions.session import clean
from agent.steps.steps import Step
from agent.tools.inputs import MemorySave, MemorySearch
from agent.tools.registry import InvalidToolInput
from memory.versions import Source
from memory.words import content, normalise, share
from tungsten.recordings.masking import holds_secret

SHORTEST_QUOTE = 8
"""Characters of a quote that says something: `yes` proves nothing."""

SHARE = 0.5
"""Least share of a text's own words that the person must have used for it to count as theirs."""

_SOURCES: dict[str, Source] = {
    "person": "user_stated",
    "tool": "tool_observed",
    "inferred": "agent_inferred",
}

DENIED = 3
"""How many words behind a `not` say what is denied."""

_SPACE = re.compile(r"\s+")
_IN_LINE = re.compile(r"[^\S\n]+")
_SENTENCE = re.compile(r"(?:[.!?;:]+(?=\s|$)|\n)\s*")
_NUMBER = re.compile(r"\d+")
_WORD = re.compile(r"[\w']+")
_DENYING = frozenset(
    {
        *("not", "no", "never", "none", "nothing", "nobody", "neither", "nor", "cannot", "without"),
        *("except", "unless", "avoid", "dont"),
    }
)


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

    The quote must be theirs, and in the sentences that it stands in must be most words of the text
    and all its numbers; these deny what the text denies. So a model that was talked into it cannot
    pass off a page's words as the person's, nor turn theirs round.
    """
    bare = _SPACE.sub(" ", quote).strip().lower()
    if len(bare) < SHORTEST_QUOTE:
        return False
    words = [word for word in content(normalise(text)) if word not in ("user", "person")]
    return any(
        share(words, sentence) >= SHARE
        and set(_NUMBER.findall(text)) <= set(_NUMBER.findall(sentence))
        and _denies_alike(text, sentence)
        for sentence in _around(bare, said)
    )


def _around(quote: str, said: str) -> Iterator[str]:
    """The sentences, in lower case, that each place of a quote lies in."""
    said = _IN_LINE.sub(" ", said.lower()).replace(" \n", "\n")
    said = _SPACE.sub(" ", _SENTENCE.sub("\0", said))
    ends = [at for at, sign in enumerate(said) if sign == "\0"]
    # Ends of sentences are no words: a quote may run over them, and say them or not.
    plain = said.replace("\0", " ")
    quote = _SPACE.sub(" ", _SENTENCE.sub(" ", quote)).strip()
    at = plain.find(quote) if quote else -1
    while at >= 0:
        first, last = bisect_right(ends, at), bisect_left(ends, at + len(quote))
        begin = ends[first - 1] if first else 0
        yield plain[begin : ends[last] if last < len(ends) else len(plain)]
        at = plain.find(quote, at + 1)


def _denies_alike(text: str, sentence: str) -> bool:
    """Whether a text denies only what the sentence denies, and speaks of nothing else it denies."""
    here, there = _denied(text), _denied(sentence)
    words = set(content(normalise(text)))
    return all(any(one & other for other in there) for one in here) and not any(
        words & other for other in there if not any(one & other for one in here)
    )


def _denied(text: str) -> list[set[str]]:
    """For each word that denies, the next few words that say what."""
    words = _WORD.findall(text.lower().replace("’", "'"))
    found = []
    for at, word in enumerate(words):
        if word in _DENYING or word.endswith("n't"):
            behind = content(normalise(" ".join(words[at + 1 :])))
            found.append(set(behind[:DENIED]))
    return found
