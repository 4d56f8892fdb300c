"""Shrinking fragments: what a potential with a cutoff must give, and the sum-rule identity."""

from collections.abc import Iterator, Sequence

import numpy as np
import pytest
from ase import Atoms
from ase.build import molecule

from nearsight.errors import MethodError, StructureError
from nearsight.hessian.matrix import hessian
from nearsight.locality.compute import locality
from nearsight.locality.convergence import converge_site
from nearsight.locality.group_matrices import atoms_not_shared
from nearsight.structures.fragments import shrinking_fragments
from nearsight.structures.groups import find_groups

CUTOFF_A = 4.0
CH_A = 1.09
WHOLE_A = 100.0


class Counting:
    """A model that counts what it is asked for."""

    def __init__(self, model):
        self.identity, self.capabilities = model.identity, model.capabilities
        self.evaluate = model.evaluate
        self._model = model
        self.n_rows = 0

    def rows(self, atoms: Atoms, seeds: Sequence, *, batch_size: int = 1) -> Iterator:
        self.n_rows += len(seeds)
        return self._model.rows(atoms, seeds, batch_size=batch_size)


@pytest.fixture
def decane(alkane, pair_model):
    """Decane seen from its first carbon atom."""
    groups = find_groups(alkane(10))
    return converge_site(groups, 0, pair_model(), reference_radius_A=WHOLE_A, method="rows")


def test_every_group_makes_a_fragment(decane):
    assert [len(shell.fragment.atoms) for shell in decane.shells] == [
        32,
        *(5 + 3 * n for n in range(8, -1, -1)),
    ]
    assert decane.reference.n_caps == 0
    assert decane.outermost_eV_per_A2 is None


def test_nothing_changes_as_long_as_all_that_is_missing_is_beyond_the_cutoff(decane):
    site = decane.reference.atoms.positions[decane.reference.site]
    far, near = [], []
    for shell in decane.shells[1:]:
        removed, caps = atoms_not_shared(decane.reference.atoms, shell.fragment.atoms)
        changed = np.vstack(
            [decane.reference.atoms.positions[removed], shell.fragment.atoms.positions[caps]]
        )
        closest = np.linalg.norm(changed - site, axis=1).min()
        (far if closest > CUTOFF_A else near).append(shell)
    assert len(far) >= 4
    assert len(near) >= 2
    for shell in far:
        assert shell.force_error_eV_per_A < 1e-12
        assert shell.group_norm_eV_per_A2 < 1e-12
    for shell in near:
        assert shell.force_error_eV_per_A > 1e-6
        assert shell.group_norm_eV_per_A2 > 1e-6


def test_group_matrices_are_changes_of_what_is_kept(decane, pair_model):
    """The sum-rule identity, from the dense Hessians of every fragment and of the reference."""
    reference = decane.reference
    whole = hessian(reference.atoms, pair_model(), "rows").matrix_eV_per_A2[reference.site]
    for shell in decane.shells[1:]:
        fragment = shell.fragment
        part = hessian(fragment.atoms, pair_model(), "rows").matrix_eV_per_A2[fragment.site]
        removed, caps = atoms_not_shared(reference.atoms, fragment.atoms)
        kept = np.delete(part, caps, axis=1).sum(axis=1) - np.delete(whole, removed, axis=1).sum(
            axis=1
        )
        np.testing.assert_allclose(shell.group_matrix_eV_per_A2, kept, atol=1e-11)


def test_converged_are_the_smallest_fragment_and_all_larger_ones(alkane, pair_model):
    groups = find_groups(alkane(8))
    found = {
        threshold: converge_site(
            groups,
            0,
            pair_model(),
            reference_radius_A=WHOLE_A,
            threshold_eV_per_A2=threshold,
            method="rows",
        )
        for threshold in (1e-14, 0.02, 1e6)
    }
    assert found[1e6].converged is found[1e6].shells[-1]
    strict = found[1e-14]
    assert strict.converged.group_norm_eV_per_A2 <= 1e-14
    shells = found[0.02].shells
    last = shells.index(found[0.02].converged)
    assert all(shell.group_norm_eV_per_A2 <= 0.02 for shell in shells[: last + 1])
    assert shells[last + 1].group_norm_eV_per_A2 > 0.02
    radii = [found[threshold].r_frag_A for threshold in (1e-14, 0.02, 1e6)]
    assert radii == sorted(radii, reverse=True)


