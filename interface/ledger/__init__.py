"""What we hold to be true: patients, guarantors, accounts, encounters, the money journal. Pure."""
