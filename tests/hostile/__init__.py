"""Bad input by hand: what senders and destinations do wrong, what they are told, and what a person sees of it."""
