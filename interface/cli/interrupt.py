"""Ctrl-C as the end of a wait."""

import signal
from threading import Event


def ended_by_interrupt() -> Event:
    """Set by Ctrl-C, which interrupts nothing from now on."""
    ended = Event()
    signal.signal(signal.SIGINT, lambda _number, _frame: ended.set())
    return ended
