"""What the engine tells about itself: named events, each with its log line and its counter."""
