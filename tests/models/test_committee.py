"""Committees of models: their mean, and how far they disagree."""

import copy
from collections.abc import Callable

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk

from nearsight.errors import ModelError
from nearsight.hessian import hessian
from nearsight.models.committee import CommitteeModel
from nearsight.models.contract import Model, forces_of
from nearsight.models.registry import load_model
from nearsight.models.sums import SumModel
from nearsight.models.versions import versions_behind
from nearsight.structures.pairs import pairs_of
from nearsight.testing import check_model

PairModel = Callable[..., Model]


@pytest.fixture
def other(pair_model: PairModel) -> Model:
    """Twice the pair potential: another potential, with twice of every derivative."""
    return SumModel([pair_model(), pair_model()], "twice")


def test_what_equal_members_say_is_what_the_committee_says(
    pair_model: PairModel, displaced_quartz: Atoms
) -> None:
    alone = pair_model().evaluate([displaced_quartz], stress=True)[0]
    [opinion] = CommitteeModel([pair_model(), pair_model(), pair_model()]).disagreement(
        [displaced_quartz], stress=True
    )
    assert opinion.mean.energy_eV == pytest.approx(alone.energy_eV, rel=1e-14)
    for quantity in ("forces_eV_per_A", "stress_eV_per_A3", "atomic_energies_eV"):
        np.testing.assert_allclose(
            getattr(opinion.mean, quantity), getattr(alone, quantity), rtol=1e-13, atol=1e-15
        )
    assert opinion.energy_eV == 0
    np.testing.assert_allclose(opinion.forces_eV_per_A, 0, atol=1e-14)


def test_mean_and_disagreement_of_two(
    pair_model: PairModel, other: Model, displaced_quartz: Atoms
) -> None:
    alone = pair_model().evaluate([displaced_quartz])[0]
    committee = CommitteeModel([pair_model(), other])
    [opinion] = committee.disagreement([displaced_quartz])
    assert opinion.mean.energy_eV == pytest.approx(1.5 * alone.energy_eV, rel=1e-14)
    # of x and 2x: the sample's standard deviation is |x| / sqrt(2)
    assert opinion.energy_eV == pytest.approx(abs(alone.energy_eV) / np.sqrt(2), rel=1e-12)
    np.testing.assert_allclose(
        opinion.forces_eV_per_A,
        np.linalg.norm(forces_of(alone), axis=1) / np.sqrt(2),
        rtol=1e-10,
        atol=1e-14,
    )
    assert committee.evaluate([displaced_quartz])[0].energy_eV == opinion.mean.energy_eV


def test_disagreement_turns_with_the_structure(
    pair_model: PairModel, other: Model, displaced_quartz: Atoms
) -> None:
    turned = displaced_quartz.copy()
    turned.rotate(37.0, (1.0, 2.0, 0.5), rotate_cell=True)
    committee = CommitteeModel([pair_model(), other])
    here, there = committee.disagreement([displaced_quartz, turned])
    assert there.energy_eV == pytest.approx(here.energy_eV, rel=1e-12)
    np.testing.assert_allclose(there.forces_eV_per_A, here.forces_eV_per_A, atol=1e-12)


def test_energies_alone_and_given_pairs(
    pair_model: PairModel, other: Model, displaced_quartz: Atoms
) -> None:
    committee = CommitteeModel([pair_model(), other])
    [whole] = committee.disagreement([displaced_quartz])
    pairs = [pairs_of(displaced_quartz, 12.0)]
    [alone] = committee.disagreement([displaced_quartz], forces=False, pairs=pairs)
    assert alone.mean.forces_eV_per_A is None
    assert alone.forces_eV_per_A is None
    assert alone.energy_eV == pytest.approx(whole.energy_eV, rel=1e-12)


