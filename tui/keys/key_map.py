"""A person's own keys: the settings `[keys]` and `keys_preset`, judged before they are in force.

What cannot be had, or would take away what must stay safe, is refused with the reason; the key that
the action had before stays. Importable without Textual.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from tui.keys import actions
from tui.keys.key_names import is_character
from tui.keys.key_reading import MOVING, KeyRefusedError, read_key

PRESETS: dict[str, dict[str, str]] = {
    "plain": {},
    "vi": {
        "agent.next": "alt+j ctrl+down alt+down",
        "agent.previous": "alt+k ctrl+up alt+up",
        "conversation.page_up": "ctrl+b ctrl+u pageup",
        "conversation.page_down": "ctrl+f ctrl+d pagedown",
        "memories.open": "enter l",
        "inbox.close": "escape q ctrl+g",
        "gate.scroll_up": "up k pageup home",
        "gate.scroll_down": "down j pagedown end",
        "pane.scroll_up": "up k pageup home",
        "pane.scroll_down": "down j pagedown end",
        "pane.type": "enter i",
    },
}
"""Keys by name of a preset, beside the defaults; `plain` is the defaults."""

FIXED = {
    "prompt.send": "Enter sends",
    "prompt.older": "the arrows move in what you write",
    "prompt.newer": "the arrows move in what you write",
    "prompt.command": "the sign is part of what you write",
    "prompt.shell": "the sign is part of what you write",
    "pane.scroll_up": "the arrows and page keys scroll",
    "pane.scroll_down": "the arrows and page keys scroll",
    "gate.scroll_up": "the arrows and page keys scroll",
    "gate.scroll_down": "the arrows and page keys scroll",
    "gate.later": "Esc always leaves a gate undecided",
    "inbox.open": "Enter opens, and decides nothing",
    "own.choose": "the arrows choose",
    "memories.view": "the arrows and Tab change the view",
    "prompt.undo": "it is the key for undoing in every text field here",
    "prompt.redo": "it is the key for redoing in every text field here",
    "prompt.file": "the sign is part of what you write",
    "grid.choose": "the arrows and vi's letters choose",
    "grid.digit": "the digits choose",
    "grid.scroll": "the page keys scroll",
    "grid.ends": "these keys go to the ends",
    "sessions.open": "Enter opens",
    "sessions.close": "Esc closes",
    "file.move": "the arrows scroll",
    "file.sideways": "the arrows scroll",
    "usage.choose": "the arrows choose",
    "revert.scroll": "the arrows scroll",
    "worktrees.choose": "the arrows choose",
    "dreams.turn": "the arrows change the dream",
    "dreams.down": "the page keys scroll",
}
"""Actions whose keys can't be chosen, with the reason."""

NEEDED = {
    "app.quit": "the app could not be left",
    "pane.return": "the keyboard could not be taken back from a pane",
    "gate.approve": "MEDIUM could not be approved",
    "gate.approve_high": "HIGH could not be approved",
    "gate.deny": "nothing could be denied",
    "turn.interrupt": "a turn could not be interrupted",
    **{
        action.id: "it could not be closed"
        for action in actions.DEFAULTS
        if action.id.endswith(".close") and action.id not in FIXED
    },
}
"""Actions that always have a key, with what would be without one."""

_APPROVING = frozenset({"gate.approve", "gate.approve_high", "gate.always", "gate.edit"})
"""Actions that let something happen, or lead there: no key of what lies below may be theirs."""

_BELOW_GATES = frozenset({actions.PROMPT, actions.CONVERSATION, actions.PANE})
_TYPED_IN = frozenset({actions.ANYWHERE, actions.PROMPT, actions.SESSIONS})
_WRITING = MOVING | {"enter", "escape", "tab", "space", "backspace", "shift+tab"}


