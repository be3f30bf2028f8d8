"""The engine where the machine fails it: full disks, lost databases, clocks that jump, limits of the system."""
