"""What an elastic tensor says of itself."""

import json
from collections.abc import Callable

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk, molecule
from matplotlib.figure import Figure

from nearsight.elasticity import elastic_tensor, youngs_modulus
from nearsight.errors import StructureError
from nearsight.hessian import GeneralisedHessian, generalised_hessian
from nearsight.models.engines.torch_model import TorchModel
from nearsight.units import EV_PER_A3_IN_GPA

Derivatives = Callable[..., GeneralisedHessian]


def test_summary_is_json_and_says_everything(fcc: Atoms, derivatives: Derivatives) -> None:
    found = elastic_tensor(derivatives(fcc))
    summary = json.loads(json.dumps(found.summary(), allow_nan=False))
    assert summary["stable"] is True
    assert summary["moduli"]["bulk_GPa"]["voigt"] == found.moduli.bulk_GPa.voigt
    assert summary["youngs_modulus"]["smallest_GPa"] == found.youngs_range.smallest_GPa
    assert found.provenance.model.name == "pair"


def test_born_criteria_of_a_cubic_crystal(fcc: Atoms, derivatives: Derivatives) -> None:
    # C11 - C12 > 0, C11 + 2 C12 > 0 and C44 > 0 are what the eigenvalues say.
    found = elastic_tensor(derivatives(fcc))
    c11, c12, c44 = found.relaxed_ion_GPa[[0, 0, 3], [0, 1, 3]]
    wanted = np.sort([c11 - c12, c11 - c12, c11 + 2 * c12, c44, c44, c44])
    assert found.eigenvalues_GPa == pytest.approx(wanted)


def test_figure_shows_the_modulus_along_each_direction(
    alloy: Atoms, derivatives: Derivatives
) -> None:
    found = elastic_tensor(derivatives(alloy))
    axes = Figure().subplots(subplot_kw={"projection": "polar"})
    found.plot(axes)
    curves = {line.get_label()[:2]: line.get_ydata() for line in axes.get_lines()}
    along = youngs_modulus(found.relaxed_ion_GPa, np.eye(3))
    assert curves["xy"][[0, 90]] == pytest.approx(along[[0, 1]])
    assert curves["yz"][[0, 90]] == pytest.approx(along[[1, 2]])
    assert curves["xz"][[180, 270]] == pytest.approx(along[[0, 2]])


def test_unstable_crystals_have_no_moduli(unstable: Atoms, derivatives: Derivatives) -> None:
    found = elastic_tensor(derivatives(unstable))
    assert not found.is_stable
    assert found.eigenvalues_GPa[0] < -1
    assert any("mechanically unstable" in warning for warning in found.warnings)
    with pytest.raises(StructureError, match="mechanically unstable"):
        _ = found.moduli
    assert found.summary()["moduli"] is None


@pytest.mark.parametrize("cell", [True, False])
def test_one_way_without_stiffness_is_no_stiffness(
    cell: bool, layer: Atoms, relaxed: Callable[..., Atoms], derivatives: Derivatives
) -> None:
    found = elastic_tensor(derivatives(relaxed(layer, cell=cell, fmax=1e-4)))
    # In its plane it is a solid; a vacuum is stretched for nothing.
    assert found.eigenvalues_GPa[-1] > 5
    assert found.stability == "no stiffness"
    assert not found.is_stable
    assert any("is it a layer, chain or molecule in a box?" in each for each in found.warnings)
    assert not any("unstable" in warning for warning in found.warnings)
    summary = json.loads(json.dumps(found.summary(), allow_nan=False))
    assert summary["stability"] == "no stiffness"
    assert summary["stable"] is summary["moduli"] is summary["youngs_modulus"] is None
    axes = Figure().subplots(subplot_kw={"projection": "polar"})
    for ask in (lambda: found.moduli, lambda: found.youngs_range, lambda: found.plot(axes)):
        with pytest.raises(StructureError, match="no stiffness beyond what the residual"):
            ask()


def test_a_layer_under_stress_is_no_crystal_either(
    layer: Atoms, relaxed: Callable[..., Atoms], derivatives: Derivatives
) -> None:
    # Terms of the stress alone would make a vacuum soft or unstable.
    layer.set_cell(layer.cell.array @ np.diag([0.97, 0.97, 1]), scale_atoms=True)
    found = elastic_tensor(derivatives(relaxed(layer, cell=False, fmax=1e-6)))
    assert np.abs(found.stress_GPa).max() > 0.5
    assert np.abs(found.eigenvalues_GPa).min() > 0.01
    assert found.stability == "no stiffness"


def test_a_molecule_in_a_box_has_no_stiffness(
    relaxed: Callable[..., Atoms], derivatives: Derivatives
) -> None:
    atoms = molecule("CO", cell=[9, 9, 9], pbc=True)
    found = elastic_tensor(derivatives(relaxed(atoms, cell=False)))
    assert found.stability == "no stiffness"
    assert found.summary()["moduli"] is None


def test_a_soft_crystal_is_a_crystal(springs: Callable[[float], TorchModel]) -> None:
    # As soft as C44 of the softest frameworks, some 0.1 GPa: k/a of springs between neighbours.
    a = 3.0 * np.sqrt(2)
    for c44, stability in ((0.1, "stable"), (0.02, "stable"), (0.005, "no stiffness")):
        model = springs(c44 * a / EV_PER_A3_IN_GPA)
        found = elastic_tensor(generalised_hessian(bulk("Mg", "fcc", a=a), model, progress=False))
        assert found.relaxed_ion_GPa[3, 3] == pytest.approx(c44)
        assert found.stability == stability
