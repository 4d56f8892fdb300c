"""Messages between two processes: JSON and arrays of numbers, nothing that could be executed.

A frame is a header of fixed size (magic, bytes of the head, bytes of the body), a head of JSON and
a body: the arrays that the head describes, one after the other. All numbers are little-endian.
"""

import json
import math
import select
import socket
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from nearsight.bounded_json import parse_json
from nearsight.errors import ModelError

_MAGIC = b"nsw1"
_HEADER = struct.Struct("<4sIQ")
MAX_HEAD_BYTES = 2**26
MAX_BODY_BYTES = 2**33
_DTYPES = {"f": "<f8", "i": "<i8", "u": "<i8", "b": "|b1"}
_MAX_DIMENSIONS = 4
_MOST_BUFFERS = 512  # the system takes 1024 at once

Arrays = Mapping[str, NDArray[Any]]

Wait = Callable[[int], None]
"""Return when the channel is ready for ``select.POLLIN`` or ``select.POLLOUT``, or raise."""


class ChannelClosedError(Exception):
    """The other side is gone."""


@dataclass(frozen=True)
class Frame:
    """One message."""

    head: dict[str, Any]
    arrays: dict[str, NDArray[Any]] = field(default_factory=dict)


def pack(head: Mapping[str, Any], arrays: Arrays) -> list[memoryview]:
    """Return one frame as buffers to be sent one after the other.

    Parameters
    ----------
    head
        What JSON can hold.
    arrays
        Real numbers or truth values; they arrive as float64, int64 or bool.

    Raises
    ------
    ModelError
        The message is too large, or an array holds something else.
    """
    plain = {name: _plain(name, array) for name, array in arrays.items()}
    described = [[name, array.dtype.str, array.shape] for name, array in plain.items()]
    text = json.dumps({"head": head, "arrays": described}).encode()
    n_bytes = sum(array.nbytes for array in plain.values())
    if len(text) > MAX_HEAD_BYTES or n_bytes > MAX_BODY_BYTES:
        raise ModelError(
            f"a message of {len(text)} and {n_bytes} bytes is too large for a model in an "
            f"environment of its own; ask for fewer structures at once."
        )
    start = memoryview(_HEADER.pack(_MAGIC, len(text), n_bytes) + text)
    return [start, *(_bytes_of(array) for array in plain.values() if array.size)]


def send(channel: socket.socket, buffers: list[memoryview], wait: Wait | None = None) -> None:
    """Send what `pack` returned.

    Parameters
    ----------
    channel
        A stream socket; one that does not block needs `wait`.
    buffers
        The frame.
    wait
        Called where the channel takes no more for now.

    Raises
    ------
    ChannelClosedError
        The other side is gone.
    """
    while buffers:
        try:
            sent = channel.sendmsg(buffers[:_MOST_BUFFERS])
        except BlockingIOError:
            assert wait is not None
            wait(select.POLLOUT)
        except (BrokenPipeError, ConnectionResetError) as error:
            raise ChannelClosedError from error
        else:
            buffers = _after(buffers, sent)


def receive(channel: socket.socket, wait: Wait | None = None) -> Frame:
    """Return the next frame.

    Raises
    ------
    ModelError
        What came is no frame.
    ChannelClosedError
        The other side is gone.
    """
    header = bytearray(_HEADER.size)
    _fill(channel, memoryview(header), wait)
    magic, head_bytes, body_bytes = _HEADER.unpack(header)
    if magic != _MAGIC:
        _refuse(f"it begins with {bytes(magic)!r}")
    if head_bytes > MAX_HEAD_BYTES or body_bytes > MAX_BODY_BYTES:
        _refuse(f"it claims to have {head_bytes} and {body_bytes} bytes")
    text = bytearray(head_bytes)
    _fill(channel, memoryview(text), wait)
    try:
        content = parse_json(text)
    except ValueError as error:
        _refuse(f"its head is no JSON: {error}")
    if not isinstance(content, dict) or content.keys() != {"head", "arrays"}:
        _refuse("its head has other parts")
    if not isinstance(content["head"], dict):
        _refuse("its head has other parts")
    arrays = _described(content["arrays"], body_bytes)
    for name, array in arrays.items():
        _fill(channel, _bytes_of(array), wait)
        if array.dtype == bool and array.size and array.view(np.uint8).max() > 1:
            _refuse(f"{name!r} holds something else than true and false")
    return Frame(content["head"], arrays)


def _plain(name: str, array: NDArray[Any]) -> NDArray[Any]:
    given = np.asarray(array)
    dtype = _DTYPES.get(given.dtype.kind)
    if dtype is None or given.dtype.itemsize > 8:
        raise ModelError(f"{name} holds {given.dtype}, which no message to a model can.")
    return np.ascontiguousarray(given, dtype=dtype).reshape(given.shape)


def _described(described: Any, body_bytes: int) -> dict[str, NDArray[Any]]:
    """Return arrays to be filled, once it is certain that together they are the body."""
    shapes: dict[str, tuple[str, tuple[int, ...]]] = {}
    total = 0
    try:
        for name, dtype, shape in described:
            counts = all(type(n) is int and 0 <= n <= MAX_BODY_BYTES for n in shape)
            known = type(name) is str and name not in shapes and dtype in _DTYPES.values()
            if not (known and counts and len(shape) <= _MAX_DIMENSIONS):
                _refuse(f"it describes an array as {name!r}, {dtype!r}, {shape!r}")
            shapes[name] = dtype, tuple(shape)
            total += math.prod(shape) * np.dtype(dtype).itemsize
    except (TypeError, ValueError) as error:
        _refuse(f"it describes no arrays: {error}")
    if total != body_bytes:
        _refuse(f"its arrays take {total} bytes, its body {body_bytes}")
    try:
        return {name: np.empty(shape, dtype) for name, (dtype, shape) in shapes.items()}
    except ValueError as error:  # an empty array of impossible extent
        _refuse(str(error))


def _bytes_of(array: NDArray[Any]) -> memoryview:
    return array.reshape(-1).view(np.uint8).data


def _after(buffers: list[memoryview], sent: int) -> list[memoryview]:
    """Return what is left of `buffers` after their first `sent` bytes."""
    for index, buffer in enumerate(buffers):
        if sent < len(buffer):
            return [buffer[sent:], *buffers[index + 1 :]]
        sent -= len(buffer)
    return []


def _fill(channel: socket.socket, buffer: memoryview, wait: Wait | None) -> None:
    while len(buffer):
        try:
            received = channel.recv_into(buffer)
        except BlockingIOError:
            assert wait is not None
            wait(select.POLLIN)
        except ConnectionResetError as error:
            raise ChannelClosedError from error
        else:
            if received == 0:
                raise ChannelClosedError
            buffer = buffer[received:]


def _refuse(reason: str) -> NoReturn:
    raise ModelError(f"a message between Nearsight and a model's process is malformed: {reason}.")
