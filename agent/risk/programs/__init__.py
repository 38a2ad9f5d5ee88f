"""What programs and variables do, as data."""

from agent.risk.programs.levels import (
    HIGH_PROGRAMS,
    LOW_PROGRAMS,
    MEDIUM_PROGRAMS,
    READERS,
    SHADOWED,
)
from agent.risk.programs.shared import SECRET_PROGRAMS, SHARED_PROGRAMS
from agent.risk.programs.subcommands import OPTION_VALUES, SUBCOMMANDS
from agent.risk.programs.variables import (
    BUILD_VARIABLES,
    COMMAND_VARIABLES,
    INJECTING_VARIABLES,
    PLACES,
    SETTINGS_HOMES,
)

__all__ = [
    "BUILD_VARIABLES",
    "COMMAND_VARIABLES",
    "HIGH_PROGRAMS",
    "INJECTING_VARIABLES",
    "LOW_PROGRAMS",
    "MEDIUM_PROGRAMS",
    "OPTION_VALUES",
    "PLACES",
    "READERS",
    "SECRET_PROGRAMS",
    "SETTINGS_HOMES",
    "SHADOWED",
    "SHARED_PROGRAMS",
    "SUBCOMMANDS",
]
