"""The subcommands of `tungsten`, and what they print."""
