"""High contrast: white on black, all text at least 7 to 1 (WCAG 2.2, 1.4.6).

Each value is one of the 240 fixed colours, so that 256 colours show exactly the same.
"""

from __future__ import annotations

from textual.theme import Theme

from tui.themes.theme import sixteen

HIGH_CONTRAST = Theme(
    name="tungsten-high-contrast",
    primary="#87d7ff",
    secondary="#afd7ff",
    accent="#ffd75f",
    warning="#ffd75f",
    error="#ffafaf",
    success="#87ff87",
    foreground="#ffffff",
    background="#000000",
    surface="#000000",
    panel="#262626",
    dark=True,
    variables={
        "muted": "#dadada",
        "faint": "#b2b2b2",
        "rule": "#8a8a8a",
        "selection": "#00005f",
        "block-cursor-blurred-background": "#00005f",
        "code": "#afffff",
        "keyword": "#87d7ff",
        "string": "#afffaf",
        "number": "#ffd7af",
        "added": "#afffaf",
        "removed": "#ffafaf",
        "changed-ground": "#262626",
        "input-selection-background": "#005f87",
        "text-muted": "#dadada",
        "text-disabled": "#b2b2b2",
        "text-primary": "#87d7ff",
        "text-accent": "#ffd75f",
        "text-warning": "#ffd75f",
        "text-error": "#ffafaf",
        "text-success": "#87ff87",
        "warning-muted": "#5f5f00",
        "error-muted": "#5f0000",
    },
)

CONTRAST_PANES = sixteen(
    HIGH_CONTRAST,
    *("#4e4e4e", "#ff8787", "#87ff87", "#ffff5f", "#87afff", "#ff87ff", "#5fffff", "#eeeeee"),
    *("#a8a8a8", "#ffafaf", "#afffaf", "#ffffaf", "#afd7ff", "#ffafff", "#afffff", "#ffffff"),
)
"""What programs in panes get when they ask for one of the sixteen colours."""
