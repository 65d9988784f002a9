"""Measures the figures that the README states, as ratios within one run, so that the speed of the machine cancels out."""

__all__: list[str] = []
