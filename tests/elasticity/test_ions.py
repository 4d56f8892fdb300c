"""What the atoms do in a strained cell."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from ase import Atoms

from nearsight.elasticity import elastic_tensor
from nearsight.elasticity.ions import relax_ions
from nearsight.errors import StructureError
from nearsight.hessian import GeneralisedHessian, generalised_hessian
from nearsight.models.engines.torch_model import TorchModel
from nearsight.vibrations import vibrations

Derivatives = Callable[..., GeneralisedHessian]


def test_modes_are_those_of_the_vibrations(alloy: Atoms, derivatives: Derivatives) -> None:
    found = derivatives(alloy)
    wanted = vibrations(found.hessian).wavenumbers_per_cm
    assert relax_ions(found).wavenumbers_per_cm == pytest.approx(wanted, abs=1e-4)


def test_relaxation_is_that_of_the_pseudo_inverse(alloy: Atoms, derivatives: Derivatives) -> None:
    found = derivatives(alloy)
    inverse = np.linalg.pinv(found.hessian.symmetric(), rcond=1e-9, hermitian=True)
    coupling = found.coupling_eV_per_A.reshape(-1, 6)
    wanted = coupling.T @ inverse @ coupling
    assert relax_ions(found).term_eV == pytest.approx(wanted, abs=1e-8 * np.abs(wanted).max())


def test_masses_do_not_matter(alloy: Atoms, derivatives: Derivatives) -> None:
    heavy = alloy.copy()
    heavy.set_masses([2.0, 40.0, 7.0, 19.0])
    before, after = (elastic_tensor(derivatives(each)) for each in (alloy, heavy))
    assert after.relaxed_ion_GPa == pytest.approx(before.relaxed_ion_GPa, abs=1e-7)


def test_imaginary_modes_are_named(
    relaxed: Callable[..., Atoms], alpha_quartz: Atoms, derivatives: Derivatives
) -> None:
    saddle = relaxed(alpha_quartz, fmax=1e-5, optimizer="BFGS")
    with pytest.raises(StructureError, match=r"3 imaginary modes \(-20.*`follow_imaginary`"):
        elastic_tensor(derivatives(saddle))


def test_modes_without_a_restoring_force_are_left_out_and_said(pair: TorchModel) -> None:
    # Two atoms that do not see each other: the second one moves freely.
    atoms = Atoms("MgMg", cell=[9, 9, 9], positions=[[0, 0, 0], [4.5, 4.5, 4.5]], pbc=True)
    derived = generalised_hessian(atoms, pair, progress=False)
    assert "2 molecules in a periodic box" in derived.hessian.warnings[0]
    found = elastic_tensor(derived)
    assert found.lowest_mode_per_cm is None  # each moves as a rigid body, and nothing vibrates
    assert found.relaxed_ion_GPa == pytest.approx(np.zeros((6, 6)), abs=1e-12)
    # of what is said to be held together the modes are looked at
    held = replace(derived, hessian=replace(derived.hessian, reach_A=None))
    found = elastic_tensor(held)
    assert any("3 modes beside the translations" in warning for warning in found.warnings)
    assert found.relaxed_ion_GPa == pytest.approx(np.zeros((6, 6)), abs=1e-12)
