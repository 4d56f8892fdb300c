"""`weights.ZZZ.data`: weights and biases of the network of one element."""

import itertools
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from ase.data import atomic_numbers

from nearsight.arrays import FloatArray
from nearsight.errors import ModelError
from nearsight.hdnnp.files.architecture import Architecture
from nearsight.hdnnp.files.lines import Line, content, lines_of, shown
from nearsight.hdnnp.networks import Layer, Network

_BYTES_PER_WEIGHT = 400
_BYTES_OF_COMMENTS = 2**20


WEIGHTS_FILES = "weights.[0-9][0-9][0-9].data"
"""Names of the files of all elements, as a pattern."""


def weights_file(symbol: str) -> str:
    """Return the name of the file of an element: ``weights.008.data`` for O."""
    return f"weights.{atomic_numbers[symbol]:03d}.data"


def read_weights(file: Path, symbol: str, n_inputs: int, layers: Architecture) -> Network:
    """Return the network of an element.

    Parameters
    ----------
    file
        For each layer its weights, those of the first input to every node before those of the
        second, then its biases; one in a line, alone or with the columns that say which it is.
    symbol
        The element.
    n_inputs
        How many symmetry functions it has.
    layers
        What `input.nn` says of its layers.

    Raises
    ------
    ModelError
        The file is missing, has more or fewer numbers than the layers need, or says itself that
        one of them belongs somewhere else.
    """
    sizes = (n_inputs, *layers.nodes)
    n_values = sum(before * after + after for before, after in itertools.pairwise(sizes))
    if not file.exists():
        raise _missing(file, symbol)
    text = content(file, _BYTES_OF_COMMENTS + _BYTES_PER_WEIGHT * n_values)
    lines = list(lines_of(file, text))
    if len(lines) != n_values:
        raise _other_number(file, symbol, sizes, lines, n_values)
    values = np.empty(n_values)
    for index, (line, place) in enumerate(zip(lines, _places(sizes), strict=True)):
        values[index] = line.real(0, f"weight {index + 1} of {symbol}")
        if len(line.words) > 1 and line.words[1:] != _columns(index, place):
            raise line.error(
                f"{shown(' '.join(line.words[1:]))} stands in the place of "
                f"{shown(' '.join(_columns(index, place)))}, as the layers {_named(sizes)} of "
                f"{symbol} in “input.nn” have it; the file is of another network, or its lines are "
                f"in another order."
            )
    return _network(values, sizes, layers.activations)


def weights_text(network: Network) -> Iterator[str]:
    """Yield the lines of a file of weights, with all digits."""
    yield "# Weights (a) and biases (b) of a network.\n"
    yield "# value, kind, index, layer and node where it starts, layer and node where it ends\n"
    values = np.concatenate(
        [part for each in network.layers for part in (each.weights.T.ravel(), each.biases)]
    )
    for index, (value, place) in enumerate(zip(values, _places(network.sizes), strict=True)):
        kind, *numbers = _columns(index, place)
        yield f"{value:24.16E} {kind}" + "".join(f" {number:>9}" for number in numbers) + "\n"


def _network(values: FloatArray, sizes: Sequence[int], activations: Sequence[str]) -> Network:
    layers, start = [], 0
    for before, after, activation in zip(sizes, sizes[1:], activations, strict=False):
        middle, end = start + before * after, start + before * after + after
        weights = np.ascontiguousarray(values[start:middle].reshape(before, after).T)
        layers.append(Layer(weights, values[middle:end].copy(), activation))
        start = end
    return Network(tuple(layers))


def _places(sizes: Sequence[int]) -> Iterator[tuple[int, ...]]:
    """Yield the layers and nodes that each number connects, one pair for a bias."""
    for layer, (before, after) in enumerate(itertools.pairwise(sizes), 1):
        for source in range(1, before + 1):
            for node in range(1, after + 1):
                yield layer - 1, source, layer, node
        for node in range(1, after + 1):
            yield layer, node


def _columns(index: int, place: tuple[int, ...]) -> tuple[str, ...]:
    return ("a" if len(place) == 4 else "b", str(index + 1), *map(str, place))


def _named(sizes: Sequence[int]) -> str:
    return "-".join(map(str, sizes))


def _missing(file: Path, symbol: str) -> ModelError:
    epochs = sorted(file.parent.glob(file.name.replace(".data", ".*.out")))
    remedy = (
        f"there are weights of {len(epochs)} epochs, the last in {epochs[-1].name}: copy those of "
        f"the best one to this name"
        if epochs
        else "copy it from where the potential was trained"
    )
    return ModelError(f"{file}, the weights of {symbol}, is missing; {remedy}.")


def _other_number(
    file: Path, symbol: str, sizes: Sequence[int], lines: Sequence[Line], n_values: int
) -> ModelError:
    theirs = _layers_of(lines)
    says = f" (it is of layers {_named(theirs)})" if theirs else ""
    n2p2 = (
        " n2p2 takes the last hidden layer from “global_nodes_short”, whatever "
        "“element_nodes_short” says."
    )
    return ModelError(
        f"{file} has {len(lines)} weights{says}, and the layers {_named(sizes)} of {symbol} in "
        f"“input.nn” have {n_values}; one is of another network, or the file is cut off."
        f"{n2p2 if theirs and theirs != tuple(sizes) else ''}"
    )


def _layers_of(lines: Sequence[Line]) -> tuple[int, ...]:
    """Return the layers that the lines themselves speak of, or nothing if they do not."""
    largest: dict[int, int] = {}
    for line in lines:
        kind, numbers = line.words[1:2], line.words[3:]
        if kind not in {("a",), ("b",)} or not all(each.isdecimal() for each in numbers):
            return ()
        for layer, node in zip(numbers[::2], numbers[1::2], strict=False):
            largest[int(layer)] = max(largest.get(int(layer), 0), int(node))
    return tuple(largest[layer] for layer in sorted(largest))
