"""What a front end asks of the engine, by what it is about."""
