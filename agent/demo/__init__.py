"""The demo: a scripted model, a small repository to work in, and a job that is real work.

Nothing is pretended but the model's words. Commands run in real terminals, pass the gate, and the
outcome is checked independently of what the agents say.
"""
