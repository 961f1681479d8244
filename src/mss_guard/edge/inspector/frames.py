"""Frames on a worker's socketpair: a length in 4 bytes, most significant first, then that many bytes; both ways.

The worker's side blocks (`read`, `write`): with RLIMIT_NOFILE at 0 neither poll(2) nor a time-out is to be had, and
none is needed, since the front ends a worker that is late. The front's side is asyncio's (`Stream`) and bounded by the
caller's time-out.
"""

from __future__ import annotations

import asyncio
import os
import socket
from typing import Final

HEADER: Final = 4
MAX_TO_WORKER: Final = 256 * 1024 * 1024
"""Most bytes of one frame from the front: a message (limits.size) or the packed rules."""
PIECE: Final = 64 * 1024
"""Bytes taken in at a time; a longer frame from the front goes out by itself, uncopied."""


class FrameError(Exception):
    """The other side said a length that it may not say."""


class EndError(Exception):
    """The stream ended inside a frame, or where one was awaited."""


def header(length: int) -> bytes:
    """The frame header for `length` bytes."""
    return length.to_bytes(HEADER, "big")


# --- the worker's side ------------------------------------------------------------------------------------------------


def read(fd: int, most: int = MAX_TO_WORKER) -> bytes | None:
    """The next frame, or None at a clean end of the stream; raises FrameError."""
    start = os.read(fd, HEADER)
    if not start:
        return None
    length = int.from_bytes(start + _exactly(fd, HEADER - len(start)), "big")
    if length > most:
        raise FrameError("length over the bound")
    return _exactly(fd, length)


def write(fd: int, body: bytes) -> None:
    """One frame, whole; raises OSError when the front is gone."""
    rest = memoryview(header(len(body)) + body)
    while rest:
        rest = rest[os.write(fd, rest) :]


def _exactly(fd: int, length: int) -> bytes:
    body = bytearray(length)
    rest = memoryview(body)
    while rest:
        count = os.readv(fd, [rest])
        if not count:
            raise EndError
        rest = rest[count:]
    rest.release()
    return bytes(body)


# --- the front's side -------------------------------------------------------------------------------------------------


class Stream:
    """The front's end of a socketpair. What comes is taken in whole pieces, since a frame and its length come together
    and each turn of the event loop costs more than the copy.
    """

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._loop = asyncio.get_running_loop()
        self._come = bytearray()

    async def send(self, *bodies: bytes) -> None:
        """Each of `bodies` as a frame; a large one is not copied. Raises EndError when the worker is gone."""
        ready = bytearray()
        try:
            for body in bodies:
                ready += header(len(body))
                if len(body) > PIECE:
                    await self._loop.sock_sendall(self._sock, ready)
                    await self._loop.sock_sendall(self._sock, body)
                    ready = bytearray()
                else:
                    ready += body
            if ready:
                await self._loop.sock_sendall(self._sock, ready)
        except OSError as error:
            raise EndError from error

    async def receive(self, most: int) -> bytes:
        """The next frame. Raises EndError, or FrameError for a length over `most`, before more than a piece of its
        bytes is taken in.
        """
        while len(self._come) < HEADER:
            await self._more()
        length = int.from_bytes(self._come[:HEADER], "big")
        if length > most:
            raise FrameError("length over the bound")
        while len(self._come) < HEADER + length:
            await self._more()
        body = bytes(memoryview(self._come)[HEADER : HEADER + length])
        del self._come[: HEADER + length]
        return body

    @property
    def silent(self) -> bool:
        """Whether nothing waits to be read: neither the end of the stream nor a word that nobody asked for."""
        if self._come:
            return False
        try:
            self._sock.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT)
        except BlockingIOError:
            return True
        except OSError:
            return False
        return False

    async def _more(self) -> None:
        try:
            piece = await self._loop.sock_recv(self._sock, PIECE)
        except OSError as error:
            raise EndError from error
        if not piece:
            raise EndError
        self._come += piece
