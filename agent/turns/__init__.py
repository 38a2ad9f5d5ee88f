"""Turns of a conversation: the model is asked, its tools are used, and the person is heard."""
