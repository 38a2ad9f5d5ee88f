"""What two memories of one scope are to each other: the same fact, a contradiction, or neither.

Likeness alone never decides. Two texts are the same fact only if everything in which they differ
is either said in other words or said by one of them in addition; they contradict each other only
if they differ in one value of one subject. A difference in a number, name, path, environment,
direction, denial or condition rules out that they are the same.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal, TypeAlias

from memory.dream.reading import Reading, Token
from memory.dream.wording import ALTERNATIVES, CATEGORIES, OPPOSITES, QUALIFIERS, concept

Verdict: TypeAlias = Literal["same", "contradiction", "open", "distinct"]


@dataclass(frozen=True, slots=True)
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


SAME_SHARE = 0.62
"""Least share of each text's weight in common for a rewording with words of its own."""

_ADDED_BY = frozenset(
    ["with", "because", "since", "so", "and", ",", ";", "(", "via", "through", "which", "as", ":"]
)
"""What introduces a detail that leaves the rest as true as before."""

_SEVERAL = frozenset(
    concept(word)
    for word in "speak support include has contain depend import know own list accept want enjoy "
    "integrate collect provide offer mention cover understand play visit read report".split()
)
"""Verbs that are true of several things at once."""

_ORDINALS = frozenset(
    concept(word)
    for word in "shard worker node step phase chapter page issue ticket stage replica adr rfc "
    "level tier version sprint week room floor line section task bug".split()
)
"""Nouns whose number is a name: shard 3 is another one than shard 4."""

_BY_WAY_OF = frozenset(("through", "via", "with", "on", "by", "in", "using"))

_REPLACEMENTS = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"\b(?:replaced|swapped(?: out)?|exchanged|substituted) (?P<old>[^,;.]+?) "
        r"(?:with|by|for) (?P<new>[^,;.]+)",
        r"\b(?:moved|switched|migrated|changed|converted|went|ported|transitioned)\b[^,;.]{0,40}? "
        r"from (?P<old>[^,;.]+?) (?:to|over to|onto) (?P<new>[^,;.]+)",
        r"(?P<old>[^,;.]+?) (?:has been|have been|was|were|got|is) (?:replaced|superseded|succeeded)"
        r" (?:by|with) (?P<new>[^,;.]+)",
        r"\b(?:dropped|abandoned|ditched|retired|left) (?P<old>[^,;.]+?) "
        r"(?:for|in favou?r of) (?P<new>[^,;.]+)",
        r"\b(?P<new>[\w.+#-]+(?: [\w.+#-]+)?) (?:has )?(?:replaced|replaces|supersedes|superseded|took over from)"
        r" (?P<old>[^,;.]+)",
        r"\b(?:uses?|runs?(?: on)?|is on|are on|now (?:on|in|with))? ?(?P<new>[\w.+#-]+) instead of "
        r"(?P<old>[\w.+#-]+)",
        r"\bno longer (?:uses?|runs? on|in|on|with|works? with|goes? through|is|are) (?P<old>[^,;.]+)",
        r"\b(?P<old>[\w.+#-]+) (?:was|were|has been|is) (?:returned|retired|dropped|removed|sold"
        r"|decommissioned|given up|phased out|gone|abolished|shut down)",
        r"\bgave up (?:on )?(?P<old>[\w.+#-]+)",
    )
)  # fmt: skip
_INTENDED = re.compile(
    r"\b(?:plan|planned|will|might|may|should|consider|want|wants|never|not|would)\b", re.IGNORECASE
)


def compare(one: Reading, other: Reading) -> Comparison:
    """Say what two memories of the same scope are to each other."""
    if one.normal == other.normal:
        return Comparison("same", "the same words", 1.0)
    shared = one.keys & other.keys
    left = [token for token in one.tokens if token.key not in shared]
    right = [token for token in other.tokens if token.key not in shared]
    likeness = _likeness(one, other, shared)
    replacing = _replaces(one, other)
    if replacing:
        return Comparison("contradiction", "one says that it replaced the other", likeness, replacing)
    if one.timeless != other.timeless or one.plan != other.plan:
        if not (_since_only(one) or _since_only(other)):
            return Comparison("open", "one is dated or planned", likeness * 0.6)
    contradiction = _contradiction(one, other, left, right, shared)
    if contradiction:
        return Comparison("contradiction", contradiction, likeness)
    veto = _veto(one, other, left, right)
    if veto:
        values = any(token.kind == "number" for token in left) and any(
            token.kind == "number" for token in right
        )
        looks = values or one.negative != other.negative or (len(left) == 1 == len(right))
        return Comparison("open", veto, likeness * 0.8, supersede=looks)
    reason = _same(one, other, left, right, shared)
    if reason:
        return Comparison("same", reason, likeness)
    return Comparison("open", "alike in part", likeness, supersede=len(left) == 1 == len(right))


