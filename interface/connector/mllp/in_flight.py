"""The bound that all sources of a process share: what they hold between wire and durable store, begun frames included.

Full means: read no more; never: drop. Handed-over frames leave by being stored, so whoever waits for them waits a moment.
Begun ones leave only when their senders go on, so these are held back with care: small frames are never held back for
begun ones, and of the large ones the eldest is always read on. No set of senders can bring the others to a standstill.
"""

from collections.abc import Callable

_SMALL_BYTES = 64 * 1024  # one read; nearly every message is smaller

GoOn = Callable[[], None]


class InFlight:
    """Counts frames and bytes. Connections look after each read, so that each passes the bound by a small frame and a read."""

    def __init__(self, max_frames: int = 2048, max_bytes: int = 64 * 1024 * 1024) -> None:
        """Begun frames may take half of `max_bytes`, and the eldest large one what it still lacks."""
        self._max_frames = max_frames
        self._max_bytes = max_bytes
        self._frames = 0
        self._bytes = 0
        self._begun: dict[GoOn, int] = {}  # bytes of each frame that has begun
        self._begun_bytes = 0
        self._large: dict[GoOn, None] = {}  # those beyond a small one, in the order in which they became so
        self._held_back: dict[GoOn, None] = {}  # large begun frames that are not read on; a set that keeps its order
        self._waiting: dict[GoOn, None] = {}

    @property
    def is_full(self) -> bool:
        """Whether connections must stop reading, whatever they read."""
        return self._frames >= self._max_frames or self._bytes >= self._bytes_left_by_begun()

    @property
    def held_bytes(self) -> int:
        """All that is held, begun frames included."""
        return self._bytes + self._begun_bytes

    # ------------------------------------------------------------ handed over

    def take(self, size_bytes: int) -> None:
        """Count a frame in."""
        self._frames += 1
        self._bytes += size_bytes

    def release(self, size_bytes: int) -> None:
        """Count a frame out."""
        self._frames -= 1
        self._bytes -= size_bytes
        self._call_waiting()

    def when_free(self, resume: GoOn) -> None:
        """Call `resume` once when half is free again: not to stop and start for each frame."""
        self._waiting[resume] = None

    # ------------------------------------------------------------ begun

    def hold(self, go_on: GoOn, size_bytes: int) -> bool:
        """Note how much of a begun frame a connection holds, 0 where it holds none; gives whether it may be read on.

        Where not, `go_on` is called once it may.
        """
        before = self._begun.get(go_on, 0)
        self._note(go_on, size_bytes, is_another=size_bytes < before)
        if size_bytes < before:
            self._let_go_on()
            self._call_waiting()
        if size_bytes <= _SMALL_BYTES or self._begun_bytes < self._max_bytes // 2 or go_on == self._eldest():
            return True
        self._held_back[go_on] = None
        return False

    def _note(self, go_on: GoOn, size_bytes: int, is_another: bool) -> None:
        self._begun_bytes += size_bytes - self._begun.pop(go_on, 0)
        if size_bytes:
            self._begun[go_on] = size_bytes
        if is_another or size_bytes <= _SMALL_BYTES:
            self._large.pop(go_on, None)
        if size_bytes > _SMALL_BYTES:
            self._large.setdefault(go_on)

    def forget(self, resume: GoOn, go_on: GoOn) -> None:
        """Call neither any more; their connection is gone."""
        self._waiting.pop(resume, None)
        self._held_back.pop(go_on, None)
        self.hold(go_on, 0)

    def _eldest(self) -> GoOn | None:
        # By when they became large, not by when they began: who was small for long would take the place of one that
        # has grown on, and then the next of it, until every connection held a whole frame.
        return next(iter(self._large), None)

    def _let_go_on(self) -> None:
        if not self._held_back:
            return
        is_roomy = self._begun_bytes <= self._max_bytes // 4
        eldest = self._eldest()
        for go_on in [one for one in self._held_back if is_roomy or one == eldest]:
            del self._held_back[go_on]
            go_on()

    def _call_waiting(self) -> None:
        if self._waiting and self._frames <= self._max_frames // 2 and self._bytes <= self._bytes_left_by_begun() // 2:
            waiting, self._waiting = self._waiting, {}
            for resume in waiting:
                resume()

    def _bytes_left_by_begun(self) -> int:
        return self._max_bytes - min(self._begun_bytes, self._max_bytes // 2)
