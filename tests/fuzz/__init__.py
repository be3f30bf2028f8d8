"""Bad input by machine: what must hold for any bytes, inputs that were worth keeping, and two ways to look for more."""
