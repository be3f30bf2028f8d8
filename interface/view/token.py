"""Tokens: who may ask the HTTP faces for what."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TokenRow:
    """One token without its secret. Times are UTC microseconds; `revoked_at` and `used_at` 0: never.

    `channel` is the one that what its program writes belongs to; empty for one that only reads.
    """

    public_id: str
    name: str  # of the program that it was made for
    scopes: tuple[str, ...]
    actor: str  # who made it
    created_at: int
    expires_at: int
    revoked_at: int = 0
    used_at: int = 0
    channel: str = ""

    def stands(self, now: int) -> bool:
        """Whether it opens anything now."""
        return not self.revoked_at and now < self.expires_at
