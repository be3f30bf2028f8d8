"""Twenty-odd problems that real feeds have: for each, the reply on the wire and what a person sees, through a running engine."""
