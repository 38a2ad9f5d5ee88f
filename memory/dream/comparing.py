"""What two memories of one scope are to each other: the same fact, a contradiction, or neither.

Likeness alone never decides. Two texts are the same fact only if everything in which they differ
is either said in other words or said by one of them in addition; they contradict each other only
if they differ in one value of one subject. A difference in a number, name, path, environment,
direction, denial or condition rules out that they are the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, TypeAlias

from memory.dream.reading import Reading, Token
from memory.dream.wording import ALTERNATIVES, CATEGORIES, OPPOSITES, QUALIFIERS, concept, word_set

Verdict: TypeAlias = Literal["same", "contradiction", "open", "distinct"]


@dataclass(slots=True)
class Comparison:
    """What a pair is, why in a few words, and how alike it is (0 to 1).

    `replacing` is 1 or 2 if the first or second text itself says that it replaces the other.
    """

    verdict: Verdict
    why: str
    likeness: float
    replacing: int = 0
    supersede: bool = False
    """For an open pair: it looks like a contradiction rather than a duplicate."""


MOST_APART = 2
"""Words of weight that each text has for itself (twice as many in one): beyond, no rule applies."""

SAME_SHARE = 0.62
"""Least share of each text's weight in common for a rewording with words of its own."""

_ADDED_BY = word_set(
    """
    with because since so and , ; ( via through which as :
    """
)
"""What introduces a detail that leaves the rest as true as before."""

_LIMITERS = frozenset(("for", "during", "per", "in", "on", "at", "from", "of", "under", "within"))
"""What introduces words that say where, when or for what something holds."""

_SEVERAL = frozenset(
    concept(word)
    for word in [
        "speak",
        "support",
        "include",
        "has",
        "contain",
        "depend",
        "import",
        "know",
        "own",
        "list",
        "accept",
        "want",
        "enjoy",
        "integrate",
        "collect",
        "provide",
        "offer",
        "mention",
        "cover",
        "understand",
        "play",
        "visit",
        "read",
        "report",
    ]
)
"""Verbs that are true of several things at once."""

_NEED = concept("need")

_ORDINALS = frozenset(
    concept(word)
    for word in [
        "shard",
        "worker",
        "node",
        "step",
        "phase",
        "chapter",
        "page",
        "issue",
        "ticket",
        "stage",
        "replica",
        "adr",
        "rfc",
        "level",
        "tier",
        "version",
        "sprint",
        "week",
        "room",
        "floor",
        "line",
        "section",
        "task",
        "bug",
    ]
)
"""Nouns whose number is a name: shard 3 is another one than shard 4."""

_BY_WAY_OF = frozenset(("through", "via", "with", "on", "by", "in", "using"))


def compare(one: Reading, other: Reading) -> Comparison:
    """Say what two memories of the same scope are to each other."""
    if one.text == other.text or (one.normal and one.normal == other.normal):
        return Comparison("same", "the same words", 1.0)
    if one.replacements or other.replacements:
        replacing = _replaces(one, other)
        if replacing:
            why = "one says that it replaced the other"
            return Comparison("contradiction", why, _likeness(one, other), replacing)
    first, second = len(one.heavy - other.heavy), len(other.heavy - one.heavy)
    if min(first, second) > MOST_APART or max(first, second) > 2 * MOST_APART:
        return Comparison("open", "alike in part", _likeness(one, other) * 0.8)
    shared = one.keys & other.keys
    left = [token for token in one.tokens if token.key not in shared]
    right = [token for token in other.tokens if token.key not in shared]
    likeness = _alike(one, other, left, right)
    dated = one.timeless != other.timeless or one.plan != other.plan
    if dated and not (_since_only(one) or _since_only(other)):
        return Comparison("open", "one is dated or planned", likeness * 0.6)
    contradiction = _contradiction(one, other, left, right, shared)
    if contradiction:
        return Comparison("contradiction", contradiction, likeness)
    veto = _veto(one, other, left, right)
    if veto:
        return Comparison("open", veto, likeness * 0.8, supersede=_rivals(one, other, left, right))
    reason = _same(one, other, left, right, shared)
    if reason:
        # Looked at last, as it costs most.
        if _swapped(one, other):
            return Comparison("open", "each in the other's place", likeness)
        if _strength(one) * _strength(other) < 0:
            return Comparison("open", "one may, the other must", likeness)
        return Comparison("same", reason, likeness)
    return Comparison("open", "alike in part", likeness, supersede=len(left) == 1 == len(right))


