"""What everything on the wire is made from."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Wire(BaseModel):
    """Base of everything on the wire.

    Validators are built when first used: a front end starts without those of what comes later.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)
