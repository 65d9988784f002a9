"""Parameters of notebooks: the rule for values and names (docs/environments.md), and which ones a notebook has."""
