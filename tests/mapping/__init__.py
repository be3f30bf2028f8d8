"""The mapping language: what rules make of messages, what is found wrong when files are read, what goes out."""
