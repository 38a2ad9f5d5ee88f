"""Playbooks: terminal work written down once and played without a model, through the same gate.

A playbook is a small YAML file of steps (`agent.playbook.file`). Played, it is a session of its own
kind in the engine (`agent.playbook.player`), so a person sees it live and decides what needs them.
`agent.playbook.headless` follows one for `tungsten play`; `agent.playbook.export` makes one from
what an agent did.
"""
