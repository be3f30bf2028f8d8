"""What authorises a request: a bearer token from where it is given. Read anew for each, so that it can be changed meanwhile."""

from dataclasses import dataclass
from typing import Protocol

from interface.connector.secret import Secret


class Token(Protocol):
    """Where bearer tokens come from (RFC 6750). Blocking: it may read a file, or ask a server."""

    def current(self) -> str:
        """The token to go with. Raises WireError where there is none; nothing was sent then."""
        ...

    def renewed(self, refused: str) -> str:
        """Another one than that which was refused; empty where there is none."""
        ...


@dataclass(frozen=True, slots=True)
class GivenToken:
    """A token that somebody puts into a file or variable, and replaces there."""

    secret: Secret

    def current(self) -> str:
        """What stands there now."""
        return self.secret.read()

    def renewed(self, refused: str) -> str:
        """What stands there by now, if it is another one."""
        found = self.secret.read()
        return found if found != refused else ""