def no_merge(one: Reading, other: Reading) -> str:
    """Why two memories stay two, whoever says that they are the same; empty where nothing does.

    Other numbers, names, paths, conditions or directions, a denial, words that exclude each other,
    a date or plan in one of them.
    """
    if one.timeless != other.timeless or one.plan != other.plan:
        return "one is dated or planned"
    left = [token for token in one.tokens if token.key not in other.keys]
    right = [token for token in other.tokens if token.key not in one.keys]
    if veto := _veto(one, other, left, right, subject=False):
        return veto
    if _swapped(one, other):
        return "each in the other's place"
    if _strength(one) * _strength(other) < 0:
        return "one may, the other must"
    return ""


def no_rivals(one: Reading, other: Reading) -> str:
    """Why both of two memories hold, whoever says that they contradict; empty where nothing does.

    They speak of other conditions or surroundings, or one of what was or is planned.
    """
    if one.qualifiers != other.qualifiers:
        return "other conditions or surroundings"
    dated = one.timeless != other.timeless or one.plan != other.plan
    if dated and not (_since_only(one) or _since_only(other)):
        return "one is dated or planned"
    return ""


def _rivals(one: Reading, other: Reading, left: list[Token], right: list[Token]) -> bool:
    """Whether a pair that is left open looks like a contradiction rather than a duplicate."""
    numbers = [sum(token.kind == "number" for token in side) for side in (left, right)]
    return min(numbers) > 0 or one.negative != other.negative or (len(left) == 1 == len(right))


def _common(one: Reading, other: Reading, shared: frozenset[str]) -> list[Token]:
    """The tokens that both have, each as the text has it in which it carries more."""
    found: dict[str, Token] = {}
    for token in (*one.tokens, *other.tokens):
        if token.key in shared:
            known = found.get(token.key)
            if known is None or token.weight > known.weight:
                found[token.key] = token
    return list(found.values())


def _likeness(one: Reading, other: Reading) -> float:
    left = [token for token in one.tokens if token.key not in other.keys]
    right = [token for token in other.tokens if token.key not in one.keys]
    return _alike(one, other, left, right)


def _alike(one: Reading, other: Reading, left: list[Token], right: list[Token]) -> float:
    """How much of the weight of both is in common, given what each has for itself."""
    apart = 0.0
    for token in left:
        apart += token.weight
    for token in right:
        apart += token.weight
    whole = one.weight + other.weight
    return max(0.0, 1.0 - apart / whole) if whole else 0.0


def _weight(tokens: Iterable[Token]) -> float:
    return sum(token.weight for token in tokens)


def _since_only(reading: Reading) -> bool:
    """Whether its only date says since when it holds."""
    return not reading.plan and re.search(r"\bsince\b", reading.text, re.IGNORECASE) is not None


# -- contradictions


