"""AutoDream: when memory may be put in order, and the record of when it was."""
