"""Frames on a worker's socketpair: a length in 4 bytes, most significant first, then that many bytes; both ways.

The worker's side blocks (`read`, `write`): with RLIMIT_NOFILE at 0 neither poll(2) nor a time-out is to be had, and
none is needed, since the front ends a worker that is late. The front's side is asyncio's (`send`, `receive`) and
bounded by the caller's time-out.
"""

from __future__ import annotations

import asyncio
import os
import socket
from typing import Final

HEADER: Final = 4
MAX_TO_WORKER: Final = 256 * 1024 * 1024
"""Most bytes of one frame from the front: a message (limits.size) or the packed rules."""


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


async def send(sock: socket.socket, *bodies: bytes) -> None:
    """Each of `bodies` as a frame; a large one is not copied. Raises EndError when the worker is gone."""
    loop = asyncio.get_running_loop()
    try:
        for body in bodies:
            await loop.sock_sendall(sock, header(len(body)))
            await loop.sock_sendall(sock, body)
    except OSError as error:
        raise EndError from error


async def receive(sock: socket.socket, most: int) -> bytes:
    """The next frame. Raises EndError, or FrameError for a length over `most`, before any of its bytes is taken in."""
    length = int.from_bytes(await _take(sock, HEADER), "big")
    if length > most:
        raise FrameError("length over the bound")
    return await _take(sock, length)


def silent(sock: socket.socket) -> bool:
    """Whether nothing waits to be read: neither the end of the stream nor a word that nobody asked for."""
    try:
        sock.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


async def _take(sock: socket.socket, length: int) -> bytes:
    loop = asyncio.get_running_loop()
    body = bytearray(length)
    rest = memoryview(body)
    while rest:
        try:
            count = await loop.sock_recv_into(sock, rest)
        except OSError as error:
            raise EndError from error
        if not count:
            raise EndError
        rest = rest[count:]
    return bytes(body)
