"""Chance for waits that are not to fall together."""

import secrets


def chance() -> float:
    """A number from 0 up to 1, without 1."""
    return secrets.randbelow(1_000_000) / 1_000_000
