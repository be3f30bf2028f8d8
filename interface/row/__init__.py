"""What the pipeline and the store give each other: flat rows, opened and ready to use; what people see is `interface.view`."""
