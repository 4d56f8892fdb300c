"""Pairs that a model is given: the numbers of a fresh search, or an error that says why not."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from ase import Atoms

from nearsight.errors import ModelError
from nearsight.models.contract import Evaluation, Model
from nearsight.models.given_pairs import pairs_within
from nearsight.models.sums import SumModel
from nearsight.structures.pairs import Pairs, pairs_of

CUTOFF_A = 4.0
"""That of the pair potential."""


@pytest.fixture
def structures(displaced_quartz: Atoms, displaced_water: Atoms, mgo: Atoms) -> list[Atoms]:
    mgo.rattle(0.1, seed=2)
    return [displaced_quartz, displaced_water, mgo]


def pairs_up_to(cutoff_A: float, structures: list[Atoms]) -> list[Pairs]:
    return [pairs_of(atoms, cutoff_A) for atoms in structures]


def require_equal(found: list[Evaluation], expected: list[Evaluation], tolerance: float) -> None:
    for one, other in zip(found, expected, strict=True):
        assert one.energy_eV == pytest.approx(other.energy_eV, abs=tolerance)
        np.testing.assert_allclose(
            one.forces_eV_per_A, other.forces_eV_per_A, rtol=0, atol=tolerance
        )


@pytest.mark.parametrize("beyond_A", [0.0, 0.3, 3.0])
def test_numbers_are_those_of_a_fresh_search(
    pair_model: Callable[..., Model], structures: list[Atoms], beyond_A: float
) -> None:
    model = pair_model()
    given = model.evaluate(structures, pairs=pairs_up_to(CUTOFF_A + beyond_A, structures))
    require_equal(given, model.evaluate(structures), 1e-13)


def test_pairs_beyond_the_cutoff_are_left_out(pair_energy: Any, structures: list[Atoms]) -> None:
    """Without a smooth end, a single pair too many would show."""
    from nearsight.models.engines.torch_model import TorchModel

    class Truncated(pair_energy):  # type: ignore[misc]
        def switch(self, squared: Any) -> Any:
            return squared**0

    model = TorchModel(Truncated())
    given = model.evaluate(structures, pairs=pairs_up_to(CUTOFF_A + 2, structures))
    require_equal(given, model.evaluate(structures), 1e-13)


def test_networks_with_angles_take_them_too(structures: list[Atoms]) -> None:
    pytest.importorskip("chgnet", reason="the network with angles is CHGNet")
    from nearsight.models.registry import load_model

    model = load_model("chgnet-0.3.0", device="cpu")
    cutoff = model.capabilities.cutoff_A
    assert cutoff is not None
    given = model.evaluate(structures, pairs=pairs_up_to(cutoff + 0.5, structures))
    require_equal(given, model.evaluate(structures), 1e-10)


def test_in_single_precision_what_structures_share_stays_the_same_numbers(
    pair_model: Callable[..., Model],
) -> None:
    """A host with a guest far away: around one centre it has the energy of the host, to the bit."""
    random = np.random.default_rng(8)
    host = Atoms("Si4O4", positions=random.uniform(0, 4, (8, 3)) + 3.3)
    centre = host.positions.mean(axis=0)
    model = pair_model("float32")
    [alone] = model.evaluate([host], forces=False)
    assert alone.atomic_energies_eV is not None
    moved = []
    for seed in range(4):
        place = centre + 20 + 10 * np.random.default_rng(seed).random(3)
        together = host + Atoms("He", positions=[place])
        together.numbers[-1] = 8
        pairs = pairs_of(together, CUTOFF_A)
        own, shared = (
            model.evaluate([together], forces=False, pairs=[one])[0].atomic_energies_eV
            for one in (pairs, replace(pairs, centre_A=centre))
        )
        assert own is not None
        assert shared is not None
        np.testing.assert_array_equal(shared[:-1], alone.atomic_energies_eV)
        moved.append(np.abs(own[:-1] - alone.atomic_energies_eV).max())
    assert max(moved) > 0  # around its own centre each structure has other roundings


def test_pairs_of_another_structure_are_refused_by_name(
    pair_model: Callable[..., Model], structures: list[Atoms]
) -> None:
    model, pairs = pair_model(), pairs_up_to(CUTOFF_A, structures)
    structures[1].positions[0, 0] += 1e-9
    with pytest.raises(ModelError, match=r"structure 1 of the batch, H2O: .*search .* anew"):
        model.evaluate(structures, pairs=pairs)
    structures[2].cell *= 1 + 1e-12
    for model_or_sum in (model, SumModel([model, model])):
        with pytest.raises(ModelError, match=r"^the `pairs` are those of another .* MgO has now"):
            model_or_sum.evaluate(structures[2:], pairs=pairs[2:])
    with pytest.raises(ModelError, match="given for 2 structures, and there are 3"):
        model.evaluate(structures, pairs=pairs[:2])


def test_pairs_that_do_not_reach_the_cutoff_are_refused_with_both_numbers(
    pair_model: Callable[..., Model], structures: list[Atoms]
) -> None:
    pairs = pairs_up_to(CUTOFF_A, structures)
    pairs[2] = pairs_of(structures[2], 3.9)
    with pytest.raises(ModelError, match=r"2 of the batch, MgO: .* 3\.9 Å, and pair .* 4 Å"):
        pair_model().evaluate(structures, pairs=pairs)


def test_parts_of_a_sum_find_their_own_where_those_given_are_too_short(
    pair_model: Callable[..., Model], pair_energy: Any, structures: list[Atoms]
) -> None:
    from nearsight.models.engines.torch_model import TorchModel

    class Farther(pair_energy):  # type: ignore[misc]
        def switch(self, squared: Any) -> Any:
            return super().switch(squared * (CUTOFF_A / 6.0) ** 2)

    farther = Farther(cutoff_A=6.0)
    farther.cutoff_A = 6.0
    model = SumModel([pair_model(), TorchModel(farther)])
    given = model.evaluate(structures, pairs=pairs_up_to(5.0, structures))
    require_equal(given, model.evaluate(structures), 1e-13)


def test_found_pairs_are_those_of_the_search(structures: list[Atoms]) -> None:
    for atoms, one in zip(structures, pairs_within(structures, None, 3.0, "model"), strict=True):
        assert one.belong_to(atoms)
        np.testing.assert_array_equal(one.first, pairs_of(atoms, 3.0).first)


def test_what_is_no_list_of_pairs_is_refused(
    pair_model: Callable[..., Model], structures: list[Atoms]
) -> None:
    [pairs] = pairs_up_to(CUTOFF_A, structures[:1])
    for given in (pairs, iter([pairs])):
        with pytest.raises(ModelError, match=r"a list with Pairs for each .* write \[pairs\]"):
            pair_model().evaluate(structures[:1], pairs=given)  # type: ignore[arg-type]
    with pytest.raises(ModelError, match="structure 0 are a NoneType, not Pairs"):
        pair_model().evaluate(structures[:1], pairs=[None])  # type: ignore[list-item]
