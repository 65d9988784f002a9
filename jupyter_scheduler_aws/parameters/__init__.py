"""Parameters of notebooks: the rule for values and names (docs/users/environments.md), and which ones a notebook has."""
