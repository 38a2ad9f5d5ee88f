"""How long something took or is ago, in words, the same wherever it stands."""

from __future__ import annotations


def duration(seconds: float) -> str:
    """Say how long, in at most two units: `8 s`, `3 min`, `2 h 5 min`, `3 d`."""
    whole = max(0, int(seconds))
    if whole < 60:
        return f"{whole} s"
    minutes = whole // 60
    if minutes < 60:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    if hours < 24:
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    return f"{hours // 24} d"
