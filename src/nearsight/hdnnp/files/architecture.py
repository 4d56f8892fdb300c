"""Numbers of nodes and activations of each network, as keywords of `input.nn` say them."""

from dataclasses import dataclass

from nearsight.hdnnp.files.input_nn import InputNN
from nearsight.hdnnp.files.lines import Line, shown
from nearsight.hdnnp.networks import ACTIVATIONS

_MOST_LAYERS = 1000
_MOST_NODES = 1_000_000


@dataclass(frozen=True)
class Architecture:
    """Layers of the network of one element behind its inputs."""

    nodes: tuple[int, ...]
    """Of each layer; that of the output is 1."""
    activations: tuple[str, ...]
    """Of each layer, that of the output last."""


def architecture(said: InputNN, symbol: str) -> Architecture:
    """Return the layers of the network of an element.

    Raises
    ------
    ModelError
        The keywords do not say it, or contradict each other.
    """
    n_for_all = _number_for_all(said)
    own = _own(said, "element_hidden_layers_short", symbol)
    if len(own) > 1:
        raise own[1].error(f"{symbol} has a line of “{own[1].keyword}” already; take one out.")
    n_hidden = own[0].count(2, "the number of hidden layers") if own else n_for_all
    if n_hidden is None:
        raise said.error(
            f"the number of hidden layers of {symbol} is not said; add "
            f"“global_hidden_layers_short”."
        )
    if n_hidden > _MOST_LAYERS:
        raise said.error(f"{n_hidden:,} hidden layers of {symbol} are more than any network has.")
    like_all = n_hidden == n_for_all
    return Architecture(
        (*_nodes(said, symbol, n_hidden, like_all), 1),
        _activations(said, symbol, n_hidden, like_all),
    )


def _number_for_all(said: InputNN) -> int | None:
    """Return the number of hidden layers that is said for all elements, if there is one."""
    line = said.one("global_hidden_layers_short")
    if line is not None:
        return line.count(1, "“global_hidden_layers_short”")
    if said.is_runner_2:
        return len(said.required("global_nodes_short").arguments)
    return None


def _own(said: InputNN, keyword: str, symbol: str) -> list[Line]:
    return [line for line in said.all(keyword) if line.arguments[:1] == (symbol,)]


def _nodes(said: InputNN, symbol: str, n_hidden: int, like_all: bool) -> tuple[int, ...]:
    own = _own(said, "element_nodes_short", symbol)
    for_all = said.one("global_nodes_short")
    if own and len(own[0].arguments) == n_hidden + 1 and len(own) == 1:
        nodes = _counts(own[0], 2)
    elif own:
        nodes = _node_by_node(own, symbol, n_hidden, for_all if like_all else None)
    elif for_all is not None and like_all:
        nodes = _counts(for_all, 1)
        if len(nodes) != n_hidden:
            raise for_all.error(
                f"“{for_all.keyword}” has {len(nodes)} numbers, and there are {n_hidden} hidden "
                f"layers; correct one of the two."
            )
    elif n_hidden == 0:
        nodes = ()
    else:
        raise said.error(
            f"the nodes of the {n_hidden} hidden layers of {symbol} are not said; add "
            f"“element_nodes_short {symbol}” with a number for each."
        )
    return nodes


def _node_by_node(
    own: list[Line], symbol: str, n_hidden: int, for_all: Line | None
) -> tuple[int, ...]:
    """Return nodes that are said as RuNNer has it: a line for each layer, with its number."""
    nodes: list[int | None] = [None] * n_hidden
    if for_all is not None:
        nodes[:] = _counts(for_all, 1)[:n_hidden]
    for line in own:
        if len(line.arguments) != 3 or not 1 <= line.count(2, "the layer") <= n_hidden:
            raise line.error(
                f"“{line.keyword}” has the element and the nodes of its {n_hidden} hidden layers "
                f"behind it, or the element, a layer and the nodes of that; correct the line."
            )
        nodes[line.count(2, "the layer") - 1] = _counts(line, 3)[0]
    if len(nodes) != n_hidden or None in nodes:
        raise own[0].error(
            f"the nodes of all {n_hidden} hidden layers of {symbol} are not said; write "
            f"“{own[0].keyword} {symbol}” with a number for each."
        )
    return tuple(number for number in nodes if number is not None)


def _counts(line: Line, first: int) -> tuple[int, ...]:
    numbers = tuple(
        line.count(index, "a number of nodes") for index in range(first, len(line.words))
    )
    for number in numbers:
        if not 0 < number <= _MOST_NODES:
            raise line.error(f"a layer has some nodes, not {number:,}; correct the line.")
    return numbers


def _activations(said: InputNN, symbol: str, n_hidden: int, like_all: bool) -> tuple[str, ...]:
    own = _own(said, "element_activation_short", symbol)
    for_all = said.one("global_activation_short")
    # RuNNer names layer and node by numbers in front of the letter.
    by_node = any(word.isdecimal() for line in own for word in line.arguments)
    if len(own) > 1 or by_node or (own and len(own[0].arguments) != n_hidden + 2):
        raise own[-1].error(
            f"“{own[-1].keyword}” has {symbol} and the letters of {n_hidden} hidden layers and the "
            f"output behind it, in one line; activations of single nodes are not computed by "
            f"Nearsight."
        )
    if own:
        line, letters = own[0], own[0].arguments[1:]
    elif for_all is not None and like_all:
        line, letters = for_all, for_all.arguments
    else:
        raise said.error(
            f"the activations of {symbol} are not said; add “element_activation_short {symbol}” "
            f"with a letter for each hidden layer and the output."
        )
    if len(letters) != n_hidden + 1:
        raise line.error(
            f"“{line.keyword}” has {len(letters)} letters, and there are {n_hidden} hidden layers "
            f"and an output; correct the line."
        )
    for letter in letters:
        if letter not in ACTIVATIONS:
            raise line.error(
                f"there is no activation {shown(letter)}; known are {', '.join(ACTIVATIONS)}."
            )
    if own and for_all is not None and like_all and letters[-1:] != for_all.arguments[-1:]:
        raise line.error(
            f"the output of {symbol} has the activation {letters[-1]} here and "
            f"{shown(for_all.arguments[-1] if for_all.arguments else '')} in line "
            f"{for_all.number}, which n2p2 takes in its place; write the same letter."
        )
    return letters
