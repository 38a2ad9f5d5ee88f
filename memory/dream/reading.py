"""One memory's text, read once: words as concepts, values, what it denies, when it holds."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from sys import intern
from typing import Literal, TypeAlias

from memory.dream.wording import (
    CATEGORIES,
    LIGHT,
    NEGATED,
    NEGATIONS,
    NUMBER_WORDS,
    PHRASES,
    QUALIFIERS,
    STOP,
    UNITS,
    concept,
    word_set,
)

Kind: TypeAlias = Literal["word", "name", "number", "literal"]

_EXTENSION = (
    r"(?:py|pyi|ts|tsx|js|jsx|mjs|cjs|rs|go|java|kt|kts|rb|php|c|h|cc|cpp|hpp|cs|swift|scala|sh"
    r"|sql|md|rst|txt|json|ya?ml|toml|ini|cfg|conf|xml|html?|css|scss|lock|proto|tf|vue|svelte|ex"
    r"|exs|erl|hs|lua|r|jl|dart|gradle|csv|parquet|ipynb|env|scd|graphql|prisma)"
)
PATH = (
    # Where a run begins, or it would be looked through from each of its characters.
    r"(?:(?:~/|\.{1,2}/|/)|(?<![A-Za-z0-9_.@*\[\]-]))"
    r"[A-Za-z0-9_.@*\[\]-]+(?:/[A-Za-z0-9_.@*\[\]-]+)+/?"
    rf"|(?<![\w.-])[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*\.{_EXTENSION}(?![\w])"
    r"|(?:~/|/)[A-Za-z0-9_.-]+"
)
_TOKEN = re.compile(
    r"(?P<code>`[^`]+`)"
    r"|(?P<url>[a-z]+://[^\s,;)]+)"
    r"|(?P<date>\d{4}-\d\d-\d\d(?:T[\d:]+Z?)?)"
    r"|(?P<clock>\b\d{1,2}:\d\d\b)"
    rf"|(?P<path>{PATH})"
    r"|(?P<host>(?<![A-Za-z0-9-])[A-Za-z0-9][A-Za-z0-9-]*(?:\.[A-Za-z][A-Za-z0-9-]*)+(?::\d+)?"
    r"|(?<![\w-])[A-Za-z][\w-]*:\d{2,5}\b)"
    r"|(?P<number>(?<![\w.])[v:#]?\d[\d,_]*(?:\.\d+)*(?P<unit>\s?(?:%|[A-Za-z]+\b))?)"
    r"|(?P<identifier>[A-Za-z][A-Za-z0-9]*(?:_[A-Za-z0-9]+)+(?:\.[a-z]+)?"
    r"|(?<![A-Za-z0-9-])[A-Za-z][A-Za-z0-9]*(?:-[A-Za-z]+)*-v?\d[\w.]*(?<!\.))"
    r"|(?P<word>[^\W\d_][\w]*(?:['’]s?(?=\W|$))?)"
    r"|(?P<mark>[,;:()?!]|\.(?=\s|$))"
)
_VERSION = re.compile(r"v?\d+(?:\.\d+)+$")

_VERBS = word_set(
    """
    allow allows create creates generate generates generated print prints process processes restarts
    connects connect talks talk deploy deploys deployed drink drinks eat eats see sees waits wait
    retried retry ships publish publishes fetches owns manages maintains powers targets installs
    is are was were be has have had use uses used run runs listen listens live lives sit sits
    need needs require requires take takes write writes written store stores keep keeps start
    starts happen happens expire expires come comes go goes default defaults land lands must
    should may can cannot will prefers prefer wants want likes like dislikes speaks reads arrive
    arrives rotate rotates support supports accept accepts timeout get gets stay stays replaced
    moved switched migrated works work lists names contain contains depends return returns send
    sends serve serves belong belongs last lasts end ends hold holds mean means ask asks show
    shows sends save saves does do did
    """
)  # fmt: skip

_EVENT = re.compile(
    r"\b(?:on|since|until|by|in|at) (?:\d{4}-\d\d-\d\d|(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct"
    r"|nov|dec)[a-z]* \d{1,2}\b|\d{1,2} (?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*"
    r"|(?:january|february|march|april|may|june|july|august|september|october|november|december)\b"
    r"|(?:19|20)\d\d\b)|\b\d{4}-\d\d-\d\d\b|\byesterday\b|\blast (?:week|month|year|night|monday"
    r"|tuesday|wednesday|thursday|friday|sprint|quarter)\b|\bago\b|\b(?:was|were) (?!\w+ly\b)"
    r"(?:split|merged|moved|deleted|removed|renamed|introduced|added|created|fixed|broken|reverted"
    r"|rewritten)\b|\bused to\b|\bback (?:in|when)\b|\bformerly\b|\bpreviously\b|\boriginally\b",
    re.IGNORECASE,
)
_PLAN = re.compile(
    r"\b(?:will|plans? to|planned|planning|going to|intends? to|considering|considers|proposed"
    r"|wants? to (?:move|migrate|switch|upgrade|add|replace|drop|rename|try)|would like to|might"
    r"|someday|eventually|next (?:week|month|year|quarter|sprint|release)|todo|to-do|roadmap|soon"
    r"|should (?:be )?(?:moved?|migrated?|upgraded?|renamed?|replaced?)|hopes? to|aims? to|once we"
    r"|is to (?:be )?(?:move|migrate|replace|become)\w*|about to|scheduled to|in the future)\b",
    re.IGNORECASE,
)
_LOWER_BOUND = re.compile(
    r"\bat least\b|\bor (?:newer|later|higher|above|greater|up|more|better)\b|\bminimum\b"
    r"|\bminimal\b"
    r"|\bfrom \S+ (?:on|onwards?|up)\b|\bolder than\b|\bnewer than\b|\bat minimum\b|\bsince\b|>=?|≥"
    r"|\d\+(?!\+)|\bno (?:older|less|lower) than\b|\bbelow\b|\bat most\b|\bup to\b|<=?|≤|\boldest\b"
    r"|\b(?:and|or) (?:newer|later|up)\b|\bsupports?\b|\bcompatible\b|\bstarting (?:with|from)\b"
    r"|\bbefore\b|\bearliest\b|\blowest\b|\bhigher than\b|\babove\b|\bmore than\b",
    re.IGNORECASE,
)
_PROHIBITION = re.compile(
    r"\b(?:do not|don['’]t|never|must not|mustn['’]t|should not|shouldn['’]t|may not|avoid|no"
    r" longer"
    r"|not allowed|forbidden|prohibited|banned|stay away|keep out|cannot|can['’]t|refuse|nobody"
    r"|off[ -]limits|without)\b|\bno (?:one|new|more)\b|^no\b|\bis (?:not|gone)\b|\bare not\b"
    r"|\bstays? (?:deleted|absent|away|gone|out)\b|\binstead of\b|\brather than\b",
    re.IGNORECASE,
)
_REJECTED = re.compile(
    r"(?:\b(?:instead of|rather than|(?:prefer|favou?r|choose|like|want|pick)\w*\b[^.;]{0,40}? over"
    r"|prefers? (?!to )[^.;]{1,30}? to"
    r"|and not|but not|(?:do not|never|avoid) (?:use|using))|, ?(?:not|never))\s+"
    r"(?:the |a |an |to |with |in |by |for |on )?(`[^`]+`|[\w.+#-]+(?: [\w.+#-]+)?)",
    re.IGNORECASE,
)
_REPLACEMENTS = tuple(
    (tuple(signs.split("|")), re.compile(pattern, re.IGNORECASE))
    for signs, pattern in (
        ("replaced|swapped|exchanged|substituted",
         r"\b(?:replaced|swapped(?: out)?|exchanged|substituted) (?P<old>[^,;.]+?) "
         r"(?:with|by|for) (?P<new>[^,;.]+)"),
        (" from ",
         r"\b(?:moved|switched|migrated|changed|converted|went|ported|transitioned)\b[^,;.]{0,40}? "
         r"from (?P<old>[^,;.]+?) (?:to|over to|onto) (?P<new>[^,;.]+)"),
        ("replaced|superseded|succeeded",
         r"(?P<old>[^,;.]+?) (?:has been|have been|was|were|got|is) (?:replaced|superseded"
         r"|succeeded)"
         r" (?:by|with) (?P<new>[^,;.]+)"),
        ("dropped|abandoned|ditched|retired|left",
         r"\b(?:dropped|abandoned|ditched|retired|left) (?P<old>[^,;.]+?) "
         r"(?:for|in favou?r of) (?P<new>[^,;.]+)"),
        ("replace|supersede|took over",
         r"\b(?P<new>[\w.+#-]+(?: [\w.+#-]+)?) (?:has )?(?:replaced|replaces|supersedes|superseded"
         r"|took over from)"
         r" (?P<old>[^,;.]+)"),
        (" instead of ",
         r"\b(?:uses?|runs?(?: on)?|is on|are on|now (?:on|in|with))? ?(?P<new>[\w.+#-]+) instead"
         r" of "
         r"(?P<old>[\w.+#-]+)"),
        ("no longer",
         r"\bno longer (?:uses?|runs? on|in|on|with|works? with|goes? through|is|are)"
         r" (?P<old>[^,;.]+)"),
        ("returned|retired|dropped|removed|sold|decommissioned|given up|phased out|gone|abolished"
         "|shut down",
         r"\b(?P<old>[\w.+#-]+) (?:was|were|has been|is) (?:returned|retired|dropped|removed|sold"
         r"|decommissioned|given up|phased out|gone|abolished|shut down)"),
        ("gave up",
         r"\bgave up (?:on )?(?P<old>[\w.+#-]+)"),
    )
)  # fmt: skip
"""Patterns, each with words one of which stands wherever it matches, lower case."""

_INTENDED = re.compile(
    r"\b(?:plan|planned|will|might|may|should|consider|want|wants|never|not|would)\b", re.IGNORECASE
)
_REPLACING = re.compile(
    r"\b(?:replac|swap|exchang|substitut|mov|switch|migrat|chang|convert|went|port|transition"
    r"|supersed|succeed"
    r"|drop|abandon|ditch|retir|left|took over|instead|no longer|return|remov|sold|decommission"
    r"|giv|gave|phased"
    r"|gone|abolish|shut)",
    re.IGNORECASE,
)
_COUNT = re.compile(rf"\b(?:{'|'.join(NUMBER_WORDS)})\b(?!-)", re.IGNORECASE)
_SCOPE_WORDS = word_set(
    """
    some most few many rarely seldom sometimes
    only except unless if when until before after during
    """
)


@dataclass(slots=True, init=False)
class Token:
    """A word or value: its key is equal where the meaning is."""

    key: str
    kind: Kind
    surface: str
    after_verb: bool
    introduced_by: str
    """The last preposition or mark before it, lower case."""
    value: float | None
    unit: str
    light: bool
    """Whether a difference in it says little."""
    hard: bool
    """Whether another one means another fact: numbers, names, paths, identifiers."""
    weight: float
    """How much of the meaning it carries."""

    def __init__(
        self,
        key: str,
        kind: Kind,
        surface: str,
        after_verb: bool,
        introduced_by: str,
        value: float | None = None,
        unit: str = "",
    ) -> None:
        self.key = key
        self.kind = kind
        self.surface = surface
        self.after_verb = after_verb
        self.introduced_by = introduced_by
        self.value = value
        self.unit = unit
        self.hard = self.kind != "word"
        self.light = not self.hard and self.key in LIGHT
        self.weight = 2.0 if self.hard else 0.3 if self.light else 1.0


@dataclass(frozen=True, slots=True)
class Reading:
    """A memory's text as a dream compares it."""

    text: str
    normal: str
    """The letters and digits alone, for texts that differ in nothing else."""
    tokens: tuple[Token, ...]
    keys: frozenset[str]
    heavy: frozenset[str]
    """The keys that are not light."""
    negative: bool
    """An odd number of denials in a clause: two in one clause cancel each other."""
    denials: int
    rejected: frozenset[str]
    """What is named as not chosen: in "tabs over spaces", the spaces."""
    qualifiers: frozenset[str]
    """Environments, platforms and the like, and words such as only, except, when."""
    event: bool
    plan: bool
    weight: float
    """Of all its tokens."""
    replacements: tuple[tuple[frozenset[str], frozenset[str]], ...]
    """What it says was replaced, and by what if it says so, as concepts."""

    @property
    def lower_bound(self) -> bool:
        """Whether it names a bound, with which more or newer agrees."""
        return _LOWER_BOUND.search(self.text) is not None

    @property
    def prohibition(self) -> bool:
        """Whether it says what is not to be."""
        return _PROHIBITION.search(self.text) is not None

    @property
    def timeless(self) -> bool:
        """Whether it says what holds now, rather than what was or is meant to be."""
        return not (self.event or self.plan)


