"""Cases: what analysts keep of a try, beside the mappings: messages in order, and what each is to do."""
