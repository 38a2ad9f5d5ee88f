"""What keys mean at a person's own prompt, as far as their settings say.

A key that no shell binds by itself does nothing, unless a person gave it a meaning; one may also
type a whole line and submit it. So such keys are HIGH, and so is every key where the settings have
one of them act. In the vi mode of a line editor, letters after Escape are commands.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from agent.risk.arguments import wordlist
from agent.risk.commands.script_files import read_script
from agent.risk.keys import canonical
from agent.risk.line_editor import may_submit

_FILES = {
    "bash": (".inputrc", ".bashrc", ".bash_profile", ".profile"),
    "zsh": (".zshrc", ".zshenv"),
    "fish": (".config/fish/config.fish", ".config/fish/fish_variables"),
}
"""Files below the home directory in which keys are bound, by shell."""

_VI = re.compile(
    r"(?m)^[ \t]*set[ \t]+editing-mode[ \t]+vi\b|^[^#\n]*\bset[ \t]+-o[ \t]+vi\b"
    r"|^[^#\n]*\bbindkey[ \t]+(?:-\w+[ \t]+)*-v\b"
    r"|^[^#\n]*\bfish_(?:vi|hybrid)_key_bindings\b|^[^#\n]*\bzsh-vi-mode\b"
)
_MACRO = re.compile(
    r"(?m)^[ \t]*(?:bind[ \t]+(?:-m[ \t]*\S+[ \t]+)?['\"])?"
    r"(?:\"(?P<keys>(?:\\.|[^\"\\\n])+)\"|(?P<name>[\w-]+))[ \t]*:[ \t]*"
    r"(?:[\"'](?P<types>(?:\\.|[^\"\n])*)[\"']|(?P<does>[\w-]+))"
)
"""A line of an inputrc, or of `bind '…'`."""
_ZSH_TYPES = re.compile(
    r"(?m)^[^#\n]*\bbindkey[ \t]+(?:-\w+[ \t]+)*-s[ \t]+(?P<keys>\S+)[ \t]+(?P<types>.*)$"
)
_FISH_BINDS = re.compile(
    r"(?m)^[ \t]*bind[ \t]+(?:-\w+[ \t]+(?:\w+[ \t]+)?)*(?P<keys>\S+)[ \t]+(?P<does>.*)$"
)
_SUBMITS = re.compile(r"\\C-[mjo]|\\[nr]|\^[MJO]|\\c[mjo]|execute|accept-line|[\n\r]")
_ACTING = frozenset(
    wordlist("""accept-line operate-and-get-next insert-comment edit-and-execute-command
    shell-expand-line vi-edit-and-execute-command call-last-kbd-macro""")
)


def _keys(text: str) -> frozenset[str]:
    return frozenset(map(canonical, wordlist(text)))


SUGGESTING = frozenset(["fish", "zsh"])
"""Shells that may show the rest of a line behind it, zsh with a plugin."""

_ACCEPTING = _keys("Right End C-e C-f M-f M-Right C-Right M-C-f")
"""Keys that put such a suggestion, or its first word, onto the line."""

_BY_WORDS = _keys(
    """C-w M-BSpace C-M-h M-C-h M-d M-b M-f C-Left C-Right M-Left M-Right M-t M-u M-l M-c"""
)
"""Keys that act on words: what belongs to one is not the same in all shells."""

_PLAIN_WORDS = re.compile(r"[A-Za-z0-9 ]*")

_VI_INSERTS = frozenset("iIaAcCsSRoO")
_VI_ACTS = frozenset("#v@")
"""Commands of vi mode: `#` submits, `v` opens an editor, `@` types what an alias stands for."""

_BOUND = _keys(
    """C-o C-j C-m C-q M-C-e M-# M-! M-$ M-* M-/ M-= M-? M-@ M-{ M-} M-~ M-^ M-C-r M-C-y M-g M-n
    M-p M-h M-H M-q M-Q M-a M-A M-x M-z M-s M-S M-' M-\" M-| M-, M-w M-C-l M-C-d M-C-t M-C-b
    M-C-f M-C-g M-C-h M-Enter M-Tab M-Up M-Down C-Up C-Down C-DC S-Left S-Right S-Up S-Down M-Left
    M-Right C-Home C-End M-k M-o M-e M-v M-i"""
)
_BOUND_BEHIND = _keys("! $ ( ) * / @ e g s ~ C-e C-g C-r C-u C-v C-x BSpace")
"""Keys that submit, run or look up something, and that a shell binds by itself; those behind C-x.

Sources: `bind -p` of bash 5.2, `bindkey -M emacs` of zsh 5.9, `bind` of fish 3.6.
"""


@dataclass(frozen=True, slots=True)
class Bindings:
    """What the settings of one shell say.

    Attributes:
        vi: Escape leads to a mode in which letters are commands.
        keys: some key acts by itself.
        letters: so does plain text.
    """

    vi: bool = False
    keys: bool = False
    letters: bool = False


def bindings(name: str, home: Path) -> Bindings:
    """Read what keys mean in a shell; a file that cannot be read leaves its usual meanings."""
    vi = keys = letters = False
    for file in _FILES.get(name, ()):
        text = read_script(str(home / file), {})
        if not isinstance(text, str):
            continue
        vi = vi or _VI.search(text) is not None
        for pattern in (_MACRO,) if name == "bash" else (_ZSH_TYPES, _FISH_BINDS):
            for match in pattern.finditer(text):
                found = match.groupdict()
                does = found.get("does") or ""
                acts = _SUBMITS.search((found.get("types") or "") + " " + does) or does in _ACTING
                if acts and not _usual(found.get("keys") or found.get("name") or ""):
                    keys = True
                    letters = letters or (found.get("keys") or "\\")[:1] not in "\\^$'\""
    return Bindings(vi, keys, letters)


def _usual(keys: str) -> bool:
    """Enter, and what submits in every shell."""
    return (
        re.fullmatch(r"(?i)\\C-[mjo]|\\r|\\n|\^[mj]|\\c[mj]|return|newline|enter", keys) is not None
    )


def unbound(key: str, *, prefix: str) -> bool:
    """A key that may act, and that no shell binds by itself: only a person's own settings do."""
    if prefix:
        return key not in _BOUND_BEHIND and not re.fullmatch("[A-Z]", key)
    return may_submit(key) and key not in _BOUND and not re.fullmatch("M-[A-Z]", key)


def puts_unseen(shell: str, key: str, before: str, after: str) -> bool:
    """In another shell than bash, a key leaves something on the line that is not known here."""
    if shell not in SUGGESTING:
        return False
    if key in _ACCEPTING and before and not after:
        return True
    if key in _BY_WORDS and not _PLAIN_WORDS.fullmatch(before + after):
        return True
    if shell == "zsh":
        return key == "C-u" and bool(after)
    recalls = key in ("Up", "Down", "C-p", "C-n") and bool(before + after)
    return recalls or (key in ("M-Left", "M-Right") and not before + after)


def acts_in_vi(text: str, *, first: bool) -> bool | None:
    """Whether letters after Escape act, read as vi commands; None where they lead to inserting.

    Right after Escape (`first`), `#` does the same in both modes: it makes a comment of the line.
    """
    for letter in text[1:] if first and text[:1] == "#" else text:
        if letter in _VI_ACTS:
            return True
        if letter in _VI_INSERTS:
            return None
    return False
