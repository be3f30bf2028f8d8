"""Evidence about the simulated EHR, so that what it counts elsewhere can be believed."""
