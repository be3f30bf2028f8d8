"""The wires: one folder for each way in or out."""
