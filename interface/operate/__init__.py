"""What an operator may do, one function per act, each audited."""
