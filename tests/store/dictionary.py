"""`python -m tests.store.dictionary NAME`: train a compression dictionary on simulated traffic and put it beside the others.

Never trained on anything else: a dictionary holds pieces of what it was made from, and it is shipped.
"""

import sys
from pathlib import Path

from interface.simulate.traffic import morning
from interface.store import compress
from interface.store.compress import zstd

_SIZE_BYTES = 16 * 1024
_HOSPITALS = range(100, 108)  # seeds
_PATIENTS = 60  # of each hospital


def train() -> bytes:
    """A dictionary of `_SIZE_BYTES`."""
    samples = [sent.content for seed in _HOSPITALS for sent in morning(seed, _PATIENTS)]
    return bytes(zstd.train_dict(samples, _SIZE_BYTES).dict_content)


def main() -> None:
    """Write the file; one that exists is kept, because stored frames may need it."""
    path = Path(compress.__file__).parent / "dictionaries" / f"{sys.argv[1]}.zdict"
    with path.open("xb") as file:
        file.write(train())


if __name__ == "__main__":
    main()
