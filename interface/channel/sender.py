"""What a channel file says of its sender: the names that it goes by, and how true its clock is."""

from pydantic import Field

from interface.mapping.fill import Declared


class Expects(Declared):
    """Who may speak here, and to whom. Names are compared in any case, by namespace or universal id; an empty list takes any."""

    sending_application: tuple[str, ...] = Field(default=(), description="MSH-3, as [EPICADT, EPICFIN]")
    sending_facility: tuple[str, ...] = Field(default=(), description="MSH-4")
    receiving_application: tuple[str, ...] = Field(default=(), description="MSH-5")
    receiving_facility: tuple[str, ...] = Field(default=(), description="MSH-6")


class SenderClock(Declared):
    """The sender's clock, as the times of its messages (MSH-7) show it beside their arrival.

    It is judged by the message that comes closest to ours, so that what waited for a line, or is sent again, accuses nobody.
    """

    tolerance_secs: float = Field(
        default=300.0, ge=0, le=86_400, description="it is told where it differs by more, ahead or behind; 0: never"
    )
    watch_secs: float = Field(
        default=900.0,
        gt=0,
        le=86_400,
        description="no message of so long may be closer; within half of it, it is right again",
    )
