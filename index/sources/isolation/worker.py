"""The program of a reading process: reads files and pages under limits of time and memory.

    python -m index.sources.isolation.worker

It gets requests on the standard input and sends replies on the standard output. The operating
system ends it at its limits, whatever a parsing library is doing.
"""

from __future__ import annotations

import os
import signal
import sys
import traceback
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from index.errors import SourceError, unforeseen
from index.sources.files import parse_file, parse_page
from index.sources.isolation.messages import MEMORY_EXIT, pack, receive, send

if TYPE_CHECKING:
    from typing import BinaryIO

    from index.sources.isolation.messages import Message

try:
    import resource
except ImportError:  # Windows has no such limits.
    resource = None  # type: ignore[assignment]

PROCESSOR_SECONDS = 8
"""Seconds of processor time for one file or page."""
LARGEST_MEMORY = 500_000_000
"""Bytes of address space of the process."""
LARGEST_KEPT = 350_000_000
"""Bytes of address space above which the process ends after a file, so that the next has more."""
BUFFER_BYTES = 65_536
"""Bytes of the reply's buffer: a short article is sent at once."""
MOST_FILES = 1_000
"""Files and pages that one process reads, in case a library keeps some memory of each."""
NEAR_LIMIT = 0.95 * LARGEST_MEMORY
"""Bytes of address space from which on an error may be a hidden lack of memory."""

# The sizes of this process in kB, such as "VmPeak:   116 kB". Only Linux has this file.
_SIZES = Path("/proc/self/status")


def main() -> None:
    """Answer requests until the standard input ends."""
    # Ctrl+C reaches this process, too; the program that started it decides.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    requests, replies = sys.stdin.buffer, _private_output()
    _limit_memory()
    for left in reversed(range(MOST_FILES)):
        request = receive(requests)
        if request is None:
            return
        _limit_time()
        fields, payload = _answer(*request)
        is_last = not left or _address_space("VmSize") > LARGEST_KEPT
        send(replies, fields | {"is_last": is_last}, payload)
        if is_last:
            return


def _private_output() -> BinaryIO:
    """Return the standard output, and hide it: libraries may print to it."""
    replies = os.fdopen(os.dup(sys.stdout.fileno()), "wb", BUFFER_BYTES)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    return replies


def _answer(fields: dict[str, Any], data: bytes) -> Message:
    """Return the reply to a request: an article, a list of addresses or an error."""
    peak = _address_space("VmPeak")
    try:
        return pack(_read(fields, data))
    except MemoryError:
        os._exit(MEMORY_EXIT)
    except Exception as error:  # noqa: BLE001  # No file ends the process.
        # lxml, for one, calls a file damaged for which it has no memory.
        if _address_space("VmPeak") > max(peak, NEAR_LIMIT):
            os._exit(MEMORY_EXIT)
        if isinstance(error, SourceError):
            return {"kind": "error", "reason": str(error)}, b""
        trace = traceback.format_exc()
        return {"kind": "error", "reason": str(unforeseen(error)), "trace": trace}, b""


def _read(fields: dict[str, Any], data: bytes) -> Any:
    if fields["kind"] == "file":
        return parse_file(data, Path(fields["path"]), fields["source"])
    return parse_page(data, fields["url"], fields["content_type"], fields["charset"])


def _limit_memory() -> None:
    if resource:
        with suppress(ValueError, OSError):  # macOS may refuse.
            resource.setrlimit(resource.RLIMIT_AS, (LARGEST_MEMORY, LARGEST_MEMORY))


def _limit_time() -> None:
    """Let the system end the process when it has spent its time on the next file."""
    if resource:
        usage = resource.getrusage(resource.RUSAGE_SELF)
        end = int(usage.ru_utime + usage.ru_stime) + PROCESSOR_SECONDS
        _, hardest = resource.getrlimit(resource.RLIMIT_CPU)
        if hardest != resource.RLIM_INFINITY:
            end = min(end, hardest)
        resource.setrlimit(resource.RLIMIT_CPU, (end, hardest))


def _address_space(name: str) -> int:
    """Return the bytes of address space of this process; 0 if the system does not tell.

    Args:
        name: "VmSize" for the present size, "VmPeak" for the largest so far.
    """
    if not _SIZES.exists():
        return 0
    _, _, rest = _SIZES.read_text().partition(f"{name}:")
    return int(rest.split()[0]) * 1_024


if __name__ == "__main__":
    main()
