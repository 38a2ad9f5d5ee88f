"""Characters that make text look like another one."""

from __future__ import annotations

import re

from agent.risk.evaluation.breathing import search
from agent.risk.evaluation.findings import MAX_TEXT

INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b\u200c\u200e\u200f\u202a-\u202e"
    "\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb\U0001d173-\U0001d17a\U000e0000-\U000e007f"
    "\u2028\u2029\u2800\ufe00-\ufe0e\U000e0100-\U000e01ef]"
    "|(?<![\u2600-\u27bf\ufe0f\u20e3\U0001f000-\U0001faff])\u200d"
)


_RETURN = re.compile("\r(?!\n)")


_CONTROL = re.compile("[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")


def deception(text: str) -> tuple[str, int] | None:
    """Name characters that make text look like another one, and where the first stands."""
    if text.isascii() and text.isprintable():
        return None
    found = None if text.isascii() else search(INVISIBLE, text)
    if found:
        return "holds invisible or direction-changing characters", found.start()
    found = search(_CONTROL, text)
    if found:
        return "holds raw control characters", found.start()
    bare = search(_RETURN, text) if "\r" in text else None
    if bare:
        return "holds a carriage return, which runs what stands before it", bare.start()
    return None


def readable(text: str) -> str:
    """The text with what hides in it taken out or replaced, near enough to be judged."""
    clean = text.replace("\0", " ")
    if len(clean) < MAX_TEXT and not clean.isascii() and len(INVISIBLE.sub("", clean)) == len(text):
        clean = INVISIBLE.sub("", clean)
    return clean.replace("\r", "\n")
