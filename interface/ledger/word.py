"""Names as words that can be looked for: whole, without case and accents. `Núñez-Smith` is `nunez` and `smith`."""

import re
import unicodedata
from collections.abc import Iterable

_APART = re.compile(r"[\W_]+")


def words(texts: Iterable[str]) -> frozenset[str]:
    """Every word of these texts."""
    plain = unicodedata.normalize("NFKD", " ".join(texts)).casefold()
    bare = "".join(each for each in plain if not unicodedata.combining(each))
    return frozenset(_APART.split(bare)) - {""}
