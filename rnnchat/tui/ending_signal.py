"""The signals by which the system ends the program, or says that its terminal is closed."""

import asyncio
import contextlib
import os
import signal
import threading
from collections.abc import Callable

ENDING_SIGNALS = ("SIGTERM", "SIGHUP", "SIGQUIT")
LEAVE_S = 20.0
"""Seconds after which a signal to end is obeyed even if something hangs."""


def obey_signals(end: Callable[[int], None]) -> None:
    """Call ``end`` with the signal's number, so that it can save and restore the terminal."""
    loop = asyncio.get_running_loop()
    for name in ENDING_SIGNALS:
        with contextlib.suppress(AttributeError, NotImplementedError):  # Windows has none of it
            number = getattr(signal, name)
            loop.add_signal_handler(number, end, number)


def start_watchdog(status: int) -> None:
    """End the process with ``status`` after ``LEAVE_S``, whatever hangs."""
    watchdog = threading.Timer(LEAVE_S, os._exit, [status])
    watchdog.daemon = True
    watchdog.start()