def _contradiction(
    one: Reading,
    other: Reading,
    left: list[Token],
    right: list[Token],
    shared: frozenset[str],
) -> str:
    if not (one.timeless or _since_only(one)) or not (other.timeless or _since_only(other)):
        return ""
    if one.qualifiers != other.qualifiers or (one.replacements and other.replacements):
        return ""
    if _other_subject(left, right):
        return ""
    heavy_left = [token for token in left if not token.light and not _since(token)]
    heavy_right = [token for token in right if not token.light and not _since(token)]
    rejecting = one.rejected and other.rejected
    if rejecting and _chosen(one) & other.rejected and _chosen(other) & one.rejected:
        return "each rejects what the other chooses"
    if one.negative != other.negative:
        once = {one.denials, other.denials} == {0, 1}
        if once and not heavy_left and not heavy_right and len(shared) >= 2:
            return "one denies what the other says"
        return ""
    if len(heavy_left) != 1 or len(heavy_right) != 1:
        # Most pairs end here, so what they have in common is not looked at before.
        if not shared.isdisjoint(one.heavy) or not shared.isdisjoint(other.heavy):
            return _long_value(one, other, heavy_left, heavy_right)
        return ""
    strong = [token for token in _common(one, other, shared) if not token.light]
    a, b = heavy_left[0], heavy_right[0]
    figures = a.kind == b.kind == "number"
    if not strong and not (figures and len(shared) >= 2):
        if _HOME.match(one.text) and _HOME.match(other.text) and a.kind == b.kind == "name":
            return f"{a.surface} against {b.surface}"
        opposed = b.key in OPPOSITES.get(a.key, ()) and bool(shared)
        if not (
            (_alternatives(a, b) or opposed)
            and a.after_verb
            and b.after_verb
            and a.introduced_by == b.introduced_by
        ):
            return ""
        return f"{a.surface} against {b.surface}"
    if a.kind == "number" and b.kind == "number":
        if {a.unit, b.unit} not in ({a.unit}, {"", "version"}) or not _value_number(
            one, other, a, b
        ):
            return ""
        if _prefix(a.surface, b.surface):
            return ""
        if a.unit in ("", "version") and (_NEED in one.keys) != (_NEED in other.keys):
            return ""
        if (_BOUND.search(one.text) is None) != (_BOUND.search(other.text) is None):
            return ""
        return f"{a.surface} against {b.surface}"
    if a.kind == "number" or b.kind == "number":
        return ""
    if CATEGORIES.get(a.key) in QUALIFIERS or CATEGORIES.get(b.key) in QUALIFIERS:
        return ""
    if not (a.after_verb and b.after_verb):
        return ""
    if b.key in OPPOSITES.get(a.key, ()) and not (_several(one) or _several(other)):
        return f"{a.surface} against {b.surface}"
    if not _same_frame(one, other, a, b):
        if not (_alternatives(a, b) and _weight(strong) >= 1):
            return ""
        return f"{a.surface} against {b.surface}"
    if _ALWAYS_SEVERAL.search(one.text) or _ALWAYS_SEVERAL.search(other.text):
        return ""
    alternatives = _alternatives(a, b)
    if not alternatives and (
        a.introduced_by != b.introduced_by or (a.kind != b.kind and "word" in (a.kind, b.kind))
    ):
        return ""
    several = _several(one) or _several(other)
    if several and not alternatives and a.introduced_by not in _MANNER:
        return ""
    if ("/" in a.key) != ("/" in b.key):
        return ""
    if "/" in a.key and "/" in b.key and _siblings(a.key, b.key):
        return ""
    if not _alternatives(a, b) and not (_last(one, a) and _last(other, b)):
        return ""
    if a.kind == "word" and b.kind == "word" and not _alternatives(a, b):
        # Two common nouns or verbs: a value only where the verb is one of being or using.
        if not (_HOLDING.search(one.text) and _HOLDING.search(other.text)):
            return ""
        if CATEGORIES.get(a.key) == "weekday" and len(strong) < 1:
            return ""
    return f"{a.surface} against {b.surface}"


def _prefix(one: str, other: str) -> bool:
    """Whether one version is the other given more exactly."""
    mine, theirs = one.split("."), other.split(".")
    return len(mine) != len(theirs) and all(a == b for a, b in zip(mine, theirs, strict=False))


def _long_value(one: Reading, other: Reading, left: list[Token], right: list[Token]) -> str:
    """Values of several words: a name of two words, two hours of a day."""
    if not left or not right or len(left) > 3 or len(right) > 3:
        return ""
    numbers = all(token.kind == "number" for token in (*left, *right))
    names = all(token.kind in ("name", "literal") and token.after_verb for token in (*left, *right))
    if numbers and len(left) == len(right) == 2 and _frame(one, left) == _frame(other, right):
        return "other numbers in the same place"
    if (
        names
        and not (_several(one) or _several(other))
        and _frame(one, left) == _frame(other, right)
        and _last(one, left[-1])
        and _last(other, right[-1])
        and {token.introduced_by for token in left} == {token.introduced_by for token in right}
        and _adjacent(one, left)
        and _adjacent(other, right)
    ):
        return "another name in the same place"
    return ""


def _frame(reading: Reading, without: list[Token]) -> list[str]:
    gone = {token.key for token in without}
    return [token.key for token in reading.tokens if token.key not in gone and not token.light]


def _adjacent(reading: Reading, tokens: list[Token]) -> bool:
    places = [reading.tokens.index(token) for token in tokens]
    return max(places) - min(places) == len(places) - 1


def _same_frame(one: Reading, other: Reading, a: Token, b: Token) -> bool:
    return _frame(one, [a]) == _frame(other, [b])


def _last(reading: Reading, token: Token) -> bool:
    """Whether nothing of weight follows it."""
    place = reading.tokens.index(token)
    return all(later.light or _since(later) for later in reading.tokens[place + 1 :])


def _since(token: Token) -> bool:
    return token.introduced_by == "since"


