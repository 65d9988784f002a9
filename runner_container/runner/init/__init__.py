"""The container's init: process 1, which starts the runner and, at the runner's request, the kernel, each as its own user.

It is the only process with privileges, so it is small, imports only the standard library, and never reads a notebook or anything
that a notebook wrote. docs/decisions/0029 explains why.
"""

__all__: list[str] = []
