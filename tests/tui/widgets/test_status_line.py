"""The status line's facts, and what of them stays where it is narrow."""

from __future__ import annotations

from rich.style import Style

from tui.widgets.status_line import _narrowed


def test_what_stood_close_to_what_gives_way_stands_apart_then() -> None:
    def facts(*texts: tuple[int, str]) -> list[tuple[int, list[tuple[str, Style]]]]:
        return [(rank, [(text, Style.null())]) for rank, text in texts]

    parts = facts(
        (1, " ~/work"), (2, "  main"), (5, "  ▰▱▱▱▱"), (3, " 2% context"), (6, "  9 tokens")
    )

    def shown(room: int) -> str:
        return "".join(text for _, part in _narrowed(parts, room) for text, _ in part)

    assert shown(99) == " ~/work  main  ▰▱▱▱▱ 2% context  9 tokens"
    assert shown(31) == " ~/work  main  ▰▱▱▱▱ 2% context"
    assert shown(30) == " ~/work  main  2% context"
    assert shown(24) == " ~/work  main"
