"""The runner: the process in a container that executes one notebook and uploads its outputs.

It uses HTTP and does not know AWS. docs/runner-protocol.md describes how it communicates with the service.
"""

__all__: list[str] = []