_AMOUNT_NEXT = re.compile(r"\s*(?:about |around |some )?\d")
_OF_A_SUBJECT = frozenset(("of", "in", "on", "at", "by", "for", "from", "with", "to", "under"))
"""Prepositions that a verb ends: "the gateway of tern accepts connections"."""
_BY_MEANS = frozenset(("with", "via", "by", "through", "using"))
_NORMAL = re.compile(r"[^\w%+#@/.-]+")
_PREPOSITIONS = word_set(
    """
    in on at by for from with as into via through to of and because so since which per under
    over after within while using
    """
)


def normal(text: str) -> str:
    """The text without case, spaces, quotes and marks at the ends of words."""
    words = (word.strip(".-") for word in _NORMAL.split(text.lower()))
    joined = " ".join(word for word in words if word)
    return re.sub(r"(?<=\d) (?=[a-z%]+\b)", "", joined)


def read(text: str, project: str | None = None) -> Reading:
    """Read a memory's text.

    Args:
        text: what the memory says.
        project: its project, whose name says nothing within it.
    """
    plain = text
    lower_case = text.lower()
    for signs, pattern, to in PHRASES:
        for sign in signs:
            if sign in lower_case:
                plain = pattern.sub(to, plain)
                break
    plain = _COUNT.sub(lambda match: str(NUMBER_WORDS[match[0].lower()]), plain)
    own = _name_of(project) if project else frozenset[str]()
    tokens: list[Token] = []
    denials = [0]
    qualifiers: set[str] = set()
    rejected: set[str] = set()
    for match in _REJECTED.finditer(plain):
        first = match[1].strip("`").split()[0].lower().strip(".,")
        if not first[:1].isdigit():
            rejected.add(concept(first))
    verb = False
    introduced = ""
    beginning = True
    for match in _TOKEN.finditer(plain):
        group = match.lastgroup or ""
        if group == "unit":
            group = "number"
        surface = match[0]
        if group == "mark":
            introduced = surface
            denials.append(0)
            beginning = beginning or surface in ".;:?!"
            continue
        if group == "word":
            lower = surface.lower().replace("’", "'")
            if lower.endswith("'s"):
                lower = lower[:-2]
            lower = lower.rstrip("'")
            if lower in NEGATIONS:
                denials[-1] += 1
                introduced = lower
                continue
            if lower in _SCOPE_WORDS:
                if not _AMOUNT_NEXT.match(plain, match.end()):
                    qualifiers.add(lower)
                introduced = lower
                beginning = False
                continue
            if lower in _PREPOSITIONS:
                introduced = lower
            if not beginning and lower in _VERBS:
                verb = True
                if introduced in _OF_A_SUBJECT:
                    introduced = ""
            if lower in NEGATED:
                denials[-1] += 1
                lower = NEGATED[lower]
            key = concept(lower)
            name = (not beginning and surface[0].isupper()) or surface[1:] != surface[1:].lower()
            beginning = False
            if not lower or lower in STOP or key in own or (key in STOP and not name):
                continue
            if CATEGORIES.get(key) in QUALIFIERS:
                qualifiers.add(key)
            after = verb or (introduced in _BY_MEANS and bool(tokens))
            kind: Kind = "name" if name else "word"
            tokens.append(Token(intern(key), kind, surface, after, introduced))
            continue
        beginning = False
        if group == "number":
            tokens.extend(_numbers(match, plain, tokens, verb=verb, introduced=introduced))
            continue
        bare = surface.strip("`").rstrip("./").lower()
        if group == "host" and ":" not in bare and "." not in bare:
            bare = bare.strip()
        if bare and bare not in own:
            tokens.append(Token(intern(bare), "literal", surface.strip("`"), verb, introduced))
    return Reading(
        text,
        normal(text),
        tuple(tokens),
        frozenset([token.key for token in tokens]),
        frozenset([token.key for token in tokens if not token.light]),
        any(count % 2 for count in denials),
        sum(denials),
        frozenset(rejected),
        frozenset(qualifiers),
        _EVENT.search(plain) is not None,
        _PLAN.search(text) is not None,
        sum([token.weight for token in tokens]),
        _replacements(text),
    )


