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
    be rewritten: build the model with ``jit_script_fx=False``, or call `restore_graphs` first.
    """
    for module in model.modules():
        if isinstance(module, fx.GraphModule):
            for node in list(module.graph.nodes):
                _split_slices(module.graph, node)
                if node.target is torch.cat and node.kwargs.keys() <= {"tensors", "dim"}:
                    node.target = concatenate
            for node in reversed(module.graph.nodes):
                if not node.users and _only_computes(node):
                    module.graph.erase_node(node)
            module.recompile()


def restore_graphs(model: torch.nn.Module) -> None:
    """Put plain graphs in the place of compiled products, in a model that came out of a pickle.

    A pickle of e3nn 0.4 holds each product as TorchScript, however it was built. The graph is
    generated once more from what the product says about itself, and takes the constants of the
    compiled one, which may be rounded to another precision than fresh ones.
    """
    from e3nn.o3 import Linear, TensorProduct
    from e3nn.o3._linear import _codegen_linear
    from e3nn.o3._tensor_product._codegen import codegen_tensor_product_left_right

    for product in list(model.modules()):
        if isinstance(product, Linear):
            graph, *_ = _codegen_linear(
                product.irreps_in,
                product.irreps_out,
                product.instructions,
                shared_weights=product.shared_weights,
            )
            _replace_compiled(product, "_compiled_main", graph)
        elif isinstance(product, TensorProduct):
            graph = codegen_tensor_product_left_right(
                product.irreps_in1,
                product.irreps_in2,
                product.irreps_out,
                product.instructions,
                product.shared_weights,
            )
            _replace_compiled(product, "_compiled_main_left_right", graph)


def _replace_compiled(product: Any, name: str, graph: fx.GraphModule) -> None:
    # Assigned, not copied: copies would have the precision of the fresh constants.
    graph.load_state_dict(getattr(product, name).state_dict(), assign=True)
    setattr(product, name, graph)


def concatenate(tensors: list[torch.Tensor], dim: int = 0) -> torch.Tensor:
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


def _only_computes(node: fx.Node) -> bool:
    """Whether `node` is an outer product, or one of the views that feed it, and changes nothing."""
    if node.op == "call_function":
        return node.target is torch.functional.einsum
    return node.op == "call_method" and node.target in {"reshape", "narrow"}


def _split_slices(graph: fx.Graph, source: fx.Node) -> None:
    """Replace the slices of ``source = x.reshape(..., width)`` by the pieces of one split."""
    width = _reshaped_width(source)
    if width is None:
        return
    slices = sorted(
        (
            (*interval, user)
            for user in source.users
            if (interval := _interval(user, width)) is not None
        ),
        key=lambda piece: piece[:2],
    )
    if len(slices) < 2:
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


def _interval(node: fx.Node, width: int) -> tuple[int, int] | None:
    """Return (start, stop) of ``x[:, start:stop]`` if it is a part of the `width` columns."""
    if node.op != "call_function" or node.target is not operator.getitem:
        return None
    index: Any = node.args[1]
    if not (isinstance(index, tuple) and len(index) == 2 and index[0] == slice(None)):
        return None
    columns = index[1]
    if not isinstance(columns, slice) or columns.step is not None:
        return None
    start, stop = 0 if columns.start is None else columns.start, columns.stop
    if not (isinstance(start, int) and isinstance(stop, int) and 0 <= start < stop <= width):
        return None
    return start, stop
