"""Messages without their people: nothing of an original is left, and what is left keeps its shape."""
