"""Messages made fit to be kept as cases: an allow-list of fields keeps its values, everything else is replaced or dropped. Pure."""
