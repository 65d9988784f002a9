"""Decisions put into effect: each service is made of stores and a clock by `factory.py`."""
