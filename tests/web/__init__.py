"""The HTTP face: what it answers, and when it cannot."""
