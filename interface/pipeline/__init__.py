"""The spine: receive, sequence, process, deliver, replay, recover. Blocking functions; no sockets, no SQL."""
