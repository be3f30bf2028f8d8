"""The ledger's meanings, hazards, money rules and properties, on a store that lives in memory."""