def _likeness(one: Reading, other: Reading, shared: frozenset[str]) -> float:
    both = _weight(token for token in one.tokens if token.key in shared)
    both += _weight(token for token in other.tokens if token.key in shared)
    whole = _weight(one.tokens) + _weight(other.tokens)
    return both / whole if whole else 0.0


def _weight(tokens) -> float:  # type: ignore[no-untyped-def]
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
    if one.qualifiers != other.qualifiers:
        return ""
    subject = [token for token in one.tokens if token.key in shared]
    strong = [token for token in subject if not token.light]
    heavy_left = [token for token in left if not token.light and not _since(token)]
    heavy_right = [token for token in right if not token.light and not _since(token)]
    if one.rejected or other.rejected:
        if _chosen(one) & other.rejected and _chosen(other) & one.rejected:
            return "each rejects what the other chooses"
    if one.negative != other.negative:
        if not heavy_left and not heavy_right and len(subject) >= 2:
            return "one denies what the other says"
        return ""
    if len(heavy_left) != 1 or len(heavy_right) != 1:
        return _long_value(one, other, heavy_left, heavy_right, strong)
    a, b = heavy_left[0], heavy_right[0]
    if not strong:
        if _HOME.match(one.text) and _HOME.match(other.text) and a.kind == b.kind == "name":
            return f"{a.surface} against {b.surface}"
        opposed = b.key in OPPOSITES.get(a.key, ()) and bool(shared)
        if not ((_alternatives(a, b) or opposed) and a.after_verb and b.after_verb and a.introduced_by == b.introduced_by):
            return ""
        return f"{a.surface} against {b.surface}"
    if a.kind == "number" and b.kind == "number":
        if a.unit != b.unit or not _value_number(one, other, a, b):
            return ""
        if _weight(strong) < 1:
            return ""
        return f"{a.surface} against {b.surface}"
    if a.kind == "number" or b.kind == "number":
        return ""
    if CATEGORIES.get(a.key) in QUALIFIERS or CATEGORIES.get(b.key) in QUALIFIERS:
        return ""
    if not (a.after_verb and b.after_verb):
        return ""
    if b.key in OPPOSITES.get(a.key, ()) and not _several(one):
        return f"{a.surface} against {b.surface}"
    if not _same_frame(one, other, a, b):
        if not (_alternatives(a, b) and _weight(strong) >= 1):
            return ""
        return f"{a.surface} against {b.surface}"
    if _several(one) and not _alternatives(a, b) and a.introduced_by not in _MANNER:
        return ""
    if ("/" in a.key) != ("/" in b.key):
        return ""
    if "/" in a.key and "/" in b.key and _siblings(a.key, b.key):
        return ""
    if not _last(one, a) or not _last(other, b):
        return ""
    if a.kind == "word" and b.kind == "word" and not _alternatives(a, b):
        # Two common nouns or verbs: a value only where the verb is one of being or using.
        if not _being(one):
            return ""
        if CATEGORIES.get(a.key) == "weekday" and len(strong) < 1:
            return ""
    return f"{a.surface} against {b.surface}"


