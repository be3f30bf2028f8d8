"""The running engine: parts as processes, threads and the reactor; start, drain, stop."""
