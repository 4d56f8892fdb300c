"""Structures that a model cannot evaluate are named."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from ase import Atoms
from ase.build import molecule
from ase.calculators.emt import EMT

from nearsight.errors import ModelError, StructureError
from nearsight.models.engines.ase_model import AseModel
from nearsight.models.evaluable import require_elements, require_evaluable
from nearsight.models.sums import SumModel


def with_number(array: np.ndarray, where: Any, value: float) -> np.ndarray:
    changed = array.copy()
    changed[where] = value
    return changed


def test_unknown_elements_are_named_once_in_the_order_of_the_table(
    pair_model: Callable[..., Any],
) -> None:
    atoms = Atoms("AuCuCAu", positions=np.eye(4)[:, :3])
    with pytest.raises(ModelError, match="does not know Cu, Au; choose"):
        require_elements(atoms, pair_model())
    require_elements(atoms, pair_model(elements=None))
    require_elements(atoms, pair_model(elements=frozenset({6, 29, 79})))


def test_bad_structures_of_a_batch_are_named(pair_model: Callable[..., Any]) -> None:
    model, good = pair_model(), Atoms("CO", positions=np.eye(3)[:2])
    nowhere = with_number(good.positions, (1, 0), np.nan)
    cases = (
        (Atoms("CAu", positions=np.eye(3)[:2]), "CAu: pair does not know Au"),
        (Atoms("CO", positions=nowhere), r"CO: atom 1 of CO is at \[nan"),
        (Atoms("CO", good.positions, cell=[np.inf, 5, 5]), "CO: cell vector 0 of CO is at"),
    )
    for bad, said in cases:
        with pytest.raises(ModelError, match=f"^structure 1 of the batch, {said}"):
            model.evaluate([good, bad, good])
        with pytest.raises(ModelError, match=f"^{said.partition(': ')[2]}"):
            model.evaluate([bad])
    crystal = Atoms("CO", good.positions, cell=[5, 5, 5], pbc=True)
    with pytest.raises(ModelError, match=r"^structure 1 of the batch, CO: .* no stress"):
        require_evaluable([crystal, good], model, stress=True)


def test_structures_without_a_lattice_are_refused(pair_model: Callable[..., Any]) -> None:
    good = Atoms("CO", positions=np.eye(3)[:2])
    flat = Atoms("CO", good.positions, cell=[5, 5, 0], pbc=True)
    said = "periodic along c but has no cell vector"
    with pytest.raises(StructureError, match=f"^structure 1 of the batch, CO: .*{said}"):
        require_evaluable([good, flat], pair_model(), stress=False)


@pytest.mark.parametrize("make", [lambda atoms: atoms, lambda atoms: (each for each in [atoms])])
def test_what_is_no_list_of_structures_is_refused(
    pair_model: Callable[..., Any], make: Callable[[Atoms], Any]
) -> None:
    """A generator would be used up by the checks, and nothing be left to evaluate."""
    water = molecule("H2O")
    for model in (pair_model(), AseModel(EMT(), "emt"), SumModel([pair_model()])):
        with pytest.raises(ModelError, match="structures to evaluate are a list of Atoms, not a"):
            model.evaluate(make(water))
    with pytest.raises(ModelError, match="structure 1 of the batch is a str, not Atoms"):
        pair_model().evaluate([water, "H2O"])