def _chosen(reading: Reading) -> frozenset[str]:
    return reading.keys - reading.rejected


def _several(reading: Reading) -> bool:
    return (
        any(token.key in _SEVERAL for token in reading.tokens)
        or re.search(r"\b(?:has|have|another|e\.g\.|too)\b", reading.text, re.IGNORECASE)
        is not None
    )


_HOME = re.compile(
    r"^(?:the )?user (?:now |has )?(?:lives|is based|is located|moved|relocated|resides|works"
    r" (?:at|for|from))\b",
    re.IGNORECASE,
)
_BEING = re.compile(
    r"\b(?:is|are|uses?|runs? on|comes? from|written in|built (?:with|on|by)|lives? in|stored in"
    r"|stays?"
    r"|kept in|defaults? to|called|named|hosted|held in|done (?:with|by|in)|goes to|deployed"
    r" (?:to|with|by)"
    r"|owned by|maintained by|handled by|sent (?:by|through|via)|managed (?:by|with))\b",
    re.IGNORECASE,
)
_HOLDING = re.compile(
    r"\b(?:uses?|runs? (?:on|with|under)|comes? from|(?:written|kept|stored|held) in|lives? in"
    r"|defaults? to|called"
    r"|named|hosted (?:on|by|at)|(?:built|done|owned|maintained|handled|managed|deployed|made|run"
    r"|tested)"
    r" (?:with|by|on|to|in))\b",
    re.IGNORECASE,
)
"""Verbs whose object is a value even where it is a common noun; that of "is" is often a quality."""

_ALWAYS_SEVERAL = re.compile(
    r"\bused (?:by|in|for|on)\b|\bsent to\b|\bcalled (?:by|from)\b|\bcopied to\b|\bavailable\b"
    r"|\bone of\b"
    r"|\b(?:distributed|reachable|listed|mirrored|published)\b"
    r"|\b(?:can|may|could|might) (?:also )?be\b|\bcompatible\b|\bsometimes\b|\balso\b|\bamong\b"
    r"|\bsuch as\b"
    r"|\bshared (?:with|by)\b|\bvisible (?:to|in)\b|\bknown (?:to|by|for)\b|\bpart of\b|\blinked\b",
    re.IGNORECASE,
)
_BOUND = re.compile(
    r"\b(?:at least|at most|minimum|maximum|max|min|above|below|under|over|more than|less than"
    r"|fewer than|up to"
    r"|limit\w*|cap|capped|exceeds?|target|goal|budget|(?:must|should) (?:stay|be|remain|take"
    r"|not)|no more than"
    r"|within|or (?:more|less|newer|older|later|higher))\b|[<>≤≥]",
    re.IGNORECASE,
)

_MANNER = frozenset(("in", "with", "as", "by", "at"))


def _siblings(one: str, other: str) -> bool:
    """Whether two paths are directories beside each other: both may hold such things."""
    head, _, leaf = one.rpartition("/")
    head_other, _, leaf_other = other.rpartition("/")
    return head == head_other and "." not in leaf and "." not in leaf_other


def _being(reading: Reading) -> bool:
    return _BEING.search(reading.text) is not None


def _alternatives(a: Token, b: Token) -> bool:
    if b.key in ALTERNATIVES.get(a.key, ()):
        return True
    category = CATEGORIES.get(a.key)
    return category is not None and category == CATEGORIES.get(b.key)


def _value_number(one: Reading, other: Reading, a: Token, b: Token) -> bool:
    """Whether two numbers are values of one quantity, not names of two things."""
    for reading, token in ((one, a), (other, b)):
        place = reading.tokens.index(token)
        before = reading.tokens[place - 1] if place else None
        if not token.after_verb:
            named = before is not None and (before.key in _ORDINALS or before.hard)
            if not token.unit or named:
                return False
            if not _same_frame(one, other, a, b):
                return False
        elif before is not None and before.key in _ORDINALS and not token.unit:
            return _same_frame(one, other, a, b)
    return True


def _replaces(one: Reading, other: Reading) -> int:
    """1 if the first says that it replaced what the second names as its value, 2 the other way."""
    for number, (new, old) in enumerate(((one, other), (other, one)), 1):
        if _replacement(new, old):
            return number
    return 0