def _long_value(
    one: Reading, other: Reading, left: list[Token], right: list[Token], strong: list[Token]
) -> str:
    """Values of several words: a name of two words, two hours of a day."""
    if not left or not right or not strong or len(left) > 3 or len(right) > 3:
        return ""
    numbers = all(token.kind == "number" for token in (*left, *right))
    names = all(token.kind in ("name", "literal") and token.after_verb for token in (*left, *right))
    if numbers and len(left) == len(right) == 2 and _frame(one, left) == _frame(other, right):
        return "other numbers in the same place"
    if (
        names
        and not _several(one)
        and _frame(one, left) == _frame(other, right)
        and _last(one, left[-1])
        and _last(other, right[-1])
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
    return any(token.key in _SEVERAL for token in reading.tokens) or re.search(
        r"\b(?:has|have|also|another|among|such as|e\.g\.|too|one of|like)\b", reading.text, re.IGNORECASE
    ) is not None


_HOME = re.compile(
    r"^(?:the )?user (?:now |has )?(?:lives|is based|is located|moved|relocated|resides|works (?:at|for|from))\b",
    re.IGNORECASE,
)
_BEING = re.compile(
    r"\b(?:is|are|uses?|runs? on|comes? from|written in|built (?:with|on|by)|lives? in|stored in|stays?"
    r"|kept in|defaults? to|called|named|hosted|held in|done (?:with|by|in)|goes to|deployed (?:to|with|by)"
    r"|owned by|maintained by|handled by|sent (?:by|through|via)|managed (?:by|with))\b",
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
            if not _same_frame(one, other, a, b):
                return False
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
    for pattern in _REPLACEMENTS:
        match = pattern.search(new.text)
        if match is None or _INTENDED.search(new.text[: match.start()]):
            continue
        gone = _concepts(match["old"])
        came = _concepts(match["new"]) if "new" in pattern.groupindex else frozenset[str]()
        named = [
            token
            for token in old.tokens
            if token.key in gone and token.after_verb and _last(old, token)
        ]
        if not named or any(_replacement_words(old)):
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
        if topic and len(rest) <= 1 or known and stands and len(rest) <= 2:
            return True
    return False


def _replacement_words(reading: Reading):  # type: ignore[no-untyped-def]
    return (pattern.search(reading.text) for pattern in _REPLACEMENTS)


def _concepts(text: str) -> frozenset[str]:
    return frozenset(concept(word.strip(".")) for word in re.findall(r"[\w.+#-]+", text.lower()))


# -- the same


def _veto(one: Reading, other: Reading, left: list[Token], right: list[Token]) -> str:
    if one.negative != other.negative:
        return "one denies something"
    if one.qualifiers != other.qualifiers:
        return "other conditions or surroundings"
    if one.rejected != other.rejected and (one.rejected & _chosen(other) or other.rejected & _chosen(one)):
        return "one rejects what the other names"
    if one.prohibition != other.prohibition and one.lower_bound != other.lower_bound:
        return "one forbids"
    numbers = [token for token in left if token.kind == "number"]
    others = [token for token in right if token.kind == "number"]
    if numbers and others:
        return "other numbers"
    hard, hard_other = [t for t in left if t.hard], [t for t in right if t.hard]
    if hard and hard_other:
        return "other names"
    for a in left:
        for b in right:
            if b.key in OPPOSITES.get(a.key, ()) or _alternatives(a, b):
                return f"{a.surface} against {b.surface}"
    for side in (left, right):
        for token in side:
            if CATEGORIES.get(token.key) in QUALIFIERS:
                return f"only one says {token.surface}"
    for a in left:
        if any(key in OPPOSITES.get(a.key, ()) for key in other.keys - one.keys):
            return f"{a.surface} in one only"
    if re.search(r"\bfrom\b.*\bto\b|\bto\b.*\bfrom\b", one.text) and _order(one, other) is False:
        return "another direction"
    return ""


def _order(one: Reading, other: Reading) -> bool:
    """Whether the values that both name come in the same order."""
    shared = one.keys & other.keys
    first = [token.key for token in one.tokens if token.key in shared and not token.light]
    second = [token.key for token in other.tokens if token.key in shared and not token.light]
    return first == second


def _same(
    one: Reading,
    other: Reading,
    left: list[Token],
    right: list[Token],
    shared: frozenset[str],
) -> str:
    common = [token for token in one.tokens if token.key in shared]
    strong = [token for token in common if not token.light]
    heavy_left = [token for token in left if not token.light]
    heavy_right = [token for token in right if not token.light]
    if not strong:
        return ""
    if not heavy_left and not heavy_right:
        if len(strong) >= 2 or any(token.hard for token in strong):
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
    if min(places) < max(ends):
        return False
    first = longer.tokens[min(places)]
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
    if any(token.hard for token in (*left, *right)):
        return ""
    if len(left) > 2 or len(right) > 2:
        return ""
    anchors = [token for token in strong if token.hard]
    if len(strong) < (2 if anchors else 3):
        return ""
    if _substituted(one, other):
        return ""
    both = _weight(strong)
    share = SAME_SHARE
    if both / (both + len(left)) < share or both / (both + len(right)) < share:
        return ""
    return "the same in other words"


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
