"""Potentials written and read again, and read in other words: the same to the last digit."""

import random
import re
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from ase.build import molecule

from nearsight.errors import MethodError, NearsightWarning, StorageError
from nearsight.hdnnp.cutoff_functions import CutoffFunction
from nearsight.hdnnp.files import (
    open_potential,
    read_potential,
    same_potential,
    write_potential,
)
from nearsight.hdnnp.files.weights import weights_file
from nearsight.hdnnp.networks import Network
from nearsight.hdnnp.potential import Normalization, Potential, PotentialUnits, Scaling
from plain_hdnnp import ACTIVATIONS, energy_eV, made_potential

ALIKE = {"H": ((4, 3), "ttl"), "C": ((5, 3), "ttl"), "O": ((4, 3), "ttl")}
BOHR = PotentialUnits("bohr", "hartree")


@pytest.fixture(scope="module")
def potential() -> Potential:
    return made_potential(7, ALIKE, normalization=Normalization(-1.2, 3.4, 0.7))


@pytest.fixture(scope="module")
def written(potential: Potential, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("written")
    write_potential(potential, folder)
    return folder


@pytest.fixture
def folder(written: Path, tmp_path: Path) -> Path:
    return shutil.copytree(written, tmp_path / "potential")


@pytest.mark.parametrize("kind", ["none", "range", "center", "range and center", "sigma"])
@pytest.mark.parametrize("normalization", [Normalization(), Normalization(0.1, 1 / 3, 1e-5)])
def test_scalings_and_units(kind: str, normalization: Normalization, tmp_path: Path) -> None:
    scaling = Scaling(kind, -0.1, 1.3)
    made = made_potential(1, ALIKE, scaling=scaling, normalization=normalization, units=BOHR)
    write_potential(made, tmp_path)
    assert same_potential(made, read_potential(tmp_path))


@pytest.mark.parametrize("seed", range(6))
def test_random_layers(seed: int, tmp_path: Path) -> None:
    choice = random.Random(seed)
    layers = {}
    for symbol in choice.sample(["H", "C", "N", "O", "Si", "Zn"], 3):
        nodes = [choice.randint(1, 6) for _ in range(choice.randint(0, 3))]
        letters = "".join(choice.choices(list(ACTIVATIONS), k=len(nodes) + 1))
        layers[symbol] = (nodes, letters)
    made = made_potential(seed, layers, cutoff=(seed, 0.25 if seed in {1, 4, 5} else 0.0))
    write_potential(made, tmp_path)
    assert same_potential(made, read_potential(tmp_path))


def test_what_differs_is_not_the_same(potential: Potential) -> None:
    assert same_potential(potential, potential)
    others = [
        made_potential(8, ALIKE, normalization=potential.normalization),
        made_potential(7, ALIKE),
        made_potential(7, ALIKE, normalization=potential.normalization, units=BOHR),
    ]
    assert not any(same_potential(potential, other) for other in others)


@pytest.mark.parametrize(
    ("layers", "reads"),
    [
        (ALIKE, True),
        ({"H": ((9, 3), "ttl"), "O": ((4, 3), "ttl")}, True),
        ({"H": ((4, 2), "ttl"), "O": ((4, 3), "ttl")}, False),
        ({"H": ((3,), "tl"), "O": ((4, 3), "ttl")}, False),
        ({"H": ((4, 3), "gtl"), "O": ((4, 3), "ttl")}, False),
        ({"H": ((), "l")}, False),
    ],
)
def test_what_n2p2_would_misread_has_no_word_for_all(
    layers: dict, reads: bool, tmp_path: Path, recwarn: pytest.WarningsRecorder
) -> None:
    # n2p2 passes over the last hidden layer and the output in lines of one element. It stops where
    # there are only such lines, and reads other numbers where there is one for all, too.
    made = made_potential(3, layers)
    if reads:
        write_potential(made, tmp_path)
    else:
        with pytest.warns(NearsightWarning, match="n2p2 and LAMMPS will refuse"):
            write_potential(made, tmp_path)
    assert ("global_" in (tmp_path / "input.nn").read_text()) == reads
    assert same_potential(made, read_potential(tmp_path))


# Energies of ethanol by nnp-predict of n2p2 (master 61daa0d) with these files; see `ethanol`.
OF_N2P2 = {
    (0, 0.0): -275.44807228585347,
    (1, 0.0): -276.37388453802606,
    (1, 0.3): -276.38956988079724,
    (2, 0.0): -274.9928894179283,
    (3, 0.0): -275.6229626032891,
    (4, 0.2): -276.29528291066543,
    (5, 0.0): -276.36963678531947,
    (6, 0.3): -276.3714366178731,
    (7, 0.1): -276.4693377911097,
    (8, 0.2): -276.46181770650236,
}


def ethanol():
    atoms = molecule("CH3CH2OH")
    atoms.rattle(0.05, seed=3)
    return atoms


@pytest.mark.parametrize("cutoff", OF_N2P2)
def test_energies_are_those_of_n2p2(cutoff: tuple[int, float], tmp_path: Path) -> None:
    write_potential(made_potential(7, ALIKE, cutoff=cutoff), tmp_path)
    energy = energy_eV(read_potential(tmp_path), ethanol())
    assert energy == pytest.approx(OF_N2P2[cutoff], abs=1e-10)


def test_order_of_lines_blanks_and_comments_do_not_matter(
    potential: Potential, folder: Path
) -> None:
    file = folder / "input.nn"
    lines = file.read_text().splitlines()
    random.Random(5).shuffle(lines)
    lines = [f"  {line.replace(' ', '   ')} \t! epochs 3" for line in lines if "units" not in line]
    lines += ["# nearsight: units angstrom,eV", "epochs 10 # training", "\t"]
    file.write_text("\r\n".join(lines) + "\r\n")
    read = open_potential(folder)
    assert same_potential(potential, read.potential)
    assert read.without_effect == ("epochs",)


def test_other_names_of_the_same(potential: Potential, folder: Path) -> None:
    file = folder / "input.nn"
    text = file.read_text().replace("symfunction_short", "symfunction")
    order = re.sub(r"elements H C O", "elements O H C", text)
    file.write_text(order + "nnp_generation 2\nuse_short_nn\nremove_atom_energies\n")
    assert same_potential(potential, read_potential(folder))


def test_nodes_layer_by_layer(potential: Potential, folder: Path) -> None:
    file = folder / "input.nn"
    text = file.read_text()
    assert "element_nodes_short C 5 3\n" in text
    file.write_text(
        text.replace(
            "element_nodes_short C 5 3", "element_nodes_short C 2 3\nelement_nodes_short C 1 5"
        )
    )
    assert same_potential(potential, read_potential(folder))


def test_weights_alone_and_numbers_of_fortran(potential: Potential, folder: Path) -> None:
    file = folder / "weights.008.data"
    values = [line.split()[0] for line in file.read_text().splitlines() if line[0] != "#"]
    file.write_text("".join(f"{value.replace('E', 'd')}\n" for value in values))
    assert same_potential(potential, read_potential(folder))


def test_statistics_of_runner_have_no_sigma(potential: Potential, folder: Path) -> None:
    file = folder / "scaling.data"
    rows = [line.split()[:5] for line in file.read_text().splitlines() if line[0] != "#"]
    file.write_text("".join(" ".join(row) + "\n" for row in rows) + "-1.0 2.0\n")
    read = read_potential(folder)
    for ours, theirs in zip(potential.elements, read.elements, strict=True):
        assert np.isnan(theirs.statistics.sigma).all()
        np.testing.assert_array_equal(ours.statistics.mean, theirs.statistics.mean)
    write_potential(read, folder)
    assert same_potential(read, read_potential(folder))


def test_normalized_nodes_are_the_same_function(potential: Potential, folder: Path) -> None:
    file = folder / "input.nn"
    file.write_text(file.read_text() + "normalize_nodes\n")
    atoms = ethanol()
    divided = energy_eV(read_potential(folder), atoms)
    for element in potential.elements:
        path = folder / weights_file(element.symbol)
        lines = []
        for line in path.read_text().splitlines():
            words = line.split()
            if line[0] != "#":
                layer = int(words[3]) if words[1] == "a" else int(words[3]) - 1
                words[0] = repr(float(words[0]) * element.network.sizes[layer])
            lines.append(" ".join(words))
        path.write_text("\n".join(lines) + "\n")
    assert energy_eV(read_potential(folder), atoms) == pytest.approx(
        energy_eV(potential, atoms), abs=1e-11
    )
    assert abs(divided - energy_eV(potential, atoms)) > 1e-3


def as_runner_2(text: str) -> str:
    """Return `input.nn` in the words of RuNNer 2."""
    text = re.sub(
        r"(symfunction)_short(.*) ([\d.]+)\n",
        lambda line: f"{line[1]}{line[2]} {1 if float(line[3]) == 4 else 2}\n",
        text,
    )
    for one, other in (
        (r"cutoff_type.*", "fc_cosine 2 1.65 5.5\nfc_cosine 1 1.2 4.0"),
        (r"scale_symmetry", "scale_feature_maps\n#"),
        (r"center_symmetry", "center_feature_maps\n#"),
        (r"global_hidden_layers_short.*", "optimizer 1 kalman nue=0.99870"),
        (r"global_nodes_short", "default_nodes"),
        (r"global_activation_short", "default_activation_nn"),
        (r"number_of_elements.*", ""),
        (r"# nearsight.*", ""),
    ):
        text = re.sub(one, other, text)
    return text


def test_the_dialect_of_runner_2(tmp_path: Path) -> None:
    layers = {"H": ((4, 3), "ttl"), "O": ((4, 3), "ttl")}
    made = made_potential(4, layers, cutoff=(1, 0.3), units=BOHR)
    made = without_shifts(made)
    write_potential(made, tmp_path)
    file = tmp_path / "input.nn"
    file.write_text(as_runner_2(file.read_text()))
    read = open_potential(tmp_path)
    assert read.dialect == "RuNNer 2"
    assert "RuNNer 2" in read.units_from
    assert energy_eV(read.potential, molecule("H2O")) == pytest.approx(
        energy_eV(made, molecule("H2O")), abs=1e-10
    )


def without_shifts(made: Potential) -> Potential:
    """Leave out the functions that RuNNer 2 has no words for."""
    elements = []
    for element in made.elements:
        stay = [index for index, one in enumerate(element.functions) if not one.shift]
        statistics = replace(
            element.statistics,
            **{name: values[stay] for name, values in vars(element.statistics).items()},
        )
        first, *rest = element.network.layers
        first = replace(first, weights=first.weights[:, stay])
        elements.append(
            replace(
                element,
                functions=tuple(element.functions[index] for index in stay),
                statistics=statistics,
                network=Network((first, *rest)),
            )
        )
    return replace(made, elements=tuple(elements))


def test_units_that_are_given_or_said(potential: Potential, folder: Path) -> None:
    said = open_potential(folder)
    assert "names" in said.units_from
    file = folder / "input.nn"
    file.write_text(file.read_text().replace("# nearsight", "# from nearsight"))
    given = open_potential(folder, PotentialUnits())
    assert same_potential(potential, given.potential)
    assert "given" in given.units_from
    assert given.sha256 != said.sha256 != open_potential(folder, BOHR).sha256


def test_a_written_potential_takes_the_place_of_another(folder: Path) -> None:
    (folder / "notes.txt").write_text("mine\n")
    made = made_potential(9, ALIKE)
    write_potential(made, folder)
    assert same_potential(made, read_potential(folder))
    assert (folder / "notes.txt").read_text() == "mine\n"
    assert sorted(path.name for path in folder.iterdir()) == [
        "input.nn",
        "notes.txt",
        "scaling.data",
        "weights.001.data",
        "weights.006.data",
        "weights.008.data",
    ]


@pytest.mark.parametrize("moved", range(5))
def test_an_interruption_leaves_the_one_or_the_other(
    moved: int, potential: Potential, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    replace_file, calls = Path.replace, iter(range(100))

    def interrupted(path: Path, target: Path) -> Path:
        if next(calls) == moved:
            raise KeyboardInterrupt
        return replace_file(path, target)

    monkeypatch.setattr(Path, "replace", interrupted)
    made = made_potential(9, ALIKE)
    with pytest.raises(KeyboardInterrupt):
        write_potential(made, folder)
    assert same_potential(made, read_potential(folder))
    assert len(list(folder.iterdir())) == 5


def test_what_cannot_be_written_changes_nothing(potential: Potential, folder: Path) -> None:
    element = potential.elements[0]
    constant = replace(element.statistics, largest=element.statistics.smallest)
    one, two = CutoffFunction(1, 0.0, 4.0), CutoffFunction(2, 0.0, 4.0)
    functions = [replace(each, cutoff=one) for each in element.functions]
    functions[-1] = replace(functions[-1], cutoff=two)
    wrong = (
        (replace(element, functions=tuple(functions)), "one cutoff function"),
        (replace(element, functions=element.functions[::-1]), "order that n2p2"),
        (replace(element, atomic_energy=float("nan")), "finite number"),
        (replace(element, statistics=constant), "not possible|same value"),
    )
    for element, message in wrong:
        with pytest.raises(MethodError, match=message) as raised:
            write_potential(replace(potential, elements=(element, *potential.elements[1:])), folder)
        assert "writing-" not in str(raised.value)
        assert same_potential(potential, read_potential(folder))
        assert len(list(folder.iterdir())) == 5


def test_a_folder_that_cannot_be_made(potential: Potential, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match="cannot write"):
        write_potential(potential, tmp_path / "file")
