"""Counting: shared between processes, gone on with, exposed."""
