"""Every action a person can take by a key: one registry.

Footer, help, palette, bindings and `tungsten keys` all read it, so that none of them can tell a
different story. Importable without Textual.

Keys are written as Textual names them; `tmux_name` gives tmux's own names. Chosen so that tmux and
common terminals deliver them: no Ctrl+Shift, no Shift+Enter alone, nothing on Ctrl+I, Ctrl+M or
Ctrl+[ (which are Tab, Enter and Escape), nothing a shell user expects a prompt to edit with.

A person may choose other keys: `tui.keys.key_map` reads them and `use` puts them in force, before
what binds keys is imported. Texts that name a key take it from here (`shown`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from tui.keys.key_names import label as label
from tui.keys.key_names import tmux_name as tmux_name

ANYWHERE = "anywhere"
PROMPT = "prompt"
CONVERSATION = "conversation"
PANE = "pane"
TERMINAL = "terminal"
GATE = "gate"
INBOX = "inbox"
RECORDING = "recording"
GRID = "grid"
OWN_PANES = "own panes"
SESSIONS = "sessions"
MEMORIES = "memories"
DREAMS = "dreams"
FILE = "file"
USAGE = "usage"
REVERT = "revert"
WORKTREES = "worktrees"

CONTEXTS = {
    ANYWHERE: "Anywhere",
    PROMPT: "In the prompt",
    CONVERSATION: "In the conversation",
    PANE: "On the terminal",
    TERMINAL: "While the keyboard is in a pane",
    GATE: "In the gate dialog",
    INBOX: "In the inbox (/inbox)",
    RECORDING: "While a recording plays (/recordings)",
    GRID: "In the grid of all terminals (/grid)",
    OWN_PANES: "Among your own tmux panes (/own)",
    SESSIONS: "Among sessions (/sessions)",
    MEMORIES: "Among memories (/memory)",
    DREAMS: "In what dreams did (/dreams)",
    FILE: "While a file, a diff or a picture is looked at (o on a block)",
    USAGE: "In what was used (/usage)",
    REVERT: "While a revert is looked at (/revert)",
    WORKTREES: "Among worktrees (/worktrees)",
}
"""Where an action's key works, with the heading help shows."""


@dataclass(frozen=True, slots=True)
class ActionKey:
    """One action with its keys.

    Attributes:
        id: Stable name, `context.verb`; a key map refers to it.
        keys: Textual key names; the first one is shown.
        description: One sentence without its full stop.
        context: One of `CONTEXTS`.
        action: Textual action string that the key runs, empty when a widget handles the key itself.
        label: One or two words for the footer; empty keeps it out of the footer.
        slash: Name in the prompt (`/new`); empty when it has none.
        argument: What may follow the slash name, for help.
        palette: Whether the palette offers it; it runs what works anywhere or in the conversation.
    """

    id: str
    keys: tuple[str, ...]
    description: str
    context: str = ANYWHERE
    action: str = ""
    label: str = ""
    slash: str = ""
    argument: str = ""
    palette: bool = True


_OF_THE_COCKPIT = frozenset(
    {"only_conversation", "only_terminal", "move_split", "sidebar", "focus_on"}
)
"""Actions that change the cockpit's layout."""

_OF_THE_APP = frozenset(
    {
        "quit",
        "retry",
        "redraw",
        "next_agent",
        "previous_agent",
        "choose_agent",
        "next_waiting",
        "next_pane",
    }
)
"""Actions of the app; all others are functions of `tui.requests`, imported when asked for."""


def _key(
    id: str,  # noqa: A002
    keys: str,
    description: str,
    context: str = ANYWHERE,
    action: str = "",
    label: str = "",
    slash: str = "",
    argument: str = "",
    palette: bool | None = None,
) -> ActionKey:
    """Build a row of the table; the palette offers what runs anywhere unless told otherwise."""
    offered = context == ANYWHERE and bool(action) if palette is None else palette
    names = tuple(keys.split())
    if action and context == ANYWHERE:
        name = action.partition("(")[0]
        if name in _OF_THE_COCKPIT:
            action = f"screen.{action}"
        else:
            action = f"app.{action}" if name in _OF_THE_APP else f"app.ask('{action}')"
    return ActionKey(id, names, description, context, action, label, slash, argument, offered)


