"""The engine's own files, and what it means where the system refuses them."""

from collections.abc import Iterator
from contextlib import contextmanager

from interface.errors import StoreUnavailableError


@contextmanager
def files_translated() -> Iterator[None]:
    """Turn the file system's refusals into ours."""
    try:
        yield
    except OSError as error:
        raise StoreUnavailableError(
            "home-unusable",
            f"the engine's files cannot be made or opened here ({error.strerror or type(error).__name__})",
            place=str(error.filename or "home"),
            advice="give a directory that this user may write to (--home DIR, or HP24_HOME; the key: HP24_KEY_FILE)",
        ) from error
