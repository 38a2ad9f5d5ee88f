"""Gates: decisions that wait for a person, and the rules by which they decided beforehand."""
