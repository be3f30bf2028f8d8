"""Evidence that kill -9 and a lost flush lose nothing acknowledged: programs of load and blows, independent checkers."""
