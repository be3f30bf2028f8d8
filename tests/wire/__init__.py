"""MLLP over wires in memory, where time stands still until a test moves it, and over real sockets."""
