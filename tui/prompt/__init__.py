"""The prompt: what it completes, the pictures that it takes, and drafts that are kept."""