@dataclass(frozen=True, slots=True)
class Refusal:
    """Keys that are not in force.

    Attributes:
        action_id: Whose they would be, as it is written in the settings.
        reason: Why not, one clause.
        stays: The keys that the action has instead, as people read them.
    """

    action_id: str
    reason: str
    stays: str

    def __str__(self) -> str:
        stays = f"; it stays {self.stays}" if self.stays else ""
        return f'"{self.action_id}": {self.reason}{stays}'


@dataclass(frozen=True, slots=True)
class KeyMap:
    """Keys by the ids of actions, and what was refused, in the order of the settings."""

    keys: dict[str, tuple[str, ...]]
    refusals: tuple[Refusal, ...]


def resolve(written: Mapping[str, object], preset: str = "plain") -> KeyMap:
    """Judge a key map.

    Args:
        written: What `[keys]` says: a key, or a list of keys, by the ids of actions.
        preset: One of `PRESETS`; any other counts as `plain`.
    """
    base = {action.id: action.keys for action in actions.DEFAULTS}
    of_preset = {id_: tuple(keys.split()) for id_, keys in PRESETS.get(preset, {}).items()}
    base |= _without_conflicts(base, of_preset)[0]
    wanted: dict[str, tuple[str, ...]] = {}
    refused: dict[str, str] = {}
    for action_id, value in written.items():
        try:
            wanted[action_id] = _keys_of(action_id, value)
        except KeyRefusedError as error:
            refused[action_id] = str(error)
    wanted, conflicts = _without_conflicts(base, wanted)
    refused |= conflicts
    refusals = tuple(
        Refusal(action_id, refused[action_id], _written(base.get(action_id)))
        for action_id in written
        if action_id in refused
    )
    defaults = {action.id: action.keys for action in actions.DEFAULTS}
    effective = base | wanted
    changed = {id_: keys for id_, keys in effective.items() if keys != defaults[id_]}
    return KeyMap(changed, refusals)


def _keys_of(action_id: str, value: object) -> tuple[str, ...]:
    action = next((each for each in actions.DEFAULTS if each.id == action_id), None)
    if action is None:
        raise KeyRefusedError(_no_such(action_id))
    if action_id in FIXED:
        raise KeyRefusedError(f"its keys can't be chosen: {FIXED[action_id]}")
    named = [value] if isinstance(value, str) else value
    if not isinstance(named, list | tuple) or not all(isinstance(each, str) for each in named):
        raise KeyRefusedError("must be a key in quotes, or a list of them")
    keys = []
    for each in named:
        try:
            key = read_key(each)
            _allow(action, key)
        except KeyRefusedError as error:
            raise KeyRefusedError(f'"{each}": {error}') from None
        keys.append(key)
    if not keys and action_id in NEEDED:
        raise KeyRefusedError(f"needs a key: {NEEDED[action_id]} without one")
    if keys == ["shift+enter"]:
        raise KeyRefusedError('"S-Enter": many terminals send Enter for it, so never alone')
    return tuple(dict.fromkeys(keys))


def _allow(action: actions.ActionKey, key: str) -> None:
    """Refuse a key that can't be this action's, whatever the others have."""
    if key in action.keys:
        return
    if action.context in _TYPED_IN:
        if is_character(key) or key in _WRITING:
            raise KeyRefusedError("what you write is written with it")
        if key == "shift+enter" and action.id != "prompt.newline":
            raise KeyRefusedError("many terminals send Enter for it")
    elif action.context == actions.GATE:
        if key.endswith("enter"):
            raise KeyRefusedError("Enter decides nothing at a gate, ever")
        if key == "space" or not (is_character(key) or _is_function_key(key)):
            raise KeyRefusedError("a gate is decided by a character or by F1 to F12, nothing else")
    elif action.context == actions.TERMINAL and (is_character(key) or not _free_in_panes(key)):
        raise KeyRefusedError("programs in panes need it")
    elif action.id == "own.allow" and (key.endswith("enter") or key in {"space", "ctrl+j"}):
        raise KeyRefusedError("Enter and Space let no agent into a pane of yours")
    if key == "enter" and action.context == actions.INBOX:
        raise KeyRefusedError("Enter opens, and decides nothing")


