"""Molecules, chains and layers in periodic boxes: one answer, whatever is summed over."""

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk, fcc111
from ase.calculators.emt import EMT

from nearsight.hessian.force_constants import ForceConstants, force_constants
from nearsight.hessian.matrix import Hessian, hessian
from nearsight.hessian.products.operator import HessianOperator
from nearsight.hessian.reach import pieces_of, reach_of
from nearsight.models import AseModel
from nearsight.models.registry import load_model
from nearsight.relaxation import RelaxationSettings, relax
from nearsight.structures.pieces import whole_molecule
from nearsight.vibrations.band_structure import band_structure
from nearsight.vibrations.mesh_density_of_states import mesh_density_of_states
from nearsight.vibrations.modes import Vibrations, vibrations
from nearsight.vibrations.phonon_mesh import phonon_mesh
from nearsight.vibrations.probing import probe_heat_capacity
from nearsight.vibrations.thermodynamics import thermodynamics

BOLTZMANN_eV_PER_K = 8.617333262e-5
MESHES = [(1, 1, 1), (2, 2, 2), (5, 5, 5), (3, 1, 4)]


@pytest.fixture(scope="module")
def emt():
    return load_model("ase:emt")


def nitrogen(box=(12.0, 12.5, 13.0), seed=0):
    """N2 at rest, turned by a seed, across the boundary of its box."""
    random = np.random.default_rng(seed)
    atoms = Atoms("N2", positions=[(0, 0, 0), (0, 0, 0.99802938)])
    atoms.rotate(float(random.uniform(0, 360)), random.normal(size=3))
    atoms.positions += random.uniform(-9, 9, 3)
    atoms.cell, atoms.pbc = box, True
    atoms.wrap()
    return atoms


def wire(angle_deg=0.0):
    atoms = Atoms("CuAu", positions=[(0.4, 0, 0), (0, 0, 2.5)], cell=[14.0, 15.0, 5.0], pbc=True)
    atoms.rotate(angle_deg, "x", rotate_cell=True)
    return atoms


def slab():
    atoms = fcc111("Cu", (1, 1, 2), a=3.6, vacuum=7.0)
    atoms.pbc = True
    atoms.info.clear()
    return atoms


def heat(spectrum, acoustic=None):
    found = thermodynamics(spectrum, [100.0, 300.0], acoustic)
    return found.heat_capacity_eV_per_K / BOLTZMANN_eV_PER_K


@pytest.mark.parametrize("seed", range(4))
def test_molecule_has_one_heat_capacity_whatever_the_mesh_and_the_spectrum(emt, seed):
    atoms = nitrogen(seed=seed)
    free = heat(vibrations(hessian(whole_molecule(atoms), emt)))
    constants = force_constants(atoms, emt)
    found = [heat(phonon_mesh(constants, mesh)) for mesh in MESHES]
    found += [heat(vibrations(hessian(atoms, emt)))]
    for each in found:
        np.testing.assert_allclose(each, free, rtol=1e-6)
    probed = probe_heat_capacity(HessianOperator(atoms, emt), [300.0])
    assert probed.n_rigid_body == 5
    # Differences of forces along other directions: what they are off by is all that is left.
    assert probed.difference_error < 1e-3
    found = probed.heat_capacity_eV_per_K / BOLTZMANN_eV_PER_K
    np.testing.assert_allclose(found, free[1:], rtol=5e-3)


def test_conventions_mean_the_same_at_every_mesh(emt):
    atoms = nitrogen()
    constants = force_constants(atoms, emt)
    for mesh in MESHES:
        phonons = phonon_mesh(constants, mesh)
        assert phonons.default_acoustic == "exclude"
        assert (phonons.rigid_body_modes == 5).all()
        assert phonons.share_imaginary == 0.0
        np.testing.assert_allclose(
            heat(phonons, "classical") - heat(phonons, "exclude"), 5.0, rtol=1e-9
        )
        # nothing is projected: every mode counts that is not imaginary
        counted = thermodynamics(phonons, [300.0], "as-computed")
        assert counted.n_oscillators + counted.n_imaginary == pytest.approx(6.0, abs=1.0 / 27)
        assert phonons.interpolation_effect == pytest.approx(0.0, abs=1e-9)
        (remark,) = phonons.remarks("exclude")
        assert "vibrations of the molecule only" in remark


