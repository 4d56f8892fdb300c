"""What an elastic tensor says of itself."""

import json
from collections.abc import Callable

import numpy as np
import pytest
from ase import Atoms
from matplotlib.figure import Figure

from nearsight.elasticity import elastic_tensor, youngs_modulus
from nearsight.errors import StructureError
from nearsight.hessian import GeneralisedHessian

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
