"""The container's init: process 1, which starts the runner and, when the runner asks, the kernel, each as a user of its own.

It is the only process with privileges, so it is small, imports the standard library alone, and never reads a notebook or
anything that a notebook wrote. docs/decisions/0029 says why.
"""

__all__: list[str] = []
