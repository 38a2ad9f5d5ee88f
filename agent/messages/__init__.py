"""Messages as they are sent: told to each model, marked for its cache, with their pictures."""
