"""Why a connection is not read, and why it ends: the words of events."""

from enum import StrEnum


class Pause(StrEnum):
    """Why a connection is not read. It is read again when no reason is left."""

    OWN_LIMIT = "own-limit"
    SHARED_LIMIT = "shared-limit"
    SLOW_PEER = "slow-peer"
    RATE = "rate"
    LARGE_FRAMES = "large-frames"  # begun elsewhere; this one waits for its turn


class End(StrEnum):
    """Why a connection was closed, or is about to be."""

    PEER = "peer-closed"
    IDLE = "idle-timeout"
    FRAME = "frame-timeout"
    HANDSHAKE = "handshake-timeout"
    SLOW_PEER = "slow-peer"
    UNSTORED = "not-stored"
    STOPPING = "stopping"
