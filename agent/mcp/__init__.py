"""`tungsten mcp`: the terminal tools for any other agent, and the agent behind it."""