@pytest.mark.parametrize("box", [(7.0, 7.0, 7.0), (9.0, 20.0, 8.0), (30.0, 30.0, 30.0)])
def test_box_does_not_matter(emt, box):
    found = heat(phonon_mesh(force_constants(nitrogen(box), emt), (2, 3, 1)))
    reference = heat(vibrations(hessian(whole_molecule(nitrogen()), emt)))
    np.testing.assert_allclose(found, reference, rtol=1e-6)


def test_what_is_said(emt):
    (said,) = force_constants(nitrogen(), emt).warnings
    assert "a molecule in a periodic box" in said
    assert "`molecule` leaves the box out" in said
    assert hessian(nitrogen(), emt).warnings == (said,)
    assert said in probe_heat_capacity(HessianOperator(nitrogen(), emt), [300.0]).warnings
    two = nitrogen() * (1, 1, 2)
    (said,) = hessian(two, emt).warnings
    assert "2 molecules in a periodic box" in said
    (said,) = hessian(slab(), emt).warnings
    assert "a layer in a periodic box" in said
    assert hessian(bulk("Cu", cubic=True), emt).warnings == ()


def test_fragments_and_atoms_move_each_by_itself(emt):
    two = nitrogen() * (1, 1, 2)
    two.positions[2:] += (3.0, 1.0, -1.0)
    modes = vibrations(hessian(two, emt))
    assert modes.n_rigid_body == 10
    one = heat(vibrations(hessian(whole_molecule(nitrogen()), emt)))
    np.testing.assert_allclose(heat(modes), 2 * one, rtol=1e-6)
    np.testing.assert_allclose(
        heat(phonon_mesh(force_constants(two, emt), (2, 2, 3))), 2 * one, rtol=1e-6
    )
    atom = Atoms("Cu", cell=[10.0, 11.0, 12.0], pbc=True)
    phonons = phonon_mesh(force_constants(atom, emt), (3, 3, 3))
    np.testing.assert_array_equal(heat(phonons), 0.0)
    np.testing.assert_allclose(heat(phonons, "classical"), 3.0)


@pytest.mark.parametrize("angle_deg", [0.0, 33.0])
def test_chain_does_not_feel_the_mesh_beside_it(emt, angle_deg):
    atoms = relax(wire(angle_deg), emt, RelaxationSettings(fmax_eV_per_A=1e-5, cell="fixed")).atoms
    constants = force_constants(atoms, emt)
    assert constants.pieces.ranks == (1,)
    found = [phonon_mesh(constants, (a, b, 6)) for a, b in ((1, 1), (2, 1), (3, 4))]
    for phonons in found:
        assert phonons.default_acoustic == "classical"
        at_rest = np.abs(phonons.qpoints[:, 2]) < 1e-9
        assert (phonons.rigid_body_modes[at_rest] >= 3).all()
        assert (phonons.rigid_body_modes[~at_rest] == 0).all()
        for acoustic in ("classical", "exclude"):
            np.testing.assert_allclose(heat(phonons, acoustic), heat(found[0], acoustic), rtol=1e-7)


def test_density_of_states_is_that_of_the_vibrations(emt):
    phonons = phonon_mesh(force_constants(nitrogen() * (1, 1, 2), emt), (2, 2, 2))
    density = mesh_density_of_states(phonons)
    states = np.trapezoid(density.states_per_THz, density.frequencies_THz)
    assert states == pytest.approx(2.0, rel=1e-4)  # one of each molecule


def test_layer_does_not_feel_the_mesh_across_it(emt):
    atoms = relax(slab(), emt, RelaxationSettings(fmax_eV_per_A=1e-5, cell="fixed")).atoms
    constants = force_constants(atoms, emt)
    assert constants.pieces.ranks == (2,)
    found = [phonon_mesh(constants, (4, 4, n)) for n in (1, 2, 5)]
    for phonons in found:
        in_plane = np.abs(phonons.qpoints[:, :2]).max(axis=1) > 1e-9
        np.testing.assert_array_equal(phonons.rigid_body_modes, np.where(in_plane, 0, 3))
        np.testing.assert_allclose(heat(phonons), heat(found[0]), rtol=1e-7)


