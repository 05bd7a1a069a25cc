"""Keeps a Python program to this machine: whatever would leave it is written down and refused.

On the PYTHONPATH of a program that a test starts, Python imports it first; conftest.py imports it for the tests.
"""

import os
import sys
from pathlib import Path

LOCAL = {None, "", "localhost", "127.0.0.1", "::1", "0.0.0.0", b"localhost"}  # noqa: S104  # what stays here


def _guard(event: str, args: tuple[object, ...]) -> None:
    if event == "socket.getaddrinfo":
        host = args[0]
    elif event in {"socket.connect", "socket.sendto"} and isinstance(args[1], tuple):
        host = args[1][0]
    else:
        return
    if host not in LOCAL:
        with Path(os.environ["NETWORK_LOG"]).open("a") as log:
            log.write(f"{event} {host}\n")
        raise ConnectionRefusedError(f"the network is cut off: {event} {host}")


sys.addaudithook(_guard)
