"""Frames arrive as they were sent; what is no frame is refused."""

import json
import socket
import struct
import threading
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from nearsight.errors import ModelError
from nearsight.models.worker import frames
from nearsight.models.worker.frames import ChannelClosedError, pack, receive, send

Pair = tuple[socket.socket, socket.socket]


@pytest.fixture
def pair() -> Iterator[Pair]:
    """Both ends of a channel."""
    here, there = socket.socketpair()
    with here, there:
        yield here, there


def raw(described: Any, body: bytes = b"", head: Any = None, **changes: Any) -> bytes:
    """Return a frame made by hand, of which parts may be wrong."""
    text = changes.get("text", json.dumps({"head": head or {}, "arrays": described}).encode())
    magic = changes.get("magic", b"nsw1")
    lengths = changes.get("lengths", (len(text), len(body)))
    return struct.pack("<4sIQ", magic, *lengths) + text + body


def test_what_is_sent_arrives(pair: Pair) -> None:
    arrays = {
        "real": np.random.default_rng(0).normal(size=(3, 4, 5)),
        "single": np.float32([0.1, np.nan, -np.inf]),
        "turned": np.arange(12.0).reshape(3, 4).T,
        "whole": np.array([[-1, 2**62]]),
        "true": np.array([True, False, True]),
        "none": np.zeros((0, 3)),
        "scalar": np.float64(2.5),
    }
    head = {"verb": "é", "options": [1, None, 2.5, {"a": True}]}
    send(pair[0], pack(head, arrays))
    frame = receive(pair[1])
    assert frame.head == head
    assert list(frame.arrays) == list(arrays)
    for name, array in arrays.items():
        np.testing.assert_array_equal(frame.arrays[name], array)
        assert frame.arrays[name].shape == np.shape(array)
    assert {array.dtype.str for array in frame.arrays.values()} == {"<f8", "<i8", "|b1"}


def test_large_frames_and_many_arrays(pair: Pair) -> None:
    arrays = {str(index): np.full(index % 7, float(index)) for index in range(3000)}
    arrays["large"] = np.arange(10.0**6)
    thread = threading.Thread(target=send, args=(pair[0], pack({}, arrays)))
    thread.start()
    frame = receive(pair[1])
    thread.join()
    assert all(np.array_equal(frame.arrays[name], array) for name, array in arrays.items())


@pytest.mark.parametrize(
    "array",
    [np.array(["text"]), np.array([1j]), np.array([None]), np.array([b"1"]), np.longdouble([1])],
    ids=lambda array: array.dtype.name,
)
def test_only_numbers_are_sent(array: np.ndarray) -> None:
    with pytest.raises(ModelError, match="which no message to a model can"):
        pack({}, {"array": array})


def test_what_is_too_large_is_not_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frames, "MAX_BODY_BYTES", 79)
    with pytest.raises(ModelError, match="80 bytes is too large"):
        pack({}, {"array": np.zeros(10)})


MALFORMED = {
    "magic": raw([], magic=b"GET "),
    "long head": raw([], lengths=(2**31, 0)),
    "long body": raw([], lengths=(2, 2**60)),
    "no JSON": raw([], text=b"{'a': 1}"),
    "no UTF-8": raw([], text=b'{"head": "\xff", "arrays": []}'),
    "deep JSON": raw([], text=100_000 * b"["),
    "no object": raw([], text=b"[]"),
    "other parts": raw([], text=b'{"head": {}}'),
    "head of text": raw([], head="text"),
    "no descriptions": raw(5),
    "half a description": raw([["a", "<f8"]]),
    "pickled": raw([["a", "|O8", [1]]], 8 * b"\0"),
    "text": raw([["a", "<U2", [1]]], 8 * b"\0"),
    "single precision": raw([["a", "<f4", [2]]], 8 * b"\0"),
    "dtype of another kind": raw([["a", ["<f8"], [1]]], 8 * b"\0"),
    "negative extent": raw([["a", "<f8", [-1]], ["b", "<f8", [2]]], 8 * b"\0"),
    "fraction of an extent": raw([["a", "<f8", [1.0]]], 8 * b"\0"),
    "true extent": raw([["a", "<f8", [True]]], 8 * b"\0"),
    "five dimensions": raw([["a", "<f8", [1, 1, 1, 1, 1]]], 8 * b"\0"),
    "twice": raw([["a", "<f8", [1]], ["a", "<f8", [1]]], 16 * b"\0"),
    "no name": raw([[1, "<f8", [1]]], 8 * b"\0"),
    "longer than the body": raw([["a", "<f8", [2]]], 8 * b"\0"),
    "shorter than the body": raw([["a", "<f8", [1]]], 16 * b"\0"),
    "impossible extent": raw([["a", "<f8", [0, 2**33, 2**33, 2**33]]]),
    "neither true nor false": raw([["a", "|b1", [2]]], b"\1\2"),
}


@pytest.mark.parametrize("sent", MALFORMED.values(), ids=MALFORMED.keys())
def test_malformed_frames_are_refused(pair: Pair, sent: bytes) -> None:
    pair[0].sendall(sent)
    with pytest.raises(ModelError, match="is malformed"):
        receive(pair[1])


def test_what_is_too_deep_is_not_even_read(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    # A process in which some package allows it would recurse until its stack ends.
    monkeypatch.setattr(frames.json, "loads", None)
    pair[0].sendall(raw([], text=100_000 * b"["))
    with pytest.raises(ModelError, match="nested too deeply"):
        receive(pair[1])


def test_brackets_within_texts_are_not_nesting(pair: Pair) -> None:
    text = 300 * "[" + '"' + 300 * "{"
    send(pair[0], pack({"text": text}, {}))
    assert receive(pair[1]).head == {"text": text}


@pytest.mark.parametrize("length", [0, 7, 20, -1])
def test_end_of_the_channel_is_noticed(pair: Pair, length: int) -> None:
    pair[0].sendall(raw([["a", "<f8", [1]]], 8 * b"\0")[:length])
    pair[0].close()
    with pytest.raises(ChannelClosedError):
        receive(pair[1])
    with pytest.raises(ChannelClosedError):
        send(pair[1], pack({}, {}))
