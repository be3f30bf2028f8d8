"""The engine as a service: unit, container file, install without a network."""
