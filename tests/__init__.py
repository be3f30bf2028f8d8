"""Tests of the engine, from pure units to real wires, databases and processes."""
