"""Tensor products of e3nn as convolutions that are cheap to differentiate twice.

e3nn is imported where it is used: its version 0.4 can only be imported after MACE was.
"""

from typing import Any

import torch

from nearsight.models.engines.edge_layout import Group, Layout, Path
from nearsight.models.engines.edge_products import convolve


class EdgeProduct(torch.nn.Module):
    """A product of features with spherical harmonics, weighted for each pair.

    Parameters
    ----------
    product
        A `TensorProduct` of e3nn of which `is_edge_product` holds; its coupling coefficients are
        taken.
    """

    couplings: torch.Tensor

    def __init__(self, product: Any) -> None:
        super().__init__()
        self.layout = _layout(product)
        self.register_buffer("couplings", _couplings(product).to(product.output_mask.device))

    def forward(
        self,
        features: torch.Tensor,
        harmonics: torch.Tensor,
        weights: torch.Tensor,
        pairs: torch.Tensor | None = None,
    ) -> torch.Tensor:
        """Return the products, or with `pairs` their sums; see `convolve`."""
        matrices = harmonics @ self.couplings.to(harmonics.dtype)
        return convolve(features, matrices, weights, pairs, self.layout)


def replace_edge_products(model: torch.nn.Module) -> None:
    """Put an `EdgeProduct` in the place of each product of which `is_edge_product` holds."""
    for module in list(model.modules()):
        for name, child in list(module.named_children()):
            if is_edge_product(child):
                setattr(module, name, EdgeProduct(child))


def is_edge_product(module: object) -> bool:
    """Whether a module multiplies channels by one vector of each angular momentum, all weighted."""
    from e3nn.o3 import TensorProduct

    if not isinstance(module, TensorProduct) or module.shared_weights:
        return False
    used = {each.i_in1 for each in module.instructions}
    made = {each.i_out for each in module.instructions}
    return (
        bool(module.instructions)
        and all(each.connection_mode == "uvu" and each.has_weight for each in module.instructions)
        and all(each.mul == 1 for each in module.irreps_in2)
        and used == set(range(len(module.irreps_in1)))
        and made == set(range(len(module.irreps_out)))
        and all(0 not in each.path_shape for each in module.instructions)
    )


def _layout(product: Any) -> Layout:
    paths: dict[int, list[Path]] = {}
    n_weights = 0
    for each in product.instructions:
        path = Path(product.irreps_out[each.i_out].ir.dim, n_weights, each.i_out)
        paths.setdefault(each.i_in1, []).append(path)
        n_weights += product.irreps_in1[each.i_in1].mul
    groups: list[Group] = []
    n_couplings = 0
    for place, (part, features) in enumerate(
        zip(product.irreps_in1.slices(), product.irreps_in1, strict=True)
    ):
        group = Group(
            start=part.start,
            channels=features.mul,
            components=features.ir.dim,
            couplings=n_couplings,
            paths=tuple(paths[place]),
        )
        groups.append(group)
        n_couplings += group.size * group.components
    return Layout(tuple(groups), tuple((each.mul, each.ir.dim) for each in product.irreps_out))


def _couplings(product: Any) -> torch.Tensor:
    """Return C, shape ``(n_harmonics, n_couplings)``, with the factors of the paths."""
    constants = dict(product._compiled_main_left_right.named_buffers())
    parts = product.irreps_in2.slices()
    of_groups = []
    for place, features in enumerate(product.irreps_in1):
        of_paths = []
        for each in product.instructions:
            if each.i_in1 != place:
                continue
            harmonics, output = product.irreps_in2[each.i_in2], product.irreps_out[each.i_out]
            momenta = (features.ir.l, harmonics.ir.l, output.ir.l)
            couplings = _coupling(constants, momenta)
            block = torch.zeros(
                product.irreps_in2.dim, output.ir.dim, features.ir.dim, dtype=torch.float64
            )
            block[parts[each.i_in2]] = each.path_weight * couplings.permute(1, 2, 0)
            of_paths.append(block)
        of_groups.append(torch.cat(of_paths, 1).reshape(product.irreps_in2.dim, -1))
    return torch.cat(of_groups, 1)


def _coupling(constants: dict[str, torch.Tensor], momenta: tuple[int, int, int]) -> torch.Tensor:
    """Return C[i, j, k] as the product has it, rounded or not; it has none where an l is zero."""
    kept: Any = constants.get("_w3j_{}_{}_{}".format(*momenta))
    if kept is not None:
        as_kept: torch.Tensor = kept.to("cpu", torch.float64)
        return as_kept
    from e3nn.o3 import wigner_3j

    exact: torch.Tensor = wigner_3j(*momenta, dtype=torch.float64)
    return exact
