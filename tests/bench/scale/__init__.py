"""How cost, size, memory, search and restart behave while a store grows to a million messages."""
