"""A model that plays several agents at once, each by the words it was first told."""

from __future__ import annotations

import inspect

from agent.model.local_server.responder import ResponderMessage


def use(tool, /, **tool_input):
    return {"type": "tool_use", "name": tool, "input": tool_input}


class Crew:
    """Answers by who asks: the first user message tells the play, a count of answers the step."""

    def __init__(self):
        self.plays = {}
        self.asked = []

    def play(self, word, *steps):
        """Say `steps` to the agent that was first told `word`, one a request."""
        self.plays[word] = steps

    def requests(self, word):
        return [request for who, request in self.asked if who == word]

    async def respond(self, request):
        told = "\n".join(
            block["text"]
            for block in request["messages"][0]["content"]
            if not block["text"].startswith(("<tungsten-role", "<project-instructions"))
        )
        who = next(word for word in self.plays if word in told)
        said = sum(message["role"] == "assistant" for message in request["messages"])
        self.asked.append((who, request))
        step = self.plays[who][said] if said < len(self.plays[who]) else "done"
        if callable(step):
            step = step(request)
        if inspect.isawaitable(step):
            step = await step
        if isinstance(step, ResponderMessage):
            return step
        parts = step if isinstance(step, list) else [step]
        return ResponderMessage(
            [{"type": "text", "text": part} if isinstance(part, str) else part for part in parts]
        )
