"""Channels as declared: the files' options, their loader, the checks across files, and the pages that describe them."""
