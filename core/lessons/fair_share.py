"""Divide computing time among the sessions that train at the same moment."""

from __future__ import annotations

import threading
import time

SLICE_SECONDS = 0.08
"""Training between two frames of a session that is alone."""
MIN_SLICE_SECONDS = 0.004
FRAME_SECONDS = 0.14
"""Time between two frames of a session that is alone."""
MAX_FRAME_SECONDS = 1.0
MAX_SESSIONS = 40
_ACTIVE_SECONDS = 3.0


class FairShare:
    """Register of active sessions; thread-safe. Slices are shortened, and frames delayed, in proportion to their number."""

    def __init__(self) -> None:
        self._seen: dict[str, float] = {}
        self._lock = threading.Lock()

    def enter(self, session: str) -> bool:
        """Note that `session` trains now. Returns False if too many others do."""
        now = time.monotonic()
        with self._lock:
            self._seen = {s: t for s, t in self._seen.items() if now - t < _ACTIVE_SECONDS}
            if session not in self._seen and len(self._seen) >= MAX_SESSIONS:
                return False
            self._seen[session] = now
            return True

    @property
    def num_active(self) -> int:
        """Number of sessions that have trained in the last seconds, at least 1."""
        return max(1, len(self._seen))

    def slice_seconds(self) -> float:
        """Seconds that one session may train before it sends a frame."""
        return max(MIN_SLICE_SECONDS, SLICE_SECONDS / self.num_active)

    def frame_seconds(self) -> float:
        """Seconds that a browser should wait before it asks for the next frame."""
        return min(MAX_FRAME_SECONDS, FRAME_SECONDS + 0.045 * (self.num_active - 1))
