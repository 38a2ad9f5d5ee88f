"""What the person asks for: each function sends a command, or opens the screen that asks more.

An action of `tui.keys.actions` names its function here.
"""

from __future__ import annotations

from tui.requests.adopting import adopt as adopt
from tui.requests.agents import archive_agent as archive_agent
from tui.requests.agents import begin_rename as begin_rename
from tui.requests.agents import new_agent as new_agent
from tui.requests.agents import next_mode as next_mode
from tui.requests.agents import pause_all as pause_all
from tui.requests.agents import stop_agent as stop_agent
from tui.requests.agents import trust as trust
from tui.requests.agents import untrust as untrust
from tui.requests.appearance import choose_theme as choose_theme
from tui.requests.appearance import set_theme as set_theme
from tui.requests.drafts import edit_draft as edit_draft
from tui.requests.drafts import paste_picture as paste_picture
from tui.requests.drafts import sent_prompts as sent_prompts
from tui.requests.grid import grid as grid
from tui.requests.grid import leave_grid as leave_grid
from tui.requests.grid import open_waiting as open_waiting
from tui.requests.grid import zoom as zoom
from tui.requests.isolation import revert as revert
from tui.requests.isolation import worktrees as worktrees
from tui.requests.limits import budget as budget
from tui.requests.limits import effort as effort
from tui.requests.memory import dream as dream
from tui.requests.memory import dreams as dreams
from tui.requests.memory import memories as memories
from tui.requests.memory import remember as remember
from tui.requests.newcomer import tour as tour
from tui.requests.panes import attach as attach
from tui.requests.panes import own_panes as own_panes
from tui.requests.panes import record as record
from tui.requests.panes import recordings as recordings
from tui.requests.panes import take_keyboard as take_keyboard
from tui.requests.prompt import submit as submit
from tui.requests.screens import demo as demo
from tui.requests.screens import help_screen as help_screen
from tui.requests.screens import inbox as inbox
from tui.requests.screens import instructions as instructions
from tui.requests.screens import palette as palette
from tui.requests.screens import setup as setup
from tui.requests.screens import stop_demo as stop_demo
from tui.requests.screens import usage as usage
from tui.requests.sessions import export_session as export_session
from tui.requests.sessions import fork as fork
from tui.requests.sessions import sessions as sessions
from tui.requests.turns import compact as compact
from tui.requests.turns import coordinate as coordinate
from tui.requests.turns import hasten as hasten
from tui.requests.turns import interrupt as interrupt
from tui.requests.turns import unqueue as unqueue
