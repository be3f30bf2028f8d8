"""The tutorial, done as it is written."""