ACTIONS: tuple[ActionKey, ...] = (
    _key(
        "app.help",
        "f1",
        "Show every key and command",
        action="help_screen",
        label="help",
        slash="help",
    ),
    _key(
        "app.palette",
        "ctrl+p",
        "Find an action or an agent by name",
        action="palette",
        label="find",
        palette=False,
    ),
    _key(
        "app.tour",
        "",
        "Five cards: what there is to see, and the keys that matter",
        action="tour",
        slash="tour",
    ),
    _key("agent.new", "ctrl+n", "Start an agent", action="new_agent", label="new", slash="new"),
    _key(
        "gate.inbox",
        "ctrl+g",
        "Open the inbox: what waits for you",
        action="inbox",
        label="inbox",
        slash="inbox",
    ),
    _key(
        "agent.next",
        "ctrl+down alt+down",
        "Look at the next agent",
        action="next_agent",
    ),
    _key(
        "agent.previous",
        "ctrl+up alt+up",
        "Look at the previous agent",
        action="previous_agent",
    ),
    *(
        _key(
            f"agent.{number}",
            f"alt+{number}",
            f"Look at agent {number}",
            action=f"choose_agent({number})",
            palette=False,
        )
        for number in range(1, 10)
    ),
    _key(
        "agent.waiting",
        "alt+w",
        "Look at the agent that has waited longest for you",
        action="next_waiting",
    ),
    _key(
        "turn.interrupt",
        "escape",
        "Interrupt the running turn; twice at a gate",
        action="interrupt",
        label="interrupt",
        slash="interrupt",
    ),
    _key(
        "app.worktrees",
        "alt+i",
        "Git worktrees: compare, merge, remove; files that several agents changed",
        action="worktrees",
        slash="worktrees",
    ),
    _key(
        "turn.revert",
        "",
        "Revert the last turn, or the chosen step: shows the diff first",
        action="revert",
        slash="revert",
    ),
    _key(
        "pane.take",
        "ctrl+t",
        "Give the keyboard to the pane",
        action="take_keyboard",
        label="type in pane",
        slash="type",
    ),
    _key(
        "pane.attach",
        "ctrl+o",
        "Attach real tmux to the pane; its last line names the way back",
        action="attach",
        label="attach tmux",
        slash="attach",
    ),
    _key(
        "pane.recordings",
        "f7",
        "Play recordings of terminals, of those that are gone too",
        action="recordings",
        slash="recordings",
    ),
    _key(
        "pane.record",
        "",
        "Record the terminal that is shown, or end its recording",
        action="record",
        slash="record",
    ),
    _key(
        "pane.own",
        "alt+o",
        "Watch the panes of your own tmux, and let an agent use one",
        action="own_panes",
        slash="own",
    ),
    _key(
        "pane.adopt",
        "",
        "Take an agent that runs in your own tmux among yours",
        action="adopt",
        slash="adopt",
    ),
    _key("pane.next", "alt+p", "Show the agent's next pane", action="next_pane"),
    _key(
        "view.conversation",
        "f3",
        "Conversation alone, and back",
        action="only_conversation",
        label="conversation",
    ),
    _key(
        "view.terminal", "f4", "Terminal alone, and back", action="only_terminal", label="terminal"
    ),
    _key(
        "view.split_left", "alt+left alt+h", "Move the split to the left", action="move_split(-1)"
    ),
    _key(
        "view.split_right", "alt+right alt+l", "Move the split to the right", action="move_split(1)"
    ),
    _key(
        "view.grid",
        "alt+g",
        "All terminals at once, and into the chosen one",
        action="grid",
        label="grid",
        slash="grid",
    ),
    _key("view.sidebar", "f6", "Fold the sidebar, and unfold it", action="sidebar"),
    _key(
        "focus.next",
        "tab",
        "Move on: prompt, conversation, terminal",
        action="focus_on(1)",
        palette=False,
    ),
    _key("focus.previous", "shift+tab", "Move back", action="focus_on(-1)", palette=False),
    _key(
        "agent.rename",
        "f2",
        "Give the agent another name",
        action="begin_rename",
        slash="rename",
        argument="NAME",
    ),
    _key(
        "agent.mode",
        "alt+m",
        "Change what runs without you: plan, careful, standard",
        action="next_mode",
        slash="mode",
        argument="plan|careful|standard",
    ),
    _key(
        "agent.budget",
        "",
        "Say what the agent may use: dollars, requests, tokens, minutes",
        action="budget",
        slash="budget",
        argument="dollars 5",
    ),
    _key(
        "agent.effort",
        "",
        "Say how much trouble the agent takes: from low to max",
        action="effort",
        slash="effort",
        argument="low|medium|high|xhigh|max",
    ),
    _key(
        "agent.coordinate",
        "",
        "Have the agent split a task among workers",
        action="coordinate",
        slash="coordinate",
        argument="TASK",
    ),
    _key(
        "agent.compact",
        "",
        "Have the agent go on from a summary of the conversation",
        action="compact",
        slash="compact",
    ),
    _key(
        "agent.instructions",
        "",
        "Instruction files that the agent is told, and their tokens",
        action="instructions",
        slash="instructions",
    ),
    _key("agent.stop", "f8", "Stop the agent and its panes", action="stop_agent", slash="stop"),
    _key(
        "agent.archive",
        "",
        "Take the agent off the list; its session stays",
        action="archive_agent",
        slash="archive",
    ),
    _key(
        "agent.sessions",
        "ctrl+r",
        "Sessions of all time: search what was said, resume, fork, export",
        action="sessions",
        slash="sessions",
    ),
    _key(
        "prompt.sent",
        "alt+slash",
        "Find what you sent in any session, and write it again",
        action="sent_prompts",
        slash="history",
    ),
    _key(
        "prompt.editor",
        "alt+e",
        "Write the prompt in your own editor ($VISUAL or $EDITOR)",
        action="edit_draft",
        slash="editor",
    ),
    _key(
        "agent.fork",
        "",
        "Begin a new agent with the conversation up to a turn",
        action="fork",
        slash="fork",
    ),
    _key(
        "agent.export",
        "",
        "Write the conversation as Markdown",
        action="export_session",
        slash="export",
    ),
    _key(
        "prompt.picture",
        "alt+v",
        "Put the clipboard's picture into the prompt",
        action="paste_picture",
        slash="picture",
    ),
    _key(
        "app.usage",
        "alt+u",
        "Tokens and money: by agent, day and model",
        action="usage",
        slash="usage",
    ),
    _key(
        "agents.pause",
        "f9",
        "Hold every agent before its next step, or let them go",
        action="pause_all",
        slash="pause",
    ),
    _key(
        "app.trust",
        "",
        "Trust the agent's directory: agents there work in standard",
        action="trust",
        slash="trust",
    ),
    _key(
        "app.untrust",
        "",
        "Trust the agent's directory no longer",
        action="untrust",
        slash="untrust",
    ),
    _key(
        "app.setup",
        "",
        "Choose the model: a key, an endpoint or the demo model",
        action="setup",
        slash="model",
    ),
    _key(
        "app.demo",
        "",
        "Run the demo: three agents mend a small repository",
        action="demo",
        slash="demo",
    ),
    _key(
        "app.memories",
        "alt+r",
        "What agents remember: look, edit, pin, forget; off, recall, manual or auto",
        action="memories",
        label="memory",
        slash="memory",
        argument="off|recall|manual|auto",
    ),
    _key(
        "app.remember",
        "",
        "Remember what you say, as a memory of the agent's project",
        action="remember",
        slash="remember",
        argument="TEXT",
    ),
    _key(
        "app.dreams",
        "alt+z",
        "What dreams did to memories: accept it, or take it back",
        action="dreams",
        slash="dreams",
    ),
    _key("app.dream", "", "Put memories in order now: AutoDream", action="dream", slash="dream"),
    _key("app.stop_demo", "", "End the demo and clean up", action="stop_demo", slash="demo-stop"),
    _key(
        "app.theme",
        "",
        "Choose how the app looks: dark, light, high contrast, 16 colours",
        action="choose_theme",
        slash="theme",
        argument="NAME",
    ),
    _key("app.retry", "f5", "Try to reach the engine again", action="retry"),
    _key("app.clear", "ctrl+l", "Draw the screen anew", action="redraw"),
    _key(
        "app.quit",
        "ctrl+q",
        "Close the app; agents keep working",
        action="quit",
        label="quit",
        slash="quit",
    ),
    _key(
        "pane.return",
        "f12",
        "Take the keyboard back from the pane",
        TERMINAL,
        label="take the keyboard back",
    ),
    _key("prompt.send", "enter", "Send, or queue while the agent works", PROMPT),
    _key(
        "prompt.after_step",
        "alt+s",
        "While it works: it hears this, or the queue, after its step",
        PROMPT,
    ),
    _key(
        "prompt.now",
        "alt+n",
        "While it works: interrupt it, so that it hears this, or the queue, now",
        PROMPT,
    ),
    _key("prompt.newline", "ctrl+j alt+enter shift+enter", "Start a new line", PROMPT),
    _key(
        "prompt.older",
        "up",
        "In the first line: what you sent before, or take the queue back",
        PROMPT,
    ),
    _key("prompt.newer", "down", "In the last line: back to what you were writing", PROMPT),
    _key(
        "prompt.clear",
        "ctrl+c",
        "Copy the selection, else empty the prompt (Up brings it back)",
        PROMPT,
        label="clear",
    ),
    _key("prompt.undo", "ctrl+z", "Undo what was last written, completed or emptied", PROMPT),
    _key("prompt.redo", "ctrl+y", "Do again what was undone", PROMPT),
    _key("prompt.command", "/", "Begin a command of Tungsten; Tab completes it", PROMPT),
    _key("prompt.file", "@", "Name a file: letters of its name find it, Tab completes it", PROMPT),
    _key("prompt.shell", "!", "Begin a shell command of your own; it passes the gate", PROMPT),
    _key("prompt.scroll_up", "pageup", "Scroll the conversation up", PROMPT),
    _key("prompt.scroll_down", "pagedown", "Scroll the conversation down", PROMPT),
    _key("block.previous", "up k", "Choose the block above", CONVERSATION, "choose(-1)"),
    _key("block.next", "down j", "Choose the block below", CONVERSATION, "choose(1)"),
    _key(
        "block.fold",
        "enter space",
        "Unfold the block, and fold it",
        CONVERSATION,
        "fold",
        label="unfold",
    ),
    _key(
        "block.fold_all",
        "z",
        "Unfold all tool calls, and fold them",
        CONVERSATION,
        "fold_kind('tools')",
        label="unfold all",
        palette=True,
    ),
    _key(
        "block.fold_kinds",
        "Z",
        "Unfold and fold by kind: tool calls, thinking, diffs, results",
        CONVERSATION,
        "fold_kinds",
        palette=True,
    ),
    _key(
        "block.next_part",
        "greater_than_sign",
        "The next part of a very long block",
        CONVERSATION,
        "part(1)",
    ),
    _key("block.previous_part", "less_than_sign", "The part before it", CONVERSATION, "part(-1)"),
    _key(
        "block.copy",
        "y",
        "Copy the block's text, or the marked blocks",
        CONVERSATION,
        "copy",
        label="copy",
    ),
    _key("block.mark", "v", "Mark blocks from here on: move, then copy", CONVERSATION, "mark"),
    _key(
        "block.open",
        "o",
        "Open the block's diff, or a file that it names",
        CONVERSATION,
        "open",
        label="open",
    ),
    _key(
        "conversation.search",
        "slash",
        "Search all of the conversation",
        CONVERSATION,
        "search",
        label="search",
    ),
    _key("conversation.next_match", "n", "The next place that was found", CONVERSATION, "match(1)"),
    _key("conversation.previous_match", "N", "The place before it", CONVERSATION, "match(-1)"),
    _key(
        "conversation.previous_prompt",
        "left_square_bracket",
        "To your prompt before",
        CONVERSATION,
        "turn(-1)",
        palette=True,
    ),
    _key(
        "conversation.next_prompt",
        "right_square_bracket",
        "To your next prompt",
        CONVERSATION,
        "turn(1)",
        palette=True,
    ),
    _key(
        "block.revert",
        "R",
        "Revert what this step did to files, or its turn: shows the diff first",
        CONVERSATION,
        "app.ask('revert')",
        palette=False,
    ),
    _key("block.fork", "F", "Fork the session at this turn", CONVERSATION, "screen.fork_here"),
    _key("conversation.page_up", "pageup", "One page up", CONVERSATION, "page(-1)"),
    _key("conversation.page_down", "pagedown", "One page down", CONVERSATION, "page(1)"),
    _key(
        "conversation.top",
        "home g",
        "To the beginning of the conversation",
        CONVERSATION,
        "top",
        palette=True,
    ),
    _key(
        "conversation.end",
        "end G",
        "To the end of the conversation, and follow it",
        CONVERSATION,
        "tail",
        palette=True,
    ),
    _key("pane.page_up", "shift+pageup", "Scroll the pane up", TERMINAL, label="scroll up"),
    _key("pane.page_down", "shift+pagedown", "Scroll the pane down", TERMINAL),
    _key("pane.type", "enter", "Give the keyboard to the pane", PANE, label="type here"),
    _key(
        "pane.scroll_up",
        "up pageup home",
        "Scroll up into what was there before",
        PANE,
        label="scroll up",
    ),
    _key("pane.scroll_down", "down pagedown end", "Scroll down towards now", PANE),
    _key("gate.approve_high", "A", "Approve a HIGH action", GATE),
    _key("gate.approve", "a", "Approve a MEDIUM action", GATE),
    _key("gate.deny", "d", "Deny", GATE),
    _key("gate.deny_message", "m", "Deny, and say why or what to do instead", GATE),
    _key("gate.edit", "e", "Change the command; it is judged and asked about again", GATE),
    _key("gate.always", "w", "Always allow what is MEDIUM here: shows the rule first", GATE),
    _key("gate.tree", "t", "Unfold the command: each command in it with its risk", GATE),
    _key("gate.look", "l", "Look at the pane, and back to the gate", GATE),
    _key("gate.next", "n", "The next gate", GATE),
    _key("gate.previous", "p", "The gate before", GATE),
    _key("gate.scroll_up", "up pageup home", "Scroll the command up", GATE),
    _key("gate.scroll_down", "down pagedown end", "Scroll the command down", GATE),
    _key("gate.later", "escape", "Decide later; the gate stays in the inbox", GATE),
    _key("inbox.open", "enter", "Open the gate, or answer the question; decides nothing", INBOX),
    _key("inbox.select", "space", "Select the gate for denying, or no longer", INBOX),
    _key("inbox.select_agent", "s", "Select all gates of this agent", INBOX),
    _key("inbox.deny", "D", "Deny what is selected, all with one message", INBOX),
    _key("inbox.previous", "up k", "Choose the line above", INBOX),
    _key("inbox.next", "down j", "Choose the line below", INBOX),
    _key("inbox.close", "escape ctrl+g", "Close; everything goes on waiting", INBOX),
    _key("recording.play", "space", "Play, or hold", RECORDING, "play", "play"),
    _key("recording.back", "left h", "Back five seconds", RECORDING, "seek(-5)", "back"),
    _key("recording.on", "right l", "On five seconds", RECORDING, "seek(5)", "on 5 s"),
    _key("recording.step", "full_stop", "On to the next change", RECORDING, "step", "change"),
    _key("recording.slower", "minus", "Play slower", RECORDING, "faster(-1)", "slower"),
    _key("recording.faster", "plus equals_sign", "Play faster", RECORDING, "faster(1)", "faster"),
    _key("recording.begin", "home g", "To the beginning", RECORDING, "begin"),
    _key("recording.end", "end G", "To the end as it is now", RECORDING, "end", "end"),
    _key("recording.close", "escape q f7", "Close", RECORDING, "leave", "close"),
    _key("grid.zoom", "enter", "Go into this agent", GRID, "ask('zoom')", "zoom in"),
    _key("grid.type", "t", "Give the keyboard to this terminal", GRID, "type", "type here"),
    _key(
        "grid.gate",
        "g",
        "Open what waits here: the gate or the question",
        GRID,
        "ask('open_waiting')",
        "gate",
    ),
    _key(
        "grid.filter",
        "f",
        "Show agents in the next states: F goes back",
        GRID,
        "filter(1)",
        "filter",
    ),
    _key("grid.choose", "left right up down h j k l tab", "Choose the terminal beside", GRID),
    _key(
        "grid.digit", "1 2 3 4 5 6 7 8 9", "Choose the terminal of the agent of this number", GRID
    ),
    _key("grid.page", "pagedown", "The next page", GRID, "page(1)", "page"),
    _key("grid.page_back", "pageup", "The page before", GRID, "page(-1)"),
    _key("grid.scroll", "shift+pageup shift+pagedown", "Scroll this terminal", GRID),
    _key("grid.ends", "home end", "Choose the first, or the last", GRID),
    _key("grid.close", "escape q", "Back to where you were", GRID, "ask('leave_grid')", "back"),
    _key(
        "own.allow",
        "a",
        "Let the agent read this pane and type into it",
        OWN_PANES,
        "allow",
        "allow",
    ),
    _key("own.adopt", "j", "Take what runs there among your agents", OWN_PANES, "adopt", "adopt"),
    _key("own.disallow", "r", "Take the pane back", OWN_PANES, "disallow", "take back"),
    _key("own.choose", "up down", "Choose a pane", OWN_PANES, label="choose"),
    _key("own.close", "escape q alt+o", "Close", OWN_PANES, "leave", "close"),
    _key("sessions.open", "enter", "Resume it; at what was said, read it there", SESSIONS),
    _key("sessions.read", "f2", "Read it without resuming it", SESSIONS, "read", "read"),
    _key("sessions.fork", "f3", "Fork it at a turn", SESSIONS, "fork", "fork"),
    _key("sessions.export", "f4", "Write it as Markdown", SESSIONS, "export", "export"),
    _key("sessions.close", "escape", "Close", SESSIONS, label="close"),
    _key("memories.open", "enter", "All about it, and every version", MEMORIES, "open", "open"),
    _key(
        "memories.bring_back",
        "b",
        "Accept what is held back; bring back what is gone",
        MEMORIES,
        "bring_back",
        "bring back",
    ),
    _key("memories.forget", "f", "Have agents told it no more", MEMORIES, "forget", "forget"),
    _key("memories.edit", "e", "Change its text; it is yours then", MEMORIES, "edit", "edit"),
    _key("memories.pin", "p", "Pin it, or no longer", MEMORIES, "pin", "pin"),
    _key("memories.filter", "slash", "Filter by words", MEMORIES, "filter", "filter"),
    _key(
        "memories.ask",
        "question_mark",
        "Search as an agent does: what fits a question, best first",
        MEMORIES,
        "ask",
        "search",
    ),
    _key("memories.new", "n", "Remember something that you say", MEMORIES, "new", "new"),
    _key(
        "memories.redact",
        "R",
        "Remove its text for good, wherever it stands; asks first",
        MEMORIES,
        "redact",
    ),
    _key("memories.view", "left right tab shift+tab", "Active, held back, gone, all", MEMORIES),
    _key(
        "memories.session", "o", "Look at the session it comes from", MEMORIES, "session", "session"
    ),
    _key("memories.mode", "m", "How much is remembered", MEMORIES, "mode", "mode"),
    _key("memories.dreams", "d alt+z", "What dreams did", MEMORIES, "dreams", "dreams"),
    _key("memories.export", "x", "Write all to Markdown files", MEMORIES, "export"),
    _key("memories.import", "i", "Take in Markdown files", MEMORIES, "import"),
    _key("memories.reload", "f5", "Read them anew", MEMORIES, "reload"),
    _key("memories.close", "escape q alt+r", "Close", MEMORIES, "leave", "close"),
    _key("dreams.accept", "a", "Accept it", DREAMS, "accept", "accept"),
    _key("dreams.undo", "u", "Take it back", DREAMS, "undo", "undo"),
    _key("dreams.swap", "s", "Of a pair, have the other one stay", DREAMS, "swap", "swap"),
    _key("dreams.decline", "b", "Of a pair, keep both", DREAMS, "decline", "keep both"),
    _key("dreams.turn", "left right", "Another dream", DREAMS, label="dreams"),
    _key(
        "dreams.undo_all",
        "U",
        "Take the whole dream back; asks first",
        DREAMS,
        "undo_all",
        "undo all",
    ),
    _key("dreams.plan", "p", "What a dream would do now", DREAMS, "plan", "plan"),
    _key("dreams.dream", "n", "Dream now", DREAMS, "dream", "dream now"),
    _key("dreams.down", "pagedown pageup", "Scroll the change", DREAMS),
    _key("dreams.reload", "f5", "Read it anew", DREAMS, "reload"),
    _key("dreams.close", "escape q alt+z", "Close", DREAMS, "leave", "close"),
    _key("file.move", "up down", "Line by line; by pages with PgUp and PgDn", FILE, label="lines"),
    _key("file.sideways", "left right h l", "Move long lines sideways", FILE),
    _key("file.next", "n", "The next change of a diff", FILE, "hunk(1)", "next change"),
    _key("file.previous", "p", "The change before", FILE, "hunk(-1)"),
    _key("file.open", "enter", "The changed file, at this line", FILE, "open", "the file"),
    _key("file.edit", "e", "Open it at this line in your editor (EDITOR)", FILE, "edit", "edit"),
    _key("file.copy", "y", "Copy its path", FILE, "copy", "copy path"),
    _key("file.close", "escape q o", "Close", FILE, "leave", "close"),
    _key("usage.next", "right tab", "Another view: agents, days, models", USAGE, "turn(1)", "view"),
    _key("usage.previous", "left shift+tab", "The view before", USAGE, "turn(-1)"),
    _key("usage.choose", "up down", "Choose an agent; scroll elsewhere", USAGE, label="choose"),
    _key("usage.budget", "b", "Say what the agent may use", USAGE, "budget", "budget"),
    _key("usage.day", "d", "Say what all agents may use in a day", USAGE, "day", "limit"),
    _key("usage.period", "p", "Bars for 24 hours, or for 14 days", USAGE, "period", "days"),
    _key("usage.unit", "m", "Bars of tokens, or of money", USAGE, "unit", "money"),
    _key("usage.close", "escape q alt+u", "Close", USAGE, "close", "close"),
    _key("revert.do", "y", "Put the files back as shown", REVERT, "revert", "revert"),
    _key("revert.turn", "t", "The whole turn, or the step alone", REVERT, "turn", "turn"),
    _key(
        "revert.over",
        "o",
        "Put back what has changed since as well, or leave it",
        REVERT,
        "over",
        "changed since, too",
    ),
    _key("revert.scroll", "up down", "Line by line; by pages with PgUp, PgDn", REVERT, "", "lines"),
    _key("revert.close", "escape q", "Close; nothing is changed", REVERT, "leave", "close"),
    _key("worktrees.choose", "up down", "Choose a worktree", WORKTREES, label="choose"),
    _key(
        "worktrees.diff", "d", "What it has that its repository has not", WORKTREES, "diff", "diff"
    ),
    _key(
        "worktrees.merge",
        "m",
        "Merge its branch into the repository's; asks first",
        WORKTREES,
        "merge",
        "merge",
    ),
    _key(
        "worktrees.remove",
        "x",
        "Remove it; tells what would be lost, and asks first",
        WORKTREES,
        "remove",
        "remove",
    ),
    _key("worktrees.reload", "r", "Look again", WORKTREES, "reload"),
    _key("worktrees.close", "escape q alt+i", "Close", WORKTREES, "leave", "close"),
    _key("conversation.prompt", "i", "Back to the prompt", CONVERSATION, "screen.focus_prompt"),
)


