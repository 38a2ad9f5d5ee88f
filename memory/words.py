"""Words as search compares them: lower case, irregular forms as their base, no filler.

Endings are left to the `porter` tokenizer of FTS5, which knows regular ones alone.
"""

from __future__ import annotations

import re

_WORD = re.compile(r"[^\W_]+")
_POSSESSIVE = re.compile(r"['’]s\b")
_SPEAKER = re.compile(r"\s*([^\W\d_][\w.’'-]{0,30})(?: [\w.’'-]{1,30}){0,2}:\s")

_FILLER = (
    "a about also am an and any are as at be been being but by can could d did do does doing "
    "done ever for from had has have having he her hers him his how i if in into is it its "
    "itself just kind kinds ll m many may me might mine much must my no not of on or our ours "
    "re s shall she should so some t than that the their theirs them then there these they this "
    "those to type types us ve was we were what when where which while who whom whose why will "
    "with would yes you your yours"
)
FILLER = frozenset(_FILLER.split())
"""Words that carry a question and no content of it."""

_IRREGULAR = (
    "become became|begin began begun|bend bent|bet|bind bound|bite bit bitten|bleed bled|"
    "blow blew blown|break broke broken|breed bred|bring brought|build built|burn burnt|"
    "buy bought|catch caught|choose chose chosen|come came|deal dealt|dig dug|draw drew drawn|"
    "dream dreamt|drink drank drunk|drive drove driven|eat ate eaten|fall fell fallen|feed fed|"
    "feel felt|fight fought|find found|fly flew flown|forget forgot forgotten|"
    "forgive forgave forgiven|freeze froze frozen|get got gotten|give gave given|go went gone|"
    "grow grew grown|hang hung|hear heard|hide hid hidden|hold held|keep kept|know knew known|"
    "lead led|learn learnt|leave left|lend lent|lie lay lain|lose lost|make made|mean meant|"
    "meet met|pay paid|ride rode ridden|ring rang rung|rise rose risen|run ran|say said|"
    "see saw seen|seek sought|sell sold|send sent|shake shook shaken|shine shone|shoot shot|"
    "show shown|shrink shrank shrunk|sing sang sung|sink sank sunk|sit sat|sleep slept|"
    "slide slid|speak spoke spoken|spend spent|spin spun|spring sprang sprung|stand stood|"
    "steal stole stolen|stick stuck|strike struck|swear swore sworn|sweep swept|"
    "swim swam swum|swing swung|take took taken|teach taught|tear tore torn|tell told|"
    "think thought|throw threw thrown|understand understood|wake woke woken|wear wore worn|"
    "weep wept|win won|wind wound|write wrote written|child children|foot feet|goose geese|"
    "knife knives|leaf leaves|life lives|man men|mouse mice|person people|shelf shelves|"
    "tooth teeth|wife wives|woman women|good better best|bad worse worst"
)
_BASE = {form: forms.split()[0] for forms in _IRREGULAR.split("|") for form in forms.split()[1:]}


def normalise(text: str) -> list[str]:
    """The words of a text in order, lower case, irregular forms as their base."""
    lowered = _POSSESSIVE.sub(" ", text.lower())
    return [_BASE.get(word, word) for word in _WORD.findall(lowered)]


def speaker(text: str) -> tuple[str, str]:
    """Who says a line of a conversation, `Name: words`, in lower case, and what is said.

    The speaker is empty where a text is no such line.
    """
    found = _SPEAKER.match(text)
    return ("", text) if found is None else (found[1].lower(), text[found.end() :])


def share(asked: list[str], text: str) -> float:
    """Share of some words that a text has, by their first five letters, which forms share."""
    own = {word[:5] for word in normalise(text)}
    return sum(word[:5] in own for word in asked) / max(1, len(asked))


def content(words: list[str]) -> list[str]:
    """The words of a question that say what it is about, each once; all when none does."""
    return list(dict.fromkeys([word for word in words if word not in FILLER] or words))
