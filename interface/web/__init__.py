"""The HTTP face: an ASGI application over `operate`, and the server that it runs in. Opens no store of its own."""
