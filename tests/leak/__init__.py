"""No secret lies in the clear: values are planted, an engine lives with them, and all that it left behind is searched."""
