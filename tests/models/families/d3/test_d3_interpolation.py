"""C6 coefficients between reference coordination numbers."""

import numpy as np
import pytest
from ase import Atoms

pytest.importorskip("torch_dftd", reason="the parameters of D3 are in torch-dftd")

import torch
from torch_dftd.functions.dftd3 import _getc6, d3_autoang, d3_autoev

from nearsight.models.families.d3.interpolation import Coefficients, interpolate
from nearsight.models.families.d3.lattice import Pairs, pairs_of
from nearsight.models.families.d3.parameters import REFERENCE_FILE, read_reference

ATOMS = Atoms("CHOSiZn", positions=np.arange(15).reshape(5, 3))
COUNTS = np.array([3.2, 0.9, 1.7, 3.6, 2.4])


def coefficients(counts: np.ndarray) -> tuple[Pairs, Coefficients]:
    pairs = pairs_of(ATOMS, 10.0)
    return pairs, interpolate(read_reference(), ATOMS.numbers, pairs, counts)


@pytest.mark.parametrize("scale", [0.0, 1.0, 5.0, 100.0])
def test_values_and_slopes_are_those_of_torch_dftd_however_far_from_a_reference(
    scale: float,
) -> None:
    pairs, ours = coefficients(scale * COUNTS)
    numbers = torch.tensor(ATOMS.numbers)
    counts = torch.tensor(scale * COUNTS)
    a = counts[pairs.first].requires_grad_(True)
    b = counts[pairs.second].requires_grad_(True)
    table = torch.tensor(np.load(REFERENCE_FILE)["c6ab"])
    theirs = _getc6(numbers[pairs.first], numbers[pairs.second], a, b, table)
    slopes = torch.autograd.grad(theirs.sum(), (a, b), create_graph=True)
    bends = [
        torch.autograd.grad(slopes[i].sum(), (a, b)[j], retain_graph=True)[0]
        for i, j in ((0, 0), (0, 1), (1, 1))
    ]
    unit = d3_autoev * d3_autoang**6
    expected = [unit * tensor.detach().numpy() for tensor in (theirs, *slopes, *bends)]
    found = [ours.value, ours.a, ours.b, ours.aa, ours.ab, ours.bb]
    for mine, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(mine, other, rtol=1e-10, atol=1e-9)


def test_far_from_every_reference_the_nearest_one_is_left() -> None:
    _, far = coefficients(np.full(5, 1e4))
    assert np.isfinite(far.value).all()
    assert (far.value > 0).all()
    assert not np.abs(np.stack([far.a, far.b, far.aa, far.ab, far.bb])).max() > 0
