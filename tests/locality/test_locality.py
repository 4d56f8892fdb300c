"""The locality of whole structures, and that of a model beside its reference's."""

import json
from dataclasses import replace

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk

from nearsight.errors import CheckpointError, MethodError, ModelError, StructureError
from nearsight.locality.comparison import compare_localities
from nearsight.locality.compute import locality
from nearsight.locality.interactions import interactions
from nearsight.structures.fragments import cut_fragment
from nearsight.structures.groups import find_groups


@pytest.fixture
def chain(polyethylene, pair_model):
    """Polyethylene, both kinds of sites."""
    return locality(polyethylene, pair_model(), reference_radius_A=7.0, method="rows")


def test_there_is_one_site_of_each_kind(chain, polyethylene):
    assert [(site.site, site.element) for site in chain.sites] == [(0, "C"), (1, "H")]
    alike = sorted(atom for site in chain.sites for atom in site.equivalent_atoms)
    assert alike == list(range(len(polyethylene)))


def test_the_range_is_enough_for_all_and_the_cutoff_is_half_of_it(chain):
    assert chain.force_range_A == max(site.r_frag_A for site in chain.sites)
    assert chain.cutoff_A == chain.force_range_A / 2
    assert 1.0 < chain.force_range_A < 7.0
    centres = {int(each.parents[each.site]) for each in chain.fragments}
    assert centres <= {site.site for site in chain.sites}


def test_reference_fragments_feel_what_the_crystal_feels(chain, polyethylene, pair_model):
    """7 Å are beyond the cutoff of 4 Å, and the next chain is 6 Å away."""
    [evaluation] = pair_model().evaluate([polyethylene])
    crystal = interactions(polyethylene, pair_model(), supercell=(2, 2, 5), method="rows")
    for place, site in enumerate(chain.sites):
        reference = site.shells[0].force_eV_per_A
        np.testing.assert_allclose(reference, evaluation.forces_eV_per_A[site.site], atol=1e-10)
        felt = np.sort(crystal.norms_eV_per_A2[place])[::-1]
        by_fragment = np.sort(site.reference_norms_eV_per_A2)[::-1]
        n_felt = int((felt > 1e-9).sum())
        assert n_felt > 10
        np.testing.assert_allclose(by_fragment[:n_felt], felt[:n_felt], atol=1e-9)


def test_a_fragment_with_the_range_as_radius_has_the_force_that_its_shell_told(chain, pair_model):
    groups = find_groups(chain.atoms)
    for site in chain.sites:
        fragment = cut_fragment(groups, site.site, radius_A=chain.force_range_A)
        [evaluation] = pair_model().evaluate([fragment.atoms])
        error = evaluation.forces_eV_per_A[fragment.site] - site.shells[0].force_eV_per_A
        [same] = [s for s in site.shells if len(s.fragment.atoms) == len(fragment.atoms)]
        assert np.linalg.norm(error) == pytest.approx(same.force_error_eV_per_A, abs=1e-10)
        assert same.group_norm_eV_per_A2 <= chain.threshold_eV_per_A2


def test_the_summary_has_the_fields_of_the_output(chain):
    made = chain.summary()
    assert made["method"] == "pair"
    assert made["threshold_eV_per_A2"] == 0.35
    assert made["force_range_A"] == chain.force_range_A
    first = made["sites"][0]
    assert {"index", "element", "equivalent_atoms", "r_frag_A", "shells"} <= set(first)
    sizes = [shell["n_atoms"] for shell in first["shells"]]
    assert sizes == sorted(sizes, reverse=True)
    assert set(first["shells"][0]) == {
        "n_atoms",
        "n_caps",
        "radius_A",
        "group_norm_eV_per_A2",
        "force_error_eV_per_A",
    }


def test_own_groups_are_kept_together(alkane, pair_model):
    atoms = alkane(6)
    apart = locality(atoms, pair_model(), [0], reference_radius_A=100.0, method="rows")
    together = locality(
        atoms, pair_model(), [0], own_groups=[[0, 3, 6]], reference_radius_A=100.0, method="rows"
    )
    assert len(together.sites[0].shells) == len(apart.sites[0].shells) - 2


def test_caps_are_no_pair_of_the_structure(polyethylene, pair_model):
    """Polytetrafluoroethylene has no hydrogen but that of caps."""
    atoms = polyethylene.copy()
    atoms.numbers[atoms.numbers == 1] = 9
    model = pair_model(elements=frozenset({1, 6, 9}))
    found = locality(atoms, model, [0], reference_radius_A=4.0, method="rows")
    assert 1 in found.sites[0].reference.atoms.numbers
    assert [each.elements for each in found.ranges()] == [("C", "C"), ("C", "F")]


def test_sites_may_be_integers_of_numpy(polyethylene, pair_model):
    found = locality(
        polyethylene, pair_model(), np.array([0, 1]), reference_radius_A=4.0, method="rows"
    )
    assert json.loads(json.dumps(found.summary()))["sites"][1]["index"] == 1