def test_the_radius_reaches_to_the_atom_that_is_felt_most_in_the_farthest_group(decane):
    positions = decane.reference.atoms.positions
    carbon = np.flatnonzero(decane.reference.atoms.numbers == 6)
    near = [shell for shell in decane.shells if shell.radius_A < CUTOFF_A]
    assert len(near) >= 3
    for shell in near[:-1]:
        kept = {int(parent) for parent in shell.fragment.parents[: shell.fragment.n_kept]}
        last = max(kept.intersection(carbon.tolist()), key=lambda atom: decane.distances_A[atom])
        group = np.flatnonzero(np.linalg.norm(positions - positions[last], axis=1) < 1.2)
        strongest = group[np.argmax(decane.reference_norms_eV_per_A2[group])]
        assert shell.radius_A == pytest.approx(decane.distances_A[strongest], abs=1e-9)
    alone = near[-1].fragment  # the site's own group, of which it feels a hydrogen most
    assert near[-1].radius_A == pytest.approx(CH_A, abs=0.1)
    assert alone.atoms.get_chemical_formula() == "CH4"


def test_nothing_turns_with_the_molecule(alkane, pair_model, turn):
    here = alkane(6)
    there = Atoms(here.numbers, positions=here.positions @ turn + 3.0)
    first, second = (
        converge_site(
            find_groups(atoms), 3, pair_model(), reference_radius_A=WHOLE_A, method="rows"
        )
        for atoms in (here, there)
    )
    for one, other in zip(first.shells, second.shells, strict=True):
        assert one.group_norm_eV_per_A2 == pytest.approx(other.group_norm_eV_per_A2, abs=1e-10)
        assert one.force_error_eV_per_A == pytest.approx(other.force_error_eV_per_A, abs=1e-10)
        assert one.radius_A == pytest.approx(other.radius_A, abs=1e-10)


def test_a_crystal_and_its_supercell_have_the_same_fragments(polyethylene, pair_model):
    first, second = (
        converge_site(find_groups(atoms), 0, pair_model(), reference_radius_A=7.0, method="rows")
        for atoms in (polyethylene, polyethylene.repeat((1, 1, 3)))
    )
    assert len(first.shells) > 3
    assert [shell.summary() for shell in first.shells] == [
        {key: pytest.approx(value, abs=1e-9) for key, value in shell.summary().items()}
        for shell in second.shells
    ]
    assert first.reference.n_caps > 0


def test_differences_are_the_analytic_rows(alkane, pair_model):
    groups = find_groups(alkane(4))
    exact, differences = (
        converge_site(groups, 0, pair_model(), reference_radius_A=WHOLE_A, method=method)
        for method in ("rows", "fourth-order")
    )
    for one, other in zip(exact.shells, differences.shells, strict=True):
        assert one.group_norm_eV_per_A2 == pytest.approx(other.group_norm_eV_per_A2, abs=1e-5)
    assert differences.computation.method == "fourth-order"


def test_a_small_reference_is_warned_about(polyethylene, pair_model):
    found = converge_site(
        find_groups(polyethylene), 0, pair_model(), reference_radius_A=2.0, method="rows"
    )
    assert found.outermost_eV_per_A2 > 0.1
    assert any("take a larger one" in warning for warning in found.warnings)
    strict = converge_site(
        find_groups(polyethylene),
        0,
        pair_model(),
        reference_radius_A=2.0,
        threshold_eV_per_A2=1e-9,
        method="rows",
    )
    assert not strict.is_converged
    assert any("no fragment smaller" in warning for warning in strict.warnings)


