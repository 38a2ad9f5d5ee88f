"""What a model knows: prompts, instructions, what is mentioned, and how room is made for it."""
