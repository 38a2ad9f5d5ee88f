"""What the engine does for each command of `agent.protocol.commands`."""
