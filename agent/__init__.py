"""The mind: the engine that runs agents, their loop and tools, and the gate each action passes."""