def _is_function_key(key: str) -> bool:
    return key[:1] == "f" and key[1:].isdecimal()


def _free_in_panes(key: str) -> bool:
    """Whether shells, editors and pagers can do without a key."""
    *modifiers, name = key.split("+")
    if _is_function_key(name):
        return True
    if name in MOVING:
        return modifiers == ["shift"]
    return modifiers == ["alt"] or (modifiers == ["ctrl"] and len(name) > 1)


def _without_conflicts(
    base: Mapping[str, tuple[str, ...]], wanted: Mapping[str, tuple[str, ...]]
) -> tuple[dict[str, tuple[str, ...]], dict[str, str]]:
    """Take out what meets a key of another action, until nothing does; both of two wishes go.

    Returns what is left, and the reasons for what is not.
    """
    left, refused = dict(wanted), dict[str, str]()
    while True:
        keys = {**base, **left}
        met = {id_: reason for id_ in left if (reason := _conflict(id_, keys))}
        if not met:
            return left, refused
        refused |= met
        # One at a time would make the order of the settings decide.
        left = {id_: of for id_, of in left.items() if id_ not in met}


def _conflict(action_id: str, keys: Mapping[str, tuple[str, ...]]) -> str:
    """Say which other action has one of an action's keys where both work; empty when none has."""
    mine = _default(action_id)
    for other in sorted(actions.DEFAULTS, key=lambda each: each.context != mine.context):
        if other.id == action_id or not _meet(mine, other):
            continue
        # Such pairs are told apart where they work.
        known = set(mine.keys) & set(other.keys)
        for key in keys[action_id]:
            if key in keys[other.id] and key not in known:
                return _reason(mine, other, key)
    return ""


def _reason(mine: actions.ActionKey, other: actions.ActionKey, key: str) -> str:
    shown = actions.label(key)
    if {mine.id, other.id} == {"gate.approve", "gate.approve_high"}:
        return f"{shown} would approve MEDIUM and HIGH: HIGH has a key of its own"
    if other.id in _APPROVING and mine.context in _BELOW_GATES:
        return f"{shown} is {other.id} when a gate comes up"
    return f"{shown} is {other.id}: {other.description[:1].lower()}{other.description[1:]}"


def _meet(one: actions.ActionKey, other: actions.ActionKey) -> bool:
    """Say whether a key of both would have to mean one of them."""
    if one.context == other.context:
        return True
    contexts = {one.context, other.context}
    if actions.TERMINAL in contexts:
        return False
    if actions.ANYWHERE in contexts:
        anywhere = one if one.context == actions.ANYWHERE else other
        (elsewhere,) = contexts - {actions.ANYWHERE}
        in_cockpit = elsewhere in _BELOW_GATES or elsewhere == actions.GATE
        return in_cockpit or anywhere.id in actions.EVERYWHERE
    if actions.GATE in contexts and contexts & _BELOW_GATES:
        return one.id in _APPROVING or other.id in _APPROVING
    return False


def _default(action_id: str) -> actions.ActionKey:
    return next(action for action in actions.DEFAULTS if action.id == action_id)


def _written(keys: tuple[str, ...] | None) -> str:
    if keys is None:
        return ""
    return " ".join(map(actions.label, keys)) or "without a key"


def _no_such(action_id: str) -> str:
    from difflib import get_close_matches

    near = get_close_matches(action_id, [action.id for action in actions.DEFAULTS], 1)
    hint = f'did you mean "{near[0]}"?' if near else "tungsten keys --json names all"
    return f"there is no such action: {hint}"


def overlaps() -> Iterator[tuple[str, str, str]]:
    """List what the defaults themselves have twice where both work: key and both actions."""
    for number, one in enumerate(actions.DEFAULTS):
        for other in actions.DEFAULTS[number + 1 :]:
            if _meet(one, other):
                yield from ((key, one.id, other.id) for key in one.keys if key in other.keys)
