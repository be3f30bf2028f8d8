"""EHR look-alikes and a hospital's day of traffic: the demo, the tests, the soak and the benchmark share this one.

It stands outside the engine and speaks to it over the wire only, so what it counts is evidence that the engine did
not make.
"""
