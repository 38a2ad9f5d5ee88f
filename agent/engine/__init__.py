"""The engine's process: how it starts, who may connect to it, and both ends of the wire.

`python -m agent.engine` runs it.
"""
