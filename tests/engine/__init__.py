"""The running engine as its senders and operators meet it: real processes, real sockets, both databases."""
