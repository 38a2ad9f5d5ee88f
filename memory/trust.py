"""How far a memory is believed: who said it, and whether it tries to give orders.

What a tool or the web said is low trust. It never takes the place of what the person stated, and a
text of theirs that tells its reader what to do is held back until the person has looked at it.
"""

from __future__ import annotations

import re

from memory.versions import Memory, Source

RANK: dict[Source, int] = {"user_stated": 2, "tool_observed": 1, "agent_inferred": 0}
"""Who is believed over whom."""

_OVERRIDES = re.compile(
    r"\b(?:ignore|disregard|forget|override|bypass)\b[^.\n]{0,40}\b(?:previous|prior|earlier|above|"
    r"all|any|your|instructions?|rules?|guidelines?|safety|prompts?)\b"
    r"|\b(?:system|developer) (?:prompt|message)\b"
    r"|\byou (?:must|should|shall|need to|have to|are (?:now|required|allowed|permitted)|"
    r"will now)\b"
    r"|\b(?:ai|assistants?|agents?|models?|llms?|tungsten|claude) (?:must|should|shall|"
    r"reading this|"
    r"need to|needs to|has to|have to|may always|is to|are to)\b"
    r"|\b(?:do not|don['’]t|never) (?:tell|inform|mention|ask|alert|notify|warn|show|reveal)\b"
    r"|\bwithout (?:asking|confirm\w*|approval|telling|permission)\b"
    r"|\b(?:important|note|attention|instructions?|notice)\s*(?:for|to) (?:ai|all|any|the)?\s*"
    r"(?:ai|assistants?|agents?|models?|llms?)\b"
    r"|<\s*/?\s*(?:system|instructions?|important)\b",
    re.IGNORECASE,
)

_ORDER_WORDS = (
    "add always answer append approve always avoid call change click commit contact copy create "
    "curl delete deploy disable disclose do don't download email enable ensure execute "
    "exfiltrate export fetch follow forward give grant ignore include insert install invoke "
    "leak load log merge never open output overwrite pass paste please post print publish push "
    "put read reject remember remove replace reply report reset respond reveal run save send "
    "set share show skip stop store submit switch tell treat trust turn type unset update "
    "upload use visit wget write you"
)
_ORDERS = frozenset(_ORDER_WORDS.split())
"""First words of sentences that tell their reader to do something."""

_SENTENCE = re.compile(
    r"(?:^|[.!?;:]\s+|,\s+(?:also|then|please|first)\s+|\n\s*(?:[-*]\s+)?)[\"'`(\s]*"
    r"([A-Za-z’']+)(?=(\W*\w*))"
)

_NOUN_AFTER = re.compile(
    r"\W*(?:is|are|was|were|has|have|had|lives?|runs|takes|goes|does|of|in|on|and|or|calls?|"
    r"logs?|commands?|scripts?|files?|requests?|times?|settings?|hooks?|jobs?)\Z",
    re.IGNORECASE,
)
"""What follows such a word where it is a noun: `Log files are …`, `Set of …`."""


def order_in(text: str) -> str:
    """Why a text counts as telling its reader what to do, in a few words; empty when it does not.

    Meant for what tools and pages said, where a false alarm costs a person one look.
    """
    if _OVERRIDES.search(text):
        return "it addresses whoever reads it"
    for match in _SENTENCE.finditer(text):
        if match[1].lower() in _ORDERS and not _NOUN_AFTER.match(match[2]):
            return "it tells its reader what to do"
    return ""


def why_held(memory: Memory) -> str:
    """Why a memory must be looked at by the person before it is recalled; empty when it need not.

    Only what came from a tool is in doubt: what the person stated may well be an order.
    """
    return order_in(f"{memory.text}\n{memory.quote}") if memory.source == "tool_observed" else ""


def may_supersede(winner: Source, loser: Source) -> bool:
    """Whether a memory of one source may take the place of one of another.

    Nothing but the person supersedes what the person stated; an inference supersedes only
    inferences.
    """
    return RANK[winner] >= RANK[loser]
