"""Verbs raise the warnings of their results, each once, at the line that called them."""

import inspect
import subprocess
import sys
import warnings
from dataclasses import dataclass

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk

from nearsight.announcing import announce, announces, quietly
from nearsight.elasticity import elastic_tensor
from nearsight.errors import NearsightWarning
from nearsight.hessian import HessianOperator, force_constants, generalised_hessian, hessian
from nearsight.locality import locality
from nearsight.models.registry import load_model
from nearsight.relaxation import RelaxationSettings, relax
from nearsight.structures import read_structure
from nearsight.vibrations import (
    lowest_modes,
    phonon_mesh,
    probe_heat_capacity,
    relax_to_minimum,
    thermodynamics,
    vibrations,
)


@dataclass(frozen=True)
class Told:
    warnings: tuple[str, ...]


@announces
def inner(*messages):
    return Told(messages)


@announces
def outer(before):
    return Told((*before.warnings, *inner("of the inner verb").warnings, "of its own"))


def raised(call):
    """Return the result and the warnings, and check that they point to this file."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        result = call()
    ours = [each for each in caught if issubclass(each.category, NearsightWarning)]
    assert {each.filename for each in ours} <= {__file__}
    return result, [str(each.message) for each in ours]


def nitrogen():
    return Atoms("N2", positions=[(0, 0, 0), (0, 0, 1.0)], cell=[9.0] * 3, pbc=True)


@pytest.fixture(scope="module")
def emt():
    return load_model("ase:emt")


def test_each_warning_is_raised_once_where_it_comes_from():
    before, said = raised(lambda: inner("first", "first", "second"))
    assert said == ["first", "second"]
    _, said = raised(lambda: outer(before))
    assert said == ["of the inner verb", "of its own"]


def test_a_verb_that_fails_leaves_the_next_one_its_voice():
    @announces
    def broken():
        raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        broken()
    assert raised(lambda: inner("later"))[1] == ["later"]


def test_signatures_stay_what_they_are():
    assert list(inspect.signature(relax).parameters)[:2] == ["atoms", "model"]
    assert relax.__doc__.startswith("Relax positions")


def test_announced_messages_may_become_errors():
    with warnings.catch_warnings():
        warnings.simplefilter("error", NearsightWarning)
        with pytest.raises(NearsightWarning, match="stop here"):
            announce(["stop here"])


def test_relaxation_that_stops_early(emt):
    atoms = bulk("Cu", a=3.4)
    result, said = raised(
        lambda: relax(atoms, emt, RelaxationSettings(max_steps=1, optimizer="BFGS"))
    )
    assert said == list(result.warnings)
    assert any("Not converged" in each for each in said)


def test_saddle_point_from_relaxation_to_heat(emt):
    """A square of copper atoms is no minimum."""
    square = Atoms("Cu4", positions=[(0, 0, 0), (2.4, 0, 0), (0, 2.4, 0), (2.4, 2.4, 0)])
    found, said = raised(lambda: hessian(square, emt))
    assert said == []
    modes, said = raised(lambda: vibrations(found))
    assert said == list(modes.warnings)
    assert any("imaginary" in each for each in said)
    thermal, said = raised(lambda: thermodynamics(modes, [300.0]))
    assert set(said) == set(thermal.warnings) - set(modes.warnings)
    assert len(said) == 1
    lowest, said = raised(lambda: lowest_modes(HessianOperator(square, emt), 2))
    assert said == list(lowest.warnings) != []
    probed, said = raised(
        lambda: probe_heat_capacity(HessianOperator(square, emt), [300.0], lowest=lowest)
    )
    assert set(said) == set(probed.warnings) - set(lowest.warnings)


def test_search_for_a_minimum_speaks_for_its_relaxations(emt):
    square = Atoms("Cu4", positions=[(0, 0, 0), (2.4, 0, 0), (0, 2.4, 0), (2.4, 2.4, 0.01)])
    result, said = raised(
        lambda: relax_to_minimum(square, emt, RelaxationSettings(max_steps=3), most_rounds=1)
    )
    assert said == list(result.warnings) != []


def test_molecule_in_a_box_is_said_once_per_hessian(emt):
    found, said = raised(lambda: hessian(nitrogen(), emt))
    assert said == list(found.warnings)
    assert "in a periodic box" in said[0]
    constants, said = raised(lambda: force_constants(nitrogen(), emt))
    assert said == list(constants.warnings) != []
    _, said = raised(lambda: phonon_mesh(constants, (2, 2, 2)))
    assert said == []


def test_phonons_from_a_supercell_that_is_small(pair_model):
    constants = force_constants(bulk("MgO", "rocksalt", a=3.7494662305), pair_model(), (1, 1, 1))
    phonons, said = raised(lambda: phonon_mesh(constants, (4, 4, 4)))
    assert said == list(phonons.warnings) != []
    thermal, said = raised(lambda: thermodynamics(phonons, [300.0]))
    assert said == []
    assert set(phonons.warnings) <= set(thermal.warnings)


def test_elastic_constants_of_what_has_none(emt):
    generalised, said = raised(lambda: generalised_hessian(nitrogen(), emt))
    assert said == list(generalised.hessian.warnings) != []
    tensor, said = raised(lambda: elastic_tensor(generalised))
    assert said == list(tensor.warnings) != []


def test_locality_of_a_reference_that_is_too_small(alkane, pair_model):
    found, said = raised(
        lambda: locality(alkane(6), pair_model(), [0], reference_radius_A=2.0, progress=False)
    )
    assert said == list(found.warnings)
    assert said != []


def test_notes_on_reading_are_raised_where_the_file_is_read(tmp_path):
    for comment, file in (("", "n2.xyz"), ("charge=0.5 ", "charged.xyz")):
        (tmp_path / file).write_text(f"2\n{comment}\nN 0 0 0\nN 0 0 1.0\n")
    assert raised(lambda: read_structure(tmp_path / "n2.xyz"))[1] == []
    atoms, said = raised(lambda: read_structure(tmp_path / "charged.xyz"))
    [note] = said
    assert "charge=0.5, which was left out" in note
    assert atoms.info["reading_notes"] == said
    with quietly():
        assert raised(lambda: read_structure(tmp_path / "charged.xyz"))[1] == []


def test_command_line_prints_what_verbs_raise_and_nothing_twice(tmp_path):
    molecule = nitrogen()
    molecule.info["charge"] = 0.5
    molecule.write(tmp_path / "n2.extxyz")
    command = [sys.executable, "-W", "always", "-m", "nearsight.cli", "heat-capacity"]
    done = subprocess.run(
        [*command, "n2.extxyz", "--model", "ase:emt", "--no-relax"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "NearsightWarning" not in done.stdout + done.stderr
    assert done.stdout.count("Warning: the structure is a molecule in a periodic box") == 1
    np.testing.assert_equal(done.stdout.count("vibrations of the molecule only"), 1)
    # What was remarked on reading is printed likewise, wrapped to the width of the table.
    assert done.stdout.count("Warning: The file says charge=0.5") == 1
