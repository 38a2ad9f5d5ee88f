"""Fifty small terminal tasks, and what goes wrong in each of them."""

from __future__ import annotations

from tests.agent.clumsy import (
    tasks_files,
    tasks_people,
    tasks_programs,
    tasks_repositories,
    tasks_terminals,
)
from tests.agent.clumsy.task import TASKS, Task

GROUPS = (tasks_files, tasks_programs, tasks_repositories, tasks_terminals, tasks_people)

__all__ = ["GROUPS", "TASKS", "Task"]
