"""When a key may decide a gate: only after the keyboard has been quiet.

A gate can appear in the middle of a word. A key that was meant for the prompt must not approve
anything, and a key that repeats, or is pressed twice, must not decide the gate that comes after.
"""

from __future__ import annotations

from collections.abc import Callable

QUIET_SECONDS = 0.5
"""Silence a deciding key must be preceded by. Fast typists leave 60-250 ms between keys, a held
key repeats after at most 500 ms on the usual desktops and then every 30 ms."""


class QuietRule:
    """Says whether a key may decide, from the times of keys and of gates coming up.

    Args:
        clock: Seconds that never go backwards; keys and gates are timed by the same clock.
        quiet: Silence needed, in seconds.
    """

    __slots__ = ("_clock", "_disturbed_at", "_quiet")

    def __init__(self, clock: Callable[[], float], *, quiet: float = QUIET_SECONDS) -> None:
        self._clock = clock
        self._quiet = quiet
        self._disturbed_at = clock()

    def gate_shown(self) -> None:
        """Start again: the person now sees a gate that was not there a moment ago."""
        self._disturb(self._clock())

    def key_pressed(self, at: float | None = None) -> bool:
        """Take note of a key, and say whether this very key may decide.

        Args:
            at: When it arrived; None is now. A key that arrived before the gate came up is late
                in being handled, not early in deciding: it may not.
        """
        when = self._clock() if at is None else at
        may_decide = when - self._disturbed_at >= self._quiet
        self._disturb(when)
        return may_decide

    def remaining(self) -> float:
        """Seconds of silence still missing; 0 when the next key may decide."""
        return max(0.0, self._disturbed_at + self._quiet - self._clock())

    @property
    def ready(self) -> bool:
        """Whether a key pressed now would be allowed to decide."""
        return self._clock() - self._disturbed_at >= self._quiet

    def _disturb(self, when: float) -> None:
        self._disturbed_at = max(self._disturbed_at, when)


class RefusedKey:
    """Keeps Enter from sending what was typed after a key that the gate refused.

    It was meant for what the key should have opened. Enter sends it once the person has been told
    where it stands, and has paused.
    """

    __slots__ = ("_refused", "told")

    def __init__(self) -> None:
        self._refused = False
        self.told = False
        """Whether an Enter was kept, so that the person knows where the text stands."""

    def refuse(self) -> None:
        """Take note that a key was refused."""
        self._refused, self.told = True, False

    def forget(self) -> None:
        """Let what is typed from now on be a prompt as ever."""
        self._refused = self.told = False

    def keeps_enter(self, after_silence: bool) -> bool:
        """Say whether an Enter must not send; the next one may, when a silence precedes it."""
        if self._refused and not (self.told and after_silence):
            self.told = True
            return True
        self.forget()
        return False
