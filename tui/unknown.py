"""What is known before the engine has answered: nothing, in the shape of a snapshot.

Without the protocol's models, whose library takes longer to load than the first frame to paint.
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, NamedTuple, cast

if TYPE_CHECKING:
    from agent.paths import Paths
    from agent.protocol.agents import PaneSummary
    from agent.protocol.snapshot import Snapshot


class PaneKnown(NamedTuple):
    """A pane's summary (`PaneSummary`), with what is so for most where it is not known."""

    pane_id: str
    title: str
    width: int = 80
    height: int = 24
    dead: bool = False
    exit_status: int | None = None
    recording: bool = False
    socket: str = ""

    @property
    def tmux_id(self) -> str:
        """What its server calls it."""
        return self.pane_id


class RememberedPane(NamedTuple):
    """The pane that was shown last; live again before the engine has said a word.

    Attributes:
        server: the tmux server in which the pane had its id, as `LiveView.server` names it.
    """

    summary: PaneSummary
    server: str


def nothing_known(paths: Paths) -> Snapshot:
    """Return an empty state that knows only where the private tmux server listens."""
    nothing = SimpleNamespace(
        seq=-1,
        engine=SimpleNamespace(tmux_socket=str(paths.tmux_socket), epoch=""),
        setup=SimpleNamespace(provider="", base_url="", model="", problem=""),
        agents=(),
        gates=(),
        questions=(),
        demo=None,
        paused=False,
    )
    return cast("Snapshot", nothing)


def remembered_pane(kept: object) -> RememberedPane | None:
    """Read a pane from the app's own file, whatever is there."""
    match kept:
        case [str(pane_id), str(title), str(server)] if pane_id.startswith("%"):
            return RememberedPane(cast("PaneSummary", PaneKnown(pane_id, title)), server)
        case _:
            return None
