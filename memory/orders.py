"""Whether a text gives orders: the one recogniser, for what is saved and for what a dream finds.

What a tool or a web page said is an observation. Where it tells its reader what to do instead,
whoever wrote it tries to speak in the person's place.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

_INTRODUCES = re.compile(
    r"(?:important|urgent|attention|warning|note|notice|system|assistant|admin|reminder|todo"
    r"|instructions?|hint|tip|hey|dear|ok|okay|now|then|first|next|also|finally|immediately"
    r"|critical"
    r"|alert|ps|p\.s|p\.p\.s|fyi|task|command|override|action"
    r" required)\b",
    re.IGNORECASE,
)
_AFTER_WORD = re.compile(r"[^:;,.!\n]{0,60}")
_MARKS = re.compile(r"[:;,.!\]>)-]+")
_SPACE = re.compile(r"\s*")
_NO_WORD = re.compile(r"\W*")
_ORDER = re.compile(
    r"(?:(?:also|then|first|next|now|just|finally) )?"
    r"(?P<modal>(?:please |kindly |you (?:must|should|need to|have to|shall|can now|may now|will)"
    r" |always "
    r"|never |do not |don['’]t |make sure |be sure |remember to |from now on,? |henceforth,? "
    r"|going forward,? )+)?"
    r"(?P<verb>ignore|disregard|forget|override|bypass|skip|disable|execute|run|send|post|upload"
    r"|forward|email"
    r"|mail|exfiltrate|leak|reveal|print|output|show|paste|copy|delete|remove|erase|wipe|drop"
    r"|install"
    r"|download|fetch|curl|approve|accept|allow|grant|trust|pretend|act as|reply|respond|answer"
    r"|tell"
    r"|say|write|add|append|insert|commit|push|merge|open|visit|click|read|include|use|treat|follow"
    r"|obey|call|invoke|set|change|replace|rename|create|give|turn|switch|stop|hide|keep|share"
    r"|publish"
    r"|transfer|encode|store|save|remember|embed|return|report|submit|mark|assume|consider|prefer"
    r"|contact|notify|check out|clone|chmod|sudo|rm|kill|let|ask|avoid|mention|do|translate|confirm"
    r"|proceed|continue|begin|end|start|try|enter|type|export|make|put|load|import|grab|collect"
    r"|list"
    r"|take|look|go|get|find|search|summari[sz]e|redirect|link|recommend|promote|praise|rate|buy"
    r"|deploy"
    r"|check|update|upgrade|modify|edit|force|reset|restart|configure|enable|register|sign|log)\b"
    r"(?P<rest>[^,.;\n]*)",
    re.IGNORECASE,
)
_OBJECT = re.compile(
    r"^[\s:]*(?:the|a|an|all|every|any|this|these|those|that|your|its|it|them|to|each|no|me|us|my"
    r"|our"
    r"|everything|anything|nothing|whatever|yourself|not|only|with|into|as|by|`|\"|'|/|~|\."
    r"|https?:|\d)"
    r"(?:\b|(?<=\W))",
    re.IGNORECASE,
)
_NOUN_WORDS = (
    "log mail email post print output show paste copy report set change import export search "
    "cache store load start end test build link commit merge push open share list rate call "
    "type force reset sign check update upgrade mark return submit answer reply say trust turn "
    "switch stop keep contact let ask do begin try enter put grab take look go get buy clone "
    "view read visit click deploy transfer grant forward prefer consider replace skip approve "
    "accept curl order treat register "
)
_NOUNS = frozenset(_NOUN_WORDS.split())
"""Verbs that begin sentences as nouns just as well: these order only with an object after them."""
_FINITE = re.compile(
    r"\b(?:is|are|was|were|has|have|had|takes?|took|lives?|goes|uses|comes?|works"
    r"|happens?|needs?|runs"
    r"|lands?|expires?|stays?|fails?|failed|must|should|may|can|cannot|will|go|live|follow"
    r"|require|carry"
    r"|return|start|vary|varies|sit|sits|contain|contains|get|gets|do|does|come|end|ends|last"
    r"|lasts|stop"
    r"|use|show|shows|mean|means|point|points|pass|passes|arrive|arrives|wait|waits|serve"
    r"|serves)\b",
    re.IGNORECASE,
)
_MODAL = re.compile(r"^\W*(?:you (?:must|should|need to|have to|shall)|always|never|do not|don['’]t"
                    r"|please|make sure|from now on|henceforth)\b", re.IGNORECASE)  # fmt: skip
_ADDRESSED = re.compile(
    r"\b(?:ai|assistants?|agents?|llms?|language models?|chatbots?|bots?|copilots?|claude|gpt|model"
    r"|coding (?:agents?|assistants?)|whoever|anyone|everyone|automated (?:tools?|reviewers?))\b"
    r"(?:[^.;]{0,40}?)\b(?:must|should|shall|need to|have to|are (?:to|required|instructed|asked"
    r"|allowed"
    r"|expected|authori[sz]ed) to|is (?:to|required|instructed|allowed|authori[sz]ed|expected) to"
    r"|reading"
    r"|processing|parsing|who|reads? this|that reads?|please|:)"
    r"|\b(?:note|message|instructions?|attention|dear|hey|hello|to) (?:to |for |all )*(?:the )?"
    r"(?:ai|assistants?|agents?|llms?|language models?|bots?|copilots?|claude|gpt)\b",
    re.IGNORECASE,
)
_TAKEOVER = re.compile(
    r"\b(?:ignore|disregard|forget|override|bypass)\b[^.;]{0,40}\b(?:instructions?|rules?|prompts?"
    r"|guidelines?|polic(?:y|ies)|guardrails?|restrictions?|everything|safety"
    r"|constraints?|context)\b"
    r"|\byou are (?:now|no longer)\b|\b(?:new|updated) (?:system )?instructions?\b ?[:,-]"
    r"|\b(?:god|dan|jailbreak|unrestricted) mode\b|\b(?:your|the|hidden) system prompt\b|\b(?:do"
    r" not|don['’]t|never) (?:tell|mention|inform|ask|warn|alert|notify|show|reveal)"
    r"[^.;]{0,30}\b(?:users?|humans?|person|anyone|developer|owner|operator|it|this)\b"
    r"|\b(?:say|tell) (?:nothing|no one|nobody)\b|\bfrom now on\b|\bapprove (?:every|all|any"
    r"|each)\b"
    r"|\bdisable (?:the |all |every |any )?(?:approvals?|approval gate"
    r"|prompts?|confirmations?|sandbox"
    r"|permission\w*|safety|risk|security|guard\w*|gate)\b|<\/?(?:system|instructions?|user"
    r"|assistant)>"
    r"|\[(?:system|inst|instructions?)\]|\bas (?:an|the) (?:ai|assistant|agent)\b|\byour (?:new "
    r"|real |true "
    r"|actual )?(?:task|goal|job|role|instructions?|objective|mission)\b|\bact as\b|\bpretend\b",
    re.IGNORECASE,
)
_TAKES_OUT = re.compile(
    r"\b(?:curl|wget|fetch)\b[^|;]*\|\s*(?:sudo )?(?:ba|z|da)?sh\b|\b(?:send|post|upload|forward"
    r"|email|mail"
    r"|exfiltrate|transmit|leak|paste|copy|report|submit|deliver)s?\b[^.;]{0,80}(?:\.env|~/\.ssh"
    r"|\.ssh\b"
    r"|id_rsa|credentials?|secrets?|passwords?|tokens?|api keys?|private keys?|environment"
    r" variables?"
    r"|\.aws|keychain|cookies)[^.;]{0,60}(?:\bto\b|https?://|@)|\brm -rf\b[^.;]{0,20}[~/]",
    re.IGNORECASE,
)
_REPORTED = re.compile(
    r"^\W*(?:the|a|an|this|that|our|its|it|there|some|one|most|all|when|if|after|before|by|in|on"
    r"|for"
    r"|since|because)\b|\b(?:says?|states?|documents?|describes?|explains?|recommends?|asks?|requires?"
    r"|blocks?|rejects?|refuses?|detects?|warns?|filters?|prevents?|strips?|treats?|is blocked"
    r"|are blocked|quotes?|mentions?|forbids?|tests? that|example of)\b",
    re.IGNORECASE,
)
_OBSERVED_ABOUT = re.compile(
    r"\b(?:scanner|filter|linter|hook|test|rule|check|policy|proxy|firewall|readme"
    r"|docs?|documentation|guide"
    r"|manual|contributing|template|page|issue|article|fixture|dataset|classifier|detector|corpus"
    r"|sample|paper|pull request|changelog|option|flag|setting|endpoint|gate|audit)\b",
    re.IGNORECASE,
)

_CONDITION = re.compile(
    r"^\W*(?:to|if|when|whenever|before|after|once|in order to|for|while|as soon as|in case"
    r"|unless|silently"
    r"|quietly|secretly)\b[^,]{0,80}?(?:, ?| (?=upload|send|post|delete))",
    re.IGNORECASE,
)
_KEEPS_OUT = re.compile(
    r"\b(?:block|reject|refuse|detect|prevent|filter|denie|forbid)[sd]?\b", re.IGNORECASE
)


def gives_orders(text: str) -> bool:
    """Whether a text tells its reader what to do, or tries to speak in another's place."""
    if takes_over(text):
        return True
    if _REPORTED.search(text[:80]) and not _MODAL.match(text) and not _imperative(text):
        return any(_imperative(part) for part in _sentences(text)[1:])
    return any(_imperative(part) for part in _sentences(text))


