"""What operators may do and look at, on a real store with a real pipeline."""