def test_an_interrupted_study_goes_on(alkane, pair_model, tmp_path):
    model = Counting(pair_model())
    groups = find_groups(alkane(4))

    def checkpoint_of(fragment):
        return tmp_path / f"{len(fragment.atoms)}.rows"

    def run():
        return converge_site(
            groups,
            0,
            model,
            reference_radius_A=WHOLE_A,
            method="rows",
            checkpoint_of=checkpoint_of,
        )

    first = run()
    n_fragments = len(first.shells)
    assert model.n_rows == 3 * n_fragments
    second = run()
    assert model.n_rows == 4 * n_fragments  # one row of each is compared with the one kept
    assert [shell.summary() for shell in first.shells] == [
        shell.summary() for shell in second.shells
    ]


def test_an_ion_needs_a_model_that_knows_its_charge(pair_model):
    acetate = molecule("CH3COOH")
    oxygen = int(np.flatnonzero(acetate.numbers == 8)[0])
    hydroxyl = min(
        np.flatnonzero(acetate.numbers == 1),
        key=lambda atom: min(
            acetate.get_distance(atom, other) for other in np.flatnonzero(acetate.numbers == 8)
        ),
    )
    del acetate[[int(hydroxyl)]]
    groups = find_groups(acetate)
    with pytest.raises(MethodError, match=r"has the charge -1, but .* computes 0; .*\?charge=-1"):
        converge_site(groups, oxygen, pair_model())


def test_molecules_beyond_a_reference_without_caps_are_still_missing(pair_model):
    """In a crystal of molecules nothing is capped, and the reference is never all of it."""
    crystal = Atoms(molecule("CH4"), cell=[4.2] * 3, pbc=True)
    small = converge_site(
        find_groups(crystal), 0, pair_model(), reference_radius_A=2.0, method="rows"
    )
    assert (small.reference.n_caps, len(small.shells)) == (0, 1)
    assert small.reference_is_all  # nothing but the molecule is within the radius
    larger = converge_site(
        find_groups(crystal),
        0,
        pair_model(),
        reference_radius_A=4.3,
        threshold_eV_per_A2=1e-14,
        method="rows",
    )
    assert larger.reference.n_caps == 0
    assert not larger.is_converged
    assert larger.outermost_eV_per_A2 > 0.0
    assert any("no fragment smaller" in warning for warning in larger.warnings)


@pytest.fixture
def zwitterion(alkane):
    """An ammonium, three methylenes and a carboxylate: neutral only as a whole."""
    atoms = alkane(5)
    first, last = np.flatnonzero(atoms.numbers == 6)[[0, -1]]
    ends = [
        [atom for atom in np.flatnonzero(atoms.numbers == 1) if atoms.get_distance(end, atom) < 1.2]
        for end in (first, last)
    ]
    assert [len(end) for end in ends] == [3, 3]
    atoms.numbers[first] = 7
    atoms.numbers[ends[1][:2]] = 8
    del atoms[[ends[1][2]]]
    return atoms


def test_charges_of_smaller_fragments_are_told_before_anything_is_computed(zwitterion, pair_model):
    model = Counting(pair_model(elements=frozenset({1, 6, 7, 8})))
    nitrogen = int(np.flatnonzero(zwitterion.numbers == 7)[0])
    whole = shrinking_fragments(find_groups(zwitterion), nitrogen, WHOLE_A)
    assert [fragment.charge for fragment in whole[:2]] == [0, 1]
    with pytest.raises(MethodError, match=r"has the charge 1, but pair computes 0"):
        converge_site(find_groups(zwitterion), nitrogen, model, method="rows")
    carbon = int(np.flatnonzero(zwitterion.numbers == 6)[2])
    with pytest.raises(MethodError, match=r"has the charge"):
        locality(zwitterion, model, [carbon, nitrogen], method="rows")
    assert model.n_rows == 0


def test_a_site_out_of_range_is_named(alkane, pair_model):
    with pytest.raises(StructureError, match="no atom 99"):
        converge_site(find_groups(alkane(3)), 99, pair_model())
