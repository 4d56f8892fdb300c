from collections.abc import Callable

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk

from nearsight.elasticity import conventional_axes, elastic_tensor
from nearsight.errors import StructureError
from nearsight.hessian import generalised_hessian
from nearsight.models.engines.torch_model import TorchModel


def test_a_turned_primitive_cell_has_the_constants_of_the_cubic_one(
    pair: TorchModel, relaxed: Callable[..., Atoms], turn: np.ndarray
) -> None:
    primitive = relaxed(bulk("MgO", "rocksalt", a=3.7))
    turned = primitive.copy()
    turned.set_cell(primitive.cell.array @ turn.T, scale_atoms=True)
    length = 2 * primitive.cell.lengths()[0] / np.sqrt(2)
    cubic = bulk("MgO", "rocksalt", a=length, cubic=True)
    expected = elastic_tensor(generalised_hessian(cubic, pair))
    given = elastic_tensor(generalised_hessian(turned, pair))
    found = given.turned(conventional_axes(turned))
    assert np.abs(given.relaxed_ion_GPa - expected.relaxed_ion_GPa).max() > 1
    np.testing.assert_allclose(found.relaxed_ion_GPa, expected.relaxed_ion_GPa, atol=1e-4)
    np.testing.assert_allclose(found.clamped_ion_GPa, expected.clamped_ion_GPa, atol=1e-4)
    np.testing.assert_allclose(found.stress_GPa, expected.stress_GPa, atol=1e-6)
    # the structure goes with its tensor
    again = elastic_tensor(generalised_hessian(found.atoms, pair))
    np.testing.assert_allclose(again.relaxed_ion_GPa, found.relaxed_ion_GPa, atol=1e-6)


def test_a_hexagonal_crystal_stands_upright(turn: np.ndarray) -> None:
    upright = bulk("Mg", "hcp", a=3.2, c=5.2)
    turned = upright.copy()
    turned.set_cell(upright.cell.array @ turn.T, scale_atoms=True)
    cell = turned.cell.array @ conventional_axes(turned).T
    np.testing.assert_allclose(cell[2], [0, 0, 5.2], atol=1e-10)
    # whichever of its equivalent axes is called a, another one of them lies along x
    sixths = np.degrees(np.arctan2(cell[0, 1], cell[0, 0])) / 60
    assert sixths == pytest.approx(round(sixths), abs=1e-10)


def test_axes_are_orthogonal_for_a_crystal_that_is_not_quite_symmetric() -> None:
    strained = bulk("Cu", "fcc", a=3.6)
    strained.set_cell(strained.cell.array @ np.diag([1.001, 1, 1]), scale_atoms=True)
    rotation = conventional_axes(strained)
    np.testing.assert_allclose(rotation @ rotation.T, np.eye(3), atol=1e-12)


def test_a_layer_has_no_such_axes() -> None:
    with pytest.raises(StructureError, match="periodic in three directions"):
        conventional_axes(Atoms("Cu", cell=[3, 3, 9], pbc=(True, True, False)))
