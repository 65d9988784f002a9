"""What the README states in numbers: ratios measured in one run, so that the machine's speed cancels out. `make bench` runs all."""

__all__: list[str] = []
