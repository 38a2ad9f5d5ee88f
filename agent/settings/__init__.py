"""Settings: the person's file, the environment, the secrets, and the model chosen by them."""