@lru_cache(maxsize=256)
def _name_of(project: str) -> frozenset[str]:
    """The concepts in the name of a project, and the whole of it."""
    return words(project) | {concept(project.lower())}


def _replacements(text: str) -> tuple[tuple[frozenset[str], frozenset[str]], ...]:
    if not _REPLACING.search(text):
        return ()
    found = []
    lower_case = text.lower()
    for signs, pattern in _REPLACEMENTS:
        if not any(sign in lower_case for sign in signs):
            continue
        match = pattern.search(text)
        if match is not None and not _INTENDED.search(text[: match.start()]):
            came = _concepts(match["new"]) if "new" in pattern.groupindex else frozenset[str]()
            found.append((_concepts(match["old"]), came))
    return tuple(found)


def _concepts(text: str) -> frozenset[str]:
    return frozenset(concept(word.strip(".")) for word in re.findall(r"[\w.+#-]+", text.lower()))


def _numbers(
    match: re.Match[str], text: str, before: list[Token], *, verb: bool, introduced: str
) -> list[Token]:
    surface = match["number"]
    unit = (match["unit"] or "").strip()
    digits = surface[: len(surface) - len(match["unit"] or "")].lstrip("v:#").replace("_", "")
    digits = re.sub(r",(?=\d{3}\b)", "", digits).strip(",")
    extra: list[Token] = []
    known = UNITS.get(unit.lower()) if unit else None
    if unit and known is None:
        key = concept(unit.lower())
        if unit.lower() not in STOP:
            kind: Kind = "name" if unit[0].isupper() else "word"
            extra.append(Token(intern(key), kind, unit, verb, introduced))
            if unit.lower() in _VERBS:
                extra.clear()
    if _VERSION.match(digits) and (digits.count(".") > 1 or not known):
        return [Token(intern(digits), "number", digits, verb, introduced, None, "version"), *extra]
    try:
        value = float(digits)
    except ValueError:
        return [Token(intern(digits), "number", digits, verb, introduced), *extra]
    return [_number(value, unit if known else "", digits, verb, introduced), *extra]


def _number(value: float, unit: str, surface: str, verb: bool, introduced: str) -> Token:
    base, factor = UNITS.get(unit.lower(), ("", 1.0))
    key = intern(f"{value * factor:g}{base}")
    return Token(key, "number", surface, verb, introduced, value * factor, base)


@lru_cache(maxsize=4096)
def words(text: str) -> frozenset[str]:
    """The concepts in a text of another kind: a command, a configuration's key, a request."""
    return frozenset(concept(part) for part in re.findall(r"[a-z0-9]+", text.lower()))
