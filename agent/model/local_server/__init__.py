"""A strict Messages API server on this machine: for tests, and for the built-in demo model.

It speaks real HTTP/1.1 and server-sent events, refuses what the real API documents as an error,
and fails on command. What answers is a `Responder`.
"""