def _replacement(new: Reading, old: Reading) -> bool:
    if new.plan or old.plan or old.event or old.negative:
        return False
    for gone, came in new.replacements:
        named = [
            token
            for token in old.tokens
            if token.key in gone and token.after_verb and _last(old, token)
        ]
        if not named or old.replacements:
            continue
        if came and came & old.keys - gone:
            continue
        rest = [
            token
            for token in old.tokens
            if token.key not in gone and not token.light and token.key not in new.keys
        ]
        topic = [
            token
            for token in old.tokens
            if token.key not in gone and not token.light and token.key in new.keys
        ]
        known = any(token.kind == "name" or token.key in ALTERNATIVES for token in named)
        stands = _being(old) or any(token.introduced_by in _BY_WAY_OF for token in named)
        if (topic and len(rest) <= 1) or (known and stands and len(rest) <= 2):
            return True
    return False


# -- the same


def _veto(
    one: Reading, other: Reading, left: list[Token], right: list[Token], *, subject: bool = True
) -> str:
    if one.negative != other.negative:
        return "one denies something"
    if one.qualifiers != other.qualifiers:
        return "other conditions or surroundings"
    if one.rejected != other.rejected and (
        one.rejected & _chosen(other) or other.rejected & _chosen(one)
    ):
        return "one rejects what the other names"
    if subject and _other_subject(left, right):
        return "of something else"
    numbers = [token for token in left if token.kind == "number"]
    others = [token for token in right if token.kind == "number"]
    if numbers and others:
        return "other numbers"
    hard, hard_other = [t for t in left if t.hard], [t for t in right if t.hard]
    if hard and hard_other:
        return "other names"
    for a in left:
        opposites = OPPOSITES.get(a.key, ())
        if opposites and any(key in opposites for key in other.keys - one.keys):
            return f"{a.surface} in one only"
        if a.key not in ALTERNATIVES and a.key not in CATEGORIES:
            continue
        for b in right:
            if _alternatives(a, b):
                return f"{a.surface} against {b.surface}"
    for side in (left, right):
        for token in side:
            if CATEGORIES.get(token.key) in QUALIFIERS:
                return f"only one says {token.surface}"
    directed = all(" from " in text and " to " in text for text in (one.text, other.text))
    if directed and not _order(one, other):
        return "another direction"
    return ""


_MAY = re.compile(r"\b(?:can|may|might|could|optional\w*|allowed to)\b", re.IGNORECASE)
_MUST = re.compile(
    r"\b(?:must|ha(?:s|ve) to|needs? to|required?|requires|obliged)\b", re.IGNORECASE
)
_ANCHOR = re.compile(
    r"\b(before|after|than) (?:the |an? |every |each |any )*([\w-]+)", re.IGNORECASE
)
_PASSIVE = re.compile(
    r"\b(?:is|are|was|were|be|been|being|gets?|got)\b"
    r" (?:\w+ly )?\w+(?:ed|en|wn|pt|ld|nt|lt|ft|de|un|ut)\b",
    re.IGNORECASE,
)
_COPULA = re.compile(r"\b(?:is|are|was|were)\b|:", re.IGNORECASE)
_DOES_TO = re.compile(
    r"\b(?:call|send|sent|publish|read|write|wrote|written|depend|extend|import|own|wrap|include"
    r"|push|pull|trigger|notif|forward|cop|sync|block|inherit|quer|poll|prox|replac|preced|follow"
    r"|feed|fed|consum|produc|review|report|pay|paid|invok|start|stop|load|talk|ask|listen to"
    r"|connect|rout|redirect|fetch)",
    re.IGNORECASE,
)
"""Verbs that one thing does to another, so that it matters which is named first."""
_ADVERBIAL = re.compile(
    r"^\W*(?:before|after|at|in|on|every|each|when|if|for|with|during|by|from|through|via|to|once)\b",
    re.IGNORECASE,
)


def _other_subject(left: list[Token], right: list[Token]) -> bool:
    """Whether each has a word of little weight of its own in what it speaks of: a start timeout."""
    for side in (left, right):
        for token in side:
            if token.light and not token.after_verb:
                break
        else:
            return False
    return True


def _strength(reading: Reading) -> int:
    """1 if something must be, -1 if it only may be, 0 if it says neither or denies."""
    if reading.denials:
        return 0
    return (_MUST.search(reading.text) is not None) - (_MAY.search(reading.text) is not None)


