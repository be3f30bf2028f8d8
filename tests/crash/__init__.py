"""Evidence that kill -9 and a lost flush lose nothing that was acknowledged: programs of load and blows, and independent checkers."""