DEFAULTS = ACTIONS
"""The actions with the keys that they have where a person chose no others."""

EVERYWHERE = frozenset({"app.quit", "app.help", "app.palette", "gate.inbox", "app.retry"})
"""Actions whose keys work on every screen; all others of `ANYWHERE` need the cockpit."""

_CLOSED_BY = {
    "inbox.close": "gate.inbox",
    "recording.close": "pane.recordings",
    "own.close": "pane.own",
    "memories.close": "app.memories",
    "dreams.close": "app.dreams",
    "usage.close": "app.usage",
    "worktrees.close": "app.worktrees",
    "memories.dreams": "app.dreams",
}
"""Actions that the key of another one means, too: what opened a screen closes it."""


def use(keys: Mapping[str, tuple[str, ...]]) -> None:
    """Put a person's keys in force, by the ids of actions, for as long as this process runs.

    Call it before what binds keys is imported: bindings are made of the registry once. The keys
    are taken as they are; `tui.keys.key_map` says which can be had.
    """
    global ACTIONS, _BY_ID
    opening = {action.id: action.keys for action in DEFAULTS}
    made = []
    for action in DEFAULTS:
        chosen = keys.get(action.id, action.keys)
        opener = _CLOSED_BY.get(action.id)
        if opener is not None and opener in keys:
            others = (key for key in chosen if key not in opening[opener])
            chosen = tuple(dict.fromkeys((*others, *keys[opener])))
        made.append(action if chosen == action.keys else replace(action, keys=chosen))
    ACTIONS = tuple(made)
    _BY_ID = {action.id: action for action in ACTIONS}


