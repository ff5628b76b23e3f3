"""The CPU time and the memory of a child process, read from outside.

The CPU clock of another process counts all of its threads, those that have ended included, in
nanoseconds; the clocks in ``/proc`` either tick in hundredths of a second or know one thread only.

Source: clock_getcpuclockid(3), proc_pid_smaps_rollup(5).
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Sequence
from pathlib import Path

SCHEDULER_CLOCK = 2


class NotMeasurable(Exception):
    """A number could not be measured; the text is the reason."""


def cpu_ns(process_id: int) -> int:
    """User and system time of a process since its start, in nanoseconds.

    Raises:
        NotMeasurable: this system has no such clock, or the process is gone.
    """
    try:
        return time.clock_gettime_ns((~process_id << 3) | SCHEDULER_CLOCK)
    except (AttributeError, OSError) as error:
        raise NotMeasurable(f"no CPU clock for another process: {error}") from error


def resident_mb(process_id: int) -> float:
    """Resident memory of a process in MB of 1,024 KB, as other tools count them.

    Raises:
        NotMeasurable: this system does not tell.
    """
    try:
        lines = Path(f"/proc/{process_id}/smaps_rollup").read_text(encoding="ascii").splitlines()
    except OSError as error:
        raise NotMeasurable(f"no memory figures for another process: {error}") from error
    return next(int(line.split()[1]) for line in lines if line.startswith("Rss:")) / 1024


def median(values: Sequence[float]) -> float:
    """The middle value."""
    return statistics.median(values)


def percentile(values: Sequence[float], percent: float) -> float:
    """The value that so many percent of the values do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))]
