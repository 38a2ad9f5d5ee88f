"""Talking to a model over the Messages API: client, accumulator, prices, and a local server.

Nothing here imports the SDK when it is imported: that costs seconds of processor time, so the
client loads it on first use (see `ModelClient.prewarm`).
"""
