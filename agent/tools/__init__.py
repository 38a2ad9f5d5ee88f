"""The tools an agent is given: what the model may ask for, one module per kind.

A tool turns the model's input into an `agent.actions.Action` and an action's outcome into text for
the model. It performs nothing itself; `agent.steps.perform` does, behind the gate.
"""
