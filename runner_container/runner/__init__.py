"""The runner: the process inside a container that executes one notebook and hands its outputs back.

It knows HTTP and notebooks, nothing of AWS. How it talks with the service is written in docs/runner-protocol.md.
"""

__all__: list[str] = []
