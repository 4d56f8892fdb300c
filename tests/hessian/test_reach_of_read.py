"""What lies in a box is recognised in files of other programs as it is from a model."""

from dataclasses import replace

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk, fcc111, molecule

from nearsight.errors import NearsightWarning
from nearsight.hessian.files import read_hessian
from nearsight.hessian.files.phonopy_results import read_phonopy
from nearsight.hessian.force_constants import force_constants
from nearsight.hessian.matrix import hessian
from nearsight.models.registry import load_model
from nearsight.vibrations.modes import vibrations
from nearsight.vibrations.phonon_mesh import phonon_mesh
from nearsight.vibrations.thermodynamics import thermodynamics

in_a_box = pytest.mark.filterwarnings("ignore::nearsight.errors.NearsightWarning")


@pytest.fixture(scope="module")
def emt():
    return load_model("ase:emt")


def boxed(atoms, box):
    found = atoms.copy()
    found.cell, found.pbc = box, True
    found.info.clear()
    found.wrap()
    return found


def two_molecules():
    both = molecule("N2") + Atoms("CO", positions=[(0, 0, 6.6), (0, 0, 7.75)])
    return boxed(both, (9, 10, 18))


def slab():
    found = fcc111("Cu", (1, 1, 3), vacuum=3.3)
    return boxed(found, found.cell)


def heat(spectrum):
    return thermodynamics(spectrum, [20.0, 300.0]).heat_capacity_eV_per_K


@in_a_box
@pytest.mark.parametrize("supercell", [(1, 1, 1), None], ids=["folded", "repeated"])
@pytest.mark.parametrize(
    ("atoms", "pieces"),
    [
        (two_molecules(), "2 molecules"),
        (boxed(molecule("H2O"), (7.0, 7.5, 8.0)), "a molecule"),
        (boxed(molecule("N2"), (6.5, 6.5, 6.5)), "a molecule"),
        (slab(), "a layer"),
        (bulk("Cu"), "a crystal"),
    ],
    ids=["two molecules", "water", "nitrogen", "slab", "copper"],
)
def test_phonopy_files_have_the_heat_capacity_of_the_model(emt, tmp_path, atoms, pieces, supercell):
    constants = force_constants(atoms, emt, supercell, progress=False)
    constants.to_phonopy().save(tmp_path / "phonopy.yaml", settings={"force_constants": True})
    read = read_phonopy(tmp_path / "phonopy.yaml")
    assert str(read.pieces) == str(constants.pieces) == pieces
    expected = heat(phonon_mesh(constants, (3, 3, 2)))
    assert heat(phonon_mesh(read, (3, 3, 2))) == pytest.approx(expected, rel=1e-6, abs=1e-12)


@in_a_box
def test_pieces_that_second_derivatives_couple_are_held(emt, tmp_path):
    constants = force_constants(two_molecules(), emt, (1, 1, 1), progress=False)
    coupled = constants.values_eV_per_A2.copy()
    spring = np.diag([0.0, 0.0, 0.05])  # between the inner atoms of the two molecules
    for first, second in [(0, 2), (2, 0)]:
        coupled[first, :, second] -= spring
        coupled[first, :, first] += spring
    phonon = replace(constants, values_eV_per_A2=coupled).to_phonopy()
    phonon.save(tmp_path / "phonopy.yaml", settings={"force_constants": True})
    assert str(read_phonopy(tmp_path / "phonopy.yaml").pieces) == "a molecule"


def test_readers_say_once_what_lies_in_a_box(emt, tmp_path):
    with pytest.warns(NearsightWarning, match="2 molecules in a periodic box"):
        own = hessian(two_molecules(), emt, progress=False)
    own.to_ase().write(tmp_path / "vibrations.json")
    with pytest.warns(NearsightWarning, match="2 molecules in a periodic box") as told:
        read = read_hessian(tmp_path / "vibrations.json")
    assert len(told) == 1
    assert told[0].filename == __file__
    assert vibrations(read).n_rigid_body == vibrations(own).n_rigid_body == 10


def test_an_atom_alone_shows_nothing(emt, tmp_path):
    constants = force_constants(bulk("Cu", a=6.1), emt, (1, 1, 1), progress=False)
    constants.to_phonopy().save(tmp_path / "phonopy.yaml", settings={"force_constants": True})
    assert str(read_phonopy(tmp_path / "phonopy.yaml").pieces) == "a crystal"
