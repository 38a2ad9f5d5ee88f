"""The screens of the app: the cockpit and what opens over it."""
