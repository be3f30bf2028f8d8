"""Everything that is fuzzed."""

from typing import Final

from tests.fuzz import on_ack, on_card, on_files, on_framing, on_message, on_path
from tests.fuzz.target import Target

TARGETS: Final[tuple[Target, ...]] = (
    on_framing.TARGET,
    on_message.TARGET,
    on_path.TARGET,
    on_card.TARGET,
    on_ack.TARGET,
    on_files.TARGET,
)
BY_NAME: Final = {target.name: target for target in TARGETS}