def _swapped(one: Reading, other: Reading) -> bool:
    """Whether both name the same two things, each where the other has its counterpart."""
    anchors = [
        {(match[1].lower(), concept(match[2].lower())) for match in _ANCHOR.finditer(reading.text)}
        for reading in (one, other)
    ]
    words = [{word for word, _ in found} for found in anchors]
    if words[0] & words[1] and not anchors[0] & anchors[1]:
        return True
    if _ADVERBIAL.match(one.text) or _ADVERBIAL.match(other.text):
        return False
    first = [token.key for token in one.tokens if token.key in other.keys and not token.light]
    second = [token.key for token in other.tokens if token.key in one.keys and not token.light]
    if not _DOES_TO.search(one.text) or not _DOES_TO.search(other.text):
        return False
    if not first or first[0] == first[-1]:
        return False
    turned = first[0] == second[-1] and first[-1] == second[0]
    return turned and _voice(one.text) == _voice(other.text) != "copula"


def _voice(text: str) -> str:
    return "passive" if _PASSIVE.search(text) else "copula" if _COPULA.search(text) else "active"


def _order(one: Reading, other: Reading) -> bool:
    """Whether the values that both name come in the same order."""
    shared = one.keys & other.keys
    first = [token.key for token in one.tokens if token.key in shared and not token.light]
    second = [token.key for token in other.tokens if token.key in shared and not token.light]
    return list(dict.fromkeys(first)) == list(dict.fromkeys(second))


def _same(
    one: Reading,
    other: Reading,
    left: list[Token],
    right: list[Token],
    shared: frozenset[str],
) -> str:
    heavy_left = [token for token in left if not token.light]
    heavy_right = [token for token in right if not token.light]
    if heavy_left and heavy_right and not _may_be_reworded(heavy_left, heavy_right):
        # Most pairs end here, so what they have in common is not looked at before.
        return ""
    strong = [token for token in _common(one, other, shared) if not token.light]
    if not strong:
        return ""
    if not heavy_left and not heavy_right:
        if len(strong) >= 2 or any(token.hard for token in strong) or not (left or right):
            return "the same in other words"
        return ""
    if not heavy_left or not heavy_right:
        longer, extra = (other, heavy_right) if not heavy_left else (one, heavy_left)
        if _weight(strong) >= 2 and _added(longer, extra, shared):
            return "one adds a detail"
        return _reworded(one, other, heavy_left, heavy_right, strong)
    return _reworded(one, other, heavy_left, heavy_right, strong)


def _added(longer: Reading, extra: list[Token], shared: frozenset[str]) -> bool:
    """Whether what only the longer text says comes after the rest and limits nothing."""
    places = [longer.tokens.index(token) for token in extra]
    ends = [
        place
        for place, token in enumerate(longer.tokens)
        if token.key in shared and not token.light
    ]
    if not ends or min(places) < max(ends):
        return False
    first = next(token for token in longer.tokens[max(ends) + 1 :] if token.key not in shared)
    if first.introduced_by not in _ADDED_BY:
        return False
    if any(token.introduced_by in ("for", "during", "per") for token in extra):
        return False
    measured = any(token.kind == "number" and token.key in shared for token in longer.tokens)
    return not (measured and first.introduced_by == "with")


def _reworded(
    one: Reading, other: Reading, left: list[Token], right: list[Token], strong: list[Token]
) -> str:
    """The same with words of its own on one side or both: only with most of both in common."""
    if not _may_be_reworded(left, right):
        return ""
    anchored = any(token.hard for token in strong)
    if len(strong) < (2 if anchored else 3) + (bool(left) and bool(right)):
        return ""
    if _substituted(one, other):
        return ""
    both = _weight(strong)
    share = SAME_SHARE
    if both / (both + len(left)) < share or both / (both + len(right)) < share:
        return ""
    return "the same in other words"


def _may_be_reworded(left: list[Token], right: list[Token]) -> bool:
    """Whether what each text has for itself can be a matter of words at all."""
    if len(left) > 2 or len(right) > 2:
        return False
    for side in (left, right):
        for token in side:
            if token.hard or token.introduced_by in _LIMITERS:
                return False
    return True


def _substituted(one: Reading, other: Reading) -> bool:
    """Whether the texts are the same but for one place, in which each has something else."""
    first = [token.key for token in one.tokens if not token.light]
    second = [token.key for token in other.tokens if not token.light]
    head = 0
    while head < min(len(first), len(second)) and first[head] == second[head]:
        head += 1
    tail = 0
    while tail < min(len(first), len(second)) - head and first[-1 - tail] == second[-1 - tail]:
        tail += 1
    return max(len(first), len(second)) - head - tail <= 2 and head + tail >= 1