def test_the_charge_of_the_structure_decides_that_of_its_metal(pair_model):
    """Iron in water is +2 unless the complex is said to have another charge."""
    water = [(0.0, 0.0, 2.0), (0.0, 0.76, 2.59), (0.0, -0.76, 2.59)]
    ferric = Atoms("FeOH2", positions=[(0.0, 0.0, 0.0), *water], info={"charge": 3})
    model = pair_model(elements=frozenset({1, 8, 26}))
    with pytest.raises(MethodError, match="has the charge 3"):
        locality(ferric, model, [0])
    del ferric.info["charge"]
    with pytest.raises(MethodError, match="has the charge 2"):
        locality(ferric, model, [0])


def test_of_a_molecule_every_atom_is_a_site_unless_some_are_chosen(alkane, pair_model):
    atoms = alkane(2)
    found = locality(atoms, pair_model(), reference_radius_A=100.0, method="rows")
    assert [site.site for site in found.sites] == list(range(len(atoms)))
    chosen = locality(atoms, pair_model(), [3, 0, 3], reference_radius_A=100.0, method="rows")
    assert [site.site for site in chosen.sites] == [3, 0]


def test_a_model_beside_itself_sees_as_far(chain):
    compared = compare_localities(chain, chain)
    assert compared.sees_as_far
    assert compared.warnings == ()
    for site in compared.sites:
        assert site.far_ratio(2.0) == pytest.approx(1.0)
        assert site.far_ratio(1e3) is None
        assert site.unseen_eV_per_A2 == 0.0  # twice the receptive field of 4 Å is beyond all


def test_forces_reach_twice_as_far_as_energies_and_direct_ones_as_far(alkane, pair_model):
    for stated, reach in (
        ({}, 8.0),
        ({"conservative": False}, 4.0),
        ({"receptive_field_A": None}, None),
    ):
        found = locality(
            alkane(2), pair_model(**stated), [0], reference_radius_A=100.0, method="rows"
        )
        assert found.reach_A == reach


def test_what_a_model_cannot_reach_is_told(chain):
    blind = replace(chain, reach_A=1.2)
    compared = compare_localities(blind, chain)
    for ours, site in zip(compared.sites, chain.sites, strict=True):
        norms = np.delete(site.reference_norms_eV_per_A2, site.reference.site)
        distances = np.delete(site.distances_A, site.reference.site)
        expected = np.sqrt((norms[distances > 1.2] ** 2).sum())
        assert ours.unseen_eV_per_A2 == pytest.approx(expected)
        assert expected > 0.1
    assert "cannot see all that sites feel" in compared.warnings[0]


def test_other_sites_and_other_references_are_not_compared(chain, polyethylene, pair_model):
    one = locality(polyethylene, pair_model(), [0], reference_radius_A=7.0, method="rows")
    with pytest.raises(MethodError, match="for the same sites"):
        compare_localities(one, chain)
    smaller = locality(polyethylene, pair_model(), reference_radius_A=5.0, method="rows")
    with pytest.raises(MethodError, match="reference fragments around atom 0 differ"):
        compare_localities(smaller, chain)


def test_a_crystal_without_bonds_that_can_be_cut_is_refused(pair_model):
    with pytest.raises(StructureError, match="no capping"):
        locality(bulk("Si", cubic=True), pair_model())


@pytest.mark.parametrize(
    ("settings", "what"),
    [
        ({"reference_radius_A": 0.0}, "`reference_radius_A` is a positive"),
        ({"threshold_eV_per_A2": float("nan")}, "threshold"),
    ],
)
def test_senseless_settings_are_named(polyethylene, pair_model, settings, what):
    with pytest.raises(MethodError, match=what):
        locality(polyethylene, pair_model(), **settings)


def test_a_site_out_of_range_and_an_unknown_element_are_named(polyethylene, pair_model):
    with pytest.raises(StructureError, match="no atom 17"):
        locality(polyethylene, pair_model(), [17])
    gold = Atoms("Au2", positions=[[0, 0, 0], [0, 0, 2.6]])
    with pytest.raises(ModelError, match="does not know Au"):
        locality(gold, pair_model())


def test_fragments_of_another_model_of_the_same_name_are_refused(
    polyethylene, pair_model, pair_energy, tmp_path
):
    class Softer(pair_energy):
        def morse(self, graph, distances):
            return 0.9995 * super().morse(graph, distances)

    def checkpoint_of(fragment):
        return tmp_path / f"{fragment.site}-{len(fragment.atoms)}.rows"

    settings = {"reference_radius_A": 7.0, "method": "rows", "checkpoint_of": checkpoint_of}
    before = locality(polyethylene, pair_model(), **settings)
    assert locality(polyethylene, pair_model(), **settings).summary() == before.summary()
    torch_model = pytest.importorskip("nearsight.models.engines.torch_model")
    other = torch_model.TorchModel(Softer())
    assert other.identity == pair_model().identity
    with pytest.raises(CheckpointError, match="another model than this pair"):
        locality(polyethylene, other, **settings)
