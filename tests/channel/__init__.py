"""Channel files and settings: options, traps of YAML, checks across files, the pages written from the code."""
