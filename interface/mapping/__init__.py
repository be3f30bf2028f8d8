"""The mapping language: rules written by integration analysts, checked in full, compiled to plain closures. Pure."""