def test_curvature_is_the_mean(
    pair_model: PairModel, other: Model, displaced_quartz: Atoms
) -> None:
    mean = hessian(displaced_quartz, CommitteeModel([pair_model(), other])).matrix_eV_per_A2
    alone = hessian(displaced_quartz, pair_model()).matrix_eV_per_A2
    np.testing.assert_allclose(mean, 1.5 * alone, atol=1e-11)
    vectors = np.random.default_rng(2).normal(size=(2, 3 * len(displaced_quartz) + 6))
    committee = CommitteeModel([pair_model(), other])
    np.testing.assert_allclose(
        committee.linearize(displaced_quartz, strain=True)(vectors),
        1.5 * pair_model().linearize(displaced_quartz, strain=True)(vectors),
        atol=1e-11,
    )


def test_passes_the_conformance_kit(pair_model: PairModel, other: Model) -> None:
    assert check_model(
        CommitteeModel([pair_model(), other]),
        {"MgO": bulk("MgO", "rocksalt", a=4.2)},
        progress=False,
    ).passed


def test_precision_is_that_of_the_least_precise_member(
    pair_model: PairModel, displaced_quartz: Atoms
) -> None:
    committee = CommitteeModel([pair_model("float32"), pair_model()])
    assert committee.identity.dtype == "float32"
    forces = forces_of(committee.evaluate([displaced_quartz])[0])
    np.testing.assert_array_equal(forces, forces.astype(np.float32))


def test_identity_tells_the_members_and_that_it_is_no_sum(pair_model: PairModel) -> None:
    members = [pair_model(), pair_model(name="other")]
    committee, total = CommitteeModel(members), SumModel(members)
    assert committee.identity != total.identity
    assert committee.identity.parts == tuple(member.identity for member in members)
    assert committee.identity.name.startswith("committee(")
    assert CommitteeModel(members, "both").identity.name == "both"
    assert versions_behind(committee.identity) == versions_behind(total.identity)


def test_needs_two(pair_model: PairModel) -> None:
    with pytest.raises(ModelError, match="at least two members, to disagree, and got 1"):
        CommitteeModel([pair_model()])


def test_members_are_asked_once(pair_model: PairModel, displaced_quartz: Atoms) -> None:
    member = pair_model()
    asked: list[int] = []

    class Counted:
        identity, capabilities, facts = member.identity, member.capabilities, member.facts

        def evaluate(self, structures, **kwargs):
            asked.append(len(structures))
            return member.evaluate(structures, **kwargs)

    counted = Counted()
    CommitteeModel([counted, copy.copy(counted)]).disagreement([displaced_quartz] * 3)
    assert asked == [3, 3]


def test_members_are_models_and_each_is_there_once(pair_model: PairModel, other: Model) -> None:
    with pytest.raises(ModelError, match="'sevennet-0' is a str and no model; load it"):
        CommitteeModel(["sevennet-0", "ase:emt"])  # type: ignore[list-item]
    with pytest.raises(ModelError, match="twice is a member of the committee twice"):
        CommitteeModel([other, pair_model(), other])
    assert len(CommitteeModel(iter([other, pair_model()])).identity.parts) == 2


def test_members_compute_the_same_charge() -> None:
    pytest.importorskip("tblite")
    names = ("gfn1-xtb", "gfn2-xtb", "gfn2-xtb?charge=1&spin=2", "gfn1-xtb?charge=1&spin=2")
    neutral, other, cation, alike = map(load_model, names)
    for unlike in ((neutral, cation), (cation, other)):
        with pytest.raises(ModelError, match=r"the same charge.*gfn2-xtb 1"):
            CommitteeModel(unlike)
    CommitteeModel([neutral, other])
    CommitteeModel([cation, alike])


def test_what_is_wrong_is_said_of_the_committee(pair_model: PairModel, other: Model) -> None:
    with pytest.raises(ModelError, match="mine does not know Au"):
        CommitteeModel([pair_model(), other], "mine").evaluate([Atoms("Au")])
