"""How a scanned script is judged: calls, findings, variables, outputs, names of programs."""
