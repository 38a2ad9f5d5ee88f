"""Pictures of screens for models hold no secret."""

from __future__ import annotations

import stat

from agent.panes.pictures import draw
from tungsten.screen.frame import Frame

SECRET = "sk-ant-api03-" + "a1B2c3D4" * 4


def frame(*lines):
    return Frame(
        lines=lines,
        width=60,
        height=3,
        cursor_x=0,
        cursor_y=2,
        cursor_visible=True,
        in_mode=False,
        dead=False,
        alternate=False,
        history_size=0,
        title="",
    )


def test_a_secret_is_not_drawn(tmp_path):
    masked = "‹secret masked›".ljust(len(SECRET), "•")
    draw(frame("before", f"\x1b[31m{SECRET}\x1b[0m after", ""), tmp_path / "a" / "secret.png")
    draw(frame("before", f"\x1b[31m{masked}\x1b[0m after", ""), tmp_path / "a" / "masked.png")
    draw(frame("before", "", ""), tmp_path / "a" / "other.png")
    secret, wanted, other = (
        (tmp_path / "a" / f"{name}.png").read_bytes() for name in ("secret", "masked", "other")
    )
    assert secret == wanted != other
    assert stat.S_IMODE((tmp_path / "a" / "secret.png").stat().st_mode) == 0o600