def shown(action_id: str) -> str:
    """Write how an action is done: its first key, or its command where it has no key."""
    action = by_id(action_id)
    if action.keys:
        return label(action.keys[0])
    return f"/{action.slash}" if action.slash else ""


def of(context: str) -> tuple[ActionKey, ...]:
    """List the actions of a context; those that have no key only where a command does them."""
    here = (action for action in ACTIONS if action.context == context)
    return tuple(action for action in here if action.keys or context == ANYWHERE)


def by_id(action_id: str) -> ActionKey:
    """Find an action; raises KeyError for an id that isn't registered."""
    return _BY_ID[action_id]


def by_slash(name: str) -> ActionKey | None:
    """Find the action of `/name`, without its slash; None when there is none."""
    return next((action for action in ACTIONS if action.slash and action.slash == name), None)


def slash_commands(text: str) -> list[ActionKey]:
    """Find what `/text` may become: the one of that name, those that begin so, that hold it."""
    name = text.removeprefix("/").lower()
    commands = [action for action in ACTIONS if action.slash]
    begin = [action for action in commands if action.slash.startswith(name)]
    hold = [action for action in commands if name in action.slash and action not in begin]
    return sorted(begin, key=lambda action: action.slash != name) + hold


def as_json() -> list[dict[str, object]]:
    """List every action as `tungsten keys --json` prints it, keys in tmux's names."""
    return [
        {
            "id": action.id,
            "key": tmux_name(action.keys[0]) if action.keys else "",
            "keys": [tmux_name(key) for key in action.keys],
            "description": action.description,
            "context": action.context,
            "command": f"/{action.slash}" if action.slash else "",
        }
        for action in ACTIONS
    ]


_BY_ID = {action.id: action for action in ACTIONS}
