"""Sockets of programs that act for whoever connects: Tungsten, tmux servers, container engines."""

from __future__ import annotations

import re

from agent.risk.evaluation.call import Call
from agent.risk.evaluation.findings import shown

_ACTS_FOR_OTHERS = re.compile(
    r"(?:^|/)(?:engine|tmux|docker|podman|containerd|crio|buildkitd|libvirt-sock|incus/unix|lxd/unix)\w*"
    r"\.(?:sock|socket)$|(?:^|/)tmux-\d+(?:/|$)"
)
"""By name, where the directory cannot be known: `$XDG_RUNTIME_DIR/tungsten/engine.sock`."""

_IN_CODE = re.compile(r"[\"'`]([^\"'`\n]{0,400}(?:\.sock(?:et)?|/tmux-\d+/[^\"'`\n]*))[\"'`]")


def connects(call: Call, path: str) -> None:
    """A socket at `path` is talked to, or a program is told to."""
    if call.place(path).own or _ACTS_FOR_OTHERS.search(path):
        call.high("talks to a program that acts for others", f"connects to {shown(path)}")


def connects_in_code(call: Call, text: str) -> None:
    """Code in any language names sockets; which of its calls takes one is not asked."""
    for match in _IN_CODE.finditer(text):
        connects(call, match[1])
