"""Programs in panes: who has the keyboard, what they ask for, and what they tell their terminal."""