def test_bands_of_a_molecule_are_flat(emt):
    bands = band_structure(force_constants(nitrogen((9.0, 9.0, 9.0)), emt), points_per_segment=5)
    for segment in bands.segments:
        np.testing.assert_array_equal(segment.frequencies_THz[:, :5], 0.0)
        np.testing.assert_allclose(segment.frequencies_THz[:, 5], bands.highest_THz, rtol=1e-9)


def test_molecules_that_touch_are_a_crystal(emt, pair_model):
    """Dry ice is held by pairs between molecules."""
    dry_ice = nitrogen((4.2, 4.3, 4.4))
    assert reach_of(dry_ice, emt) is None
    assert vibrations(hessian(dry_ice, emt)).n_rigid_body == 3
    bound = Atoms("C2", positions=[(0, 0, 0), (1.5, 0, 0)], cell=[5.2, 3.9, 3.9], pbc=True)
    assert reach_of(bound, pair_model()) is None


def test_pieces_that_a_model_of_unknown_reach_holds_are_no_molecules():
    """A model without a cutoff is asked: pairs of far atoms may hold a lot of energy."""

    class Far:
        from nearsight.models.contract import Capabilities

        capabilities = Capabilities(
            cutoff_A=None,
            receptive_field_A=None,
            elements=None,
            conservative=True,
            equivariant=True,
            atomic_energies=False,
            size_consistent=None,
            differentiable=False,
            curvature_smooth=None,
        )

        def __init__(self, depth_eV):
            self.depth_eV = depth_eV

        def evaluate(self, structures, *, stress=False):
            from nearsight.models.contract import Evaluation

            return [
                Evaluation(-self.depth_eV * (len(atoms) > 1), np.zeros((len(atoms), 3)), None, None)
                for atoms in structures
            ]

    two = Atoms("Ar2", positions=[(0, 0, 0), (6, 0, 0)], cell=[25.0] * 3, pbc=True)
    assert pieces_of(two, reach_of(two, Far(0.0))).ranks == (0, 0)
    assert pieces_of(two, reach_of(two, Far(1e-4))).ranks == (0, 0)
    held = reach_of(two, Far(0.1))
    assert pieces_of(two, held).ranks == (0,)


def test_a_model_that_takes_nothing_without_a_cell_is_asked_all_the_same():
    class NeedsCell(EMT):
        def calculate(self, atoms=None, *arguments, **settings):
            if not atoms.pbc.all():
                raise ValueError("a periodic cell is required")
            super().calculate(atoms, *arguments, **settings)

    two = nitrogen() * (1, 1, 2)
    for atoms, ranks in [(nitrogen(), (0,)), (two, (0, 0)), (wire(), (1,)), (slab(), (2,))]:
        assert pieces_of(atoms, reach_of(atoms, AseModel(NeedsCell()))).ranks == ranks


def test_crystals_that_contacts_connect_cost_no_evaluation():
    class Counting(EMT):
        n_calculated = 0

        def calculate(self, *arguments, **settings):
            Counting.n_calculated += 1
            super().calculate(*arguments, **settings)

    for crystal in (bulk("Cu"), bulk("Cu", cubic=True) * 2, bulk("NiAl", "cesiumchloride", a=2.9)):
        assert reach_of(crystal, AseModel(Counting())) is None
    assert Counting.n_calculated == 0


def test_files_keep_what_holds_together(emt, tmp_path):
    found = hessian(nitrogen(), emt)
    found.save(tmp_path / "h.npz")
    again = Hessian.load(tmp_path / "h.npz")
    assert again.reach_A == found.reach_A
    modes = vibrations(again)
    assert modes.n_rigid_body == 5
    modes.save(tmp_path / "v.npz")
    assert Vibrations.load(tmp_path / "v.npz").pieces.molecular
    constants = force_constants(bulk("Cu"), emt)
    constants.save(tmp_path / "c.npz")
    assert ForceConstants.load(tmp_path / "c.npz").reach_A is None