def _order(text: str) -> re.Match[str] | None:
    """The order that a text begins with, behind any number of introductions ("Note: hey -").

    As one expression it would try each way to read "hey-hey-hey-" as introductions, twice as many
    with each: here a place that leads to no order is looked at once.
    """
    start = _end(_NO_WORD, text, 0)
    seen = {start}
    ways = [(start, _introduced(text, start))]
    while ways:
        at, further = ways[-1]
        place = next((place for place in further if place not in seen), None)
        if place is not None:
            seen.add(place)
            ways.append((place, _introduced(text, place)))
            continue
        ways.pop()
        if (found := _ORDER.match(text, at)) is not None:
            return found
    return None


def _introduced(text: str, at: int) -> Iterator[int]:
    """Where an introduction that begins at a place may end, the longest first."""
    word = _INTRODUCES.match(text, at)
    if word is None:
        return
    for marks in range(_end(_AFTER_WORD, text, word.end()), word.end() - 1, -1):
        for behind in range(_end(_MARKS, text, marks), marks, -1):
            yield from range(_end(_SPACE, text, behind), behind - 1, -1)


def _end(pattern: re.Pattern[str], text: str, at: int) -> int:
    found = pattern.match(text, at)
    return at if found is None else found.end()


def _imperative(text: str) -> bool:
    match = _order(text)
    if match is None:
        return False
    # Many such verbs are nouns as well: "merge commits are off" orders nothing.
    if match["modal"] or _OBJECT.match(match["rest"]):
        return True
    noun = match["verb"].lower() in _NOUNS or match["rest"].startswith(" of ")
    return not noun and not _FINITE.search(match["rest"])


def _sentences(text: str) -> list[str]:
    parts = [part for part in re.split(r"(?<=[.!?:;])\s+|\n+", text) if part]
    return parts + [rest for part in parts if (rest := _CONDITION.sub("", part)) != part]


def takes_over(text: str) -> bool:
    """Whether a text means to command an agent, or to carry something out of its reach."""
    about = _OBSERVED_ABOUT.search(text) is not None and _REPORTED.search(text) is not None
    quoted = re.search(r"[\"“'][^\"”']{6,}[\"”']", text) is not None
    if _TAKES_OUT.search(text):
        return not (about and _KEEPS_OUT.search(text))
    if _ADDRESSED.search(text):
        order = any(
            _imperative(part) for part in re.split(r"[,:;.]\s*|\b(?:must|should|to|shall)\b ", text)
        )
        return order and not (about and not _TAKEOVER.search(text))
    return _TAKEOVER.search(text) is not None and not about and not quoted
