"""People by the words of their names, each kept as its keyed hash."""

from collections.abc import Iterable

from interface.ledger.entity import Entity
from interface.ledger.noun import Noun
from interface.ledger.word import words
from interface.store.vault import Vault

_PARTS = ("family", "given", "middle")


def name_of(one: Entity) -> list[str]:
    """What a person, or an organisation that answers for an account, is called; nothing of what has no name."""
    said = [*(one.value("name", part) for part in _PARTS), one.value("organisation", "organisation")]
    return [str(each) for each in said if each]


def word_keys(vault: Vault, noun: Noun, texts: Iterable[str]) -> set[int]:
    """The look-ups of every word in these texts."""
    return {vault.search_key(f"{noun} word", word) for word in words(texts)}
