"""Make the tensor products that e3nn generates cheap to differentiate, without changing a number.

e3nn writes each product as a graph of small operations. Two habits of those graphs cost more than
the arithmetic: they cut their operands with one slice per path, and the reverse of a slice fills a
whole tensor with zeros; and they form outer products that nothing uses.
"""

import operator
from typing import Any

import torch
from torch import fx


def simplify_products(model: torch.nn.Module) -> None:
    """Rewrite every generated graph in `model`: one split for many slices, nothing unused.

    The reverse of a split is one concatenation. Graphs that e3nn has compiled to TorchScript cannot
    be rewritten; build the model with ``jit_script_fx=False``.
    """
    for module in model.modules():
        if isinstance(module, fx.GraphModule):
            for node in list(module.graph.nodes):
                _split_slices(module.graph, node)
                if node.op == "call_function" and node.target is torch.cat:
                    node.target = concatenate
            module.graph.eliminate_dead_code(_changes_something)
            module.recompile()


def concatenate(tensors: list[torch.Tensor], dim: int) -> torch.Tensor:
    """Return `torch.cat` of `tensors`, with a reverse that is one split instead of many slices."""
    result: torch.Tensor = _Concatenate.apply(dim, *tensors)
    return result


class _Concatenate(torch.autograd.Function):
    generate_vmap_rule = True

    @staticmethod
    def forward(dim: int, *tensors: torch.Tensor) -> torch.Tensor:
        return torch.cat(tensors, dim)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: torch.Tensor) -> None:  # noqa: ARG004  # PyTorch passes it by name
        ctx.dim = inputs[0]
        ctx.sizes = [tensor.shape[inputs[0]] for tensor in inputs[1:]]

    @staticmethod
    def backward(ctx: Any, gradient: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        return (None, *torch.split(gradient, ctx.sizes, ctx.dim))


def _changes_something(node: fx.Node) -> bool:
    in_place = node.op == "call_method" and str(node.target).endswith("_")
    return in_place or node.is_impure()


def _split_slices(graph: fx.Graph, source: fx.Node) -> None:
    """Replace the slices of ``source = x.reshape(..., width)`` by the pieces of one split."""
    width = _reshaped_width(source)
    slices = sorted(
        ((*interval, user) for user in source.users if (interval := _interval(user)) is not None),
        key=lambda piece: piece[:2],
    )
    if width is None or len(slices) < 2:
        return
    sizes: list[int] = []
    pieces: list[tuple[int, fx.Node]] = []
    position = 0
    for start, stop, user in slices:
        if start < position:  # overlapping slices are no pieces of a split
            return
        if start > position:
            sizes.append(start - position)
        pieces.append((len(sizes), user))
        sizes.append(stop - start)
        position = stop
    if position > width:
        return
    if position < width:
        sizes.append(width - position)
    with graph.inserting_after(source):
        split = graph.call_function(torch.split, (source, sizes, -1))
    for index, user in pieces:
        with graph.inserting_before(user):
            piece = graph.call_function(operator.getitem, (split, index))
        user.replace_all_uses_with(piece)
        graph.erase_node(user)


def _reshaped_width(node: fx.Node) -> int | None:
    if node.op != "call_method" or node.target != "reshape" or len(node.args) != 3:
        return None
    width = node.args[-1]
    return width if isinstance(width, int) and width > 0 else None


def _interval(node: fx.Node) -> tuple[int, int] | None:
    """Return (start, stop) of ``x[:, start:stop]``."""
    if node.op != "call_function" or node.target is not operator.getitem:
        return None
    index: Any = node.args[1]
    if not (isinstance(index, tuple) and len(index) == 2 and index[0] == slice(None)):
        return None
    columns = index[1]
    if not isinstance(columns, slice) or columns.step is not None:
        return None
    return (columns.start or 0, columns.stop) if isinstance(columns.stop, int) else None
