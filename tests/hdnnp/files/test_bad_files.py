"""Potentials that are wrong: each an error that names file, line, keyword and remedy."""

import random
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from nearsight.errors import ModelError, NearsightError
from nearsight.hdnnp.files import read_potential, same_potential, write_potential
from nearsight.hdnnp.potential import Normalization, Potential, PotentialUnits, Scaling
from plain_hdnnp import made_potential

LAYERS = {"H": ((4, 3), "ttl"), "O": ((5, 3), "ttl")}


@pytest.fixture(scope="module")
def potential() -> Potential:
    return made_potential(2, LAYERS, normalization=Normalization(-1.2, 3.4, 0.7), radii=(4.0,))


@pytest.fixture(scope="module")
def written(potential: Potential, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("written")
    write_potential(potential, folder)
    return folder


@pytest.fixture
def folder(written: Path, tmp_path: Path) -> Path:
    return shutil.copytree(written, tmp_path / "potential")


def line_of(file: Path, start: str) -> int:
    return next(
        number
        for number, line in enumerate(file.read_text().splitlines(), 1)
        if line.startswith(start)
    )


# In `input.nn`, what begins a line, what takes the place of its match, and what the error says.
WRONG_SETTINGS = [
    ("cutoff_type", "cutof_type", r"“cutof_type” is not known \(is it to be “cutoff_type”\?\)"),
    ("cutoff_type 2 0.0", "cutoff_type 9", "no cutoff function 9"),
    ("cutoff_type 2 0.0", "cutoff_type 2 1.5", "at least 0 and below 1"),
    ("cutoff_type 2 0.0", "cutoff_type", "has a number from 0 to 8"),
    ("cutoff_type 2 0.0", "cutoff_type two", "whole number, not “two”"),
    ("cutoff_type 2 0.0", "cutoff_alpha 0.3", "second word of “cutoff_type”"),
    ("cutoff_type 2 0.0", "cutoff_type 2 0.0\ncutoff_type 1", "in line 13 already"),
    ("elements", "elements H Xx #", "“Xx” is no element"),
    ("elements", "elements H H #", "each element of the potential once"),
    ("elements", "elements H C #", "“O” is none of the elements in line"),
    ("number_of_elements 2", "number_of_elements 3", "is 3, and line 9 names 2"),
    ("number_of_elements 2", "number_of_elements two", "whole number"),
    ("number_of_elements 2", "number_of_elements", "missing"),
    ("elements", "#", "“elements” is missing"),
    ("atom_energy H", "atom_energy O 1.0 #", "once for each"),
    ("atom_energy H", "atom_energy H 1.0 H #", "finite number|once for each"),
    ("atom_energy H", "atom_energy H nan #", "finite number, not “nan”"),
    ("atom_energy H", "atom_energy H 1e999 #", "finite number, not “1e999”"),
    ("atom_energy H", "atom_energy H 1_0 #", "finite number, not “1_0”"),
    ("mean_energy", "#", "all three are there or none"),
    ("conv_energy", "conv_energy 0.0 #", "“conv_energy” is above 0"),
    ("conv_length 0.7", "conv_length -0.7", "“conv_length” is above 0"),
    ("conv_length 0.7", "conv_length 0.7 angstrom", "1 behind it|has 1"),
    ("scale_symmetry_functions", "scale_symmetry_functions .false.", "switch it off"),
    ("scale_symmetry_functions", "scale_symmetry_functions_sigma", "contradicts"),
    ("scale_min_short", "scale_min_short 2.0 #", "first is to be smaller"),
    ("global_hidden_layers_short", "#", "number of hidden layers of H is not said"),
    ("global_hidden_layers_short", "global_hidden_layers_short 3 #", "3 hidden layers"),
    ("global_hidden_layers_short", "global_hidden_layers_short 99999 #", "more than any"),
    ("global_activation_short", "#", "activations of H are not said"),
    ("global_activation_short", "global_activation_short t l #", "2 letters"),
    ("global_activation_short", "global_activation_short t x l #", "no activation “x”"),
    ("global_nodes_short", "global_nodes_short 4 0 #", "some nodes, not 0"),
    ("global_nodes_short", "global_nodes_short 4 3 2 #", "has 3 numbers"),
    ("element_nodes_short", "element_nodes_short O 5 #", "nodes of its 2 hidden layers"),
    (
        "element_nodes_short",
        "element_nodes_short O 5 4 #",
        "13-5-3-1.*13-5-4-1.*n2p2 takes",
    ),
    ("element_nodes_short", "element_activation_short O 1 1 t #", "single nodes"),
    ("element_nodes_short", "element_activation_short O t t t #", "n2p2 takes in its place"),
    ("element_nodes_short", "element_hidden_layers_short C 2 #", "“C” is none"),
    ("symfunction_short O 9", "symfunction_short O 12 0.1 0.0 4.0 #", "weighted radial"),
    ("symfunction_short O 9", "symfunction_short O 13 0.1 0.2 1.0 8.0 4.0 #", "weighted ang"),
    ("symfunction_short O 9", "symfunction_short O 21 H H 0.1 4.0 #", "compact support"),
    ("symfunction_short O 9", "symfunction_short O 7 #", "kind 7 .others than 2, 3 and 9"),
    ("symfunction_short O 9", "symfunction_short C 9 #", "“C” is none of the elements"),
    ("symfunction_short O 2", "symfunction_short O 2 C 0.1 0.0 4.0 #", "“C” is none"),
    ("symfunction_short O 2", "symfunction_short O 2 H 0.1 4.0 #", "6 words behind .*not 5"),
    ("symfunction_short O 2", "symfunction_short O 2 H 0.1 0.0 -4.0 #", "radius is above 0"),
    ("symfunction_short O 9", "symfunction_short O 9 H H 0.1 0.5 2.0 4.0 #", "1 or -1, not 0.5"),
    ("symfunction_short O 9", "symfunction_short O 9 H H 0.1 1.0 0.0 4.0 #", "zeta is above 0"),
    ("symfunction_short O 9", "#", "the file has|it is one more|in the place of"),
    ("number", "nnp_type 4G-HDNNP\nnumber", "“nnp_type” is “4G-HDNNP”: such"),
    ("number", "nnp_gen 4\nnumber", "“nnp_gen” is “4”: such.*computes 2 or 2G"),
    ("number", "use_electrostatics\nnumber", "“use_electrostatics” stands for charges"),
    ("number", "use_electrostatics\nnnp_type 3\nnumber", "“nnp_type” is “3”"),
    ("number", "nn_type_short 2\nnumber", "“nn_type_short” is “2”: .* computes 1"),
    ("number", "use_vdw\nnumber", "dispersion"),
    ("number", "fc_cosine 1 0.0 12.0\nnumber", "of RuNNer 1 and n2p2, other lines are of RuNNer 2"),
    ("number", "runner_mode 3\nnumber", "only if “remove_atom_energies” is there"),
    ("# nearsight: units", "# nearsight: units bohr,eV,K #", "angstrom,eV"),
    ("# nearsight: units angstrom,eV", "# nearsight: units nm,eV", "'nm' is not known"),
    ("# nearsight: units", "# nearsight: unit bohr,eV", "a comment of Nearsight"),
    ("# nearsight: units", "#", "does not say its units.*bohr,hartree.* 4 Å or 2.117 Å"),
]


@pytest.mark.parametrize(("start", "instead", "message"), WRONG_SETTINGS)
def test_settings(start: str, instead: str, message: str, folder: Path) -> None:
    file = folder / "input.nn"
    text = file.read_text()
    changed = re.sub(f"(?m)^{re.escape(start)}", instead, text, count=1)
    assert changed != text
    file.write_text(changed)
    with pytest.raises(ModelError, match=message) as raised:
        read_potential(folder)
    assert str(folder) in str(raised.value)


def test_an_error_has_the_number_of_the_line(folder: Path) -> None:
    file = folder / "input.nn"
    number = line_of(file, "symfunction_short O 3")
    file.write_text(file.read_text().replace("symfunction_short O 3", "symfunction_short O 4", 1))
    with pytest.raises(ModelError, match=f"input.nn, line {number}: symmetry functions of kind 4"):
        read_potential(folder)


def test_units_that_contradict_the_file(folder: Path) -> None:
    with pytest.raises(ModelError, match=r"angstrom,eV as it says, not bohr,hartree"):
        read_potential(folder, PotentialUnits("bohr", "hartree"))


def change(name: str, edit: Callable[[list[str]], list[str]]) -> Callable[[Path], None]:
    def changed(folder: Path) -> None:
        lines = (folder / name).read_text().splitlines()
        (folder / name).write_text("".join(f"{line}\n" for line in edit(lines)))

    return changed


def words(row: int, **at: str) -> Callable[[list[str]], list[str]]:
    """Return what puts words at columns of a line."""

    def edit(lines: list[str]) -> list[str]:
        parts = lines[row].split()
        for column, word in at.items():
            parts[int(column[1:])] = word
        return [*lines[:row], " ".join(parts), *lines[row + 1 :]]

    return edit


def swapped(one: int, other: int) -> Callable[[list[str]], list[str]]:
    def edit(lines: list[str]) -> list[str]:
        lines[one], lines[other] = lines[other], lines[one]
        return lines

    return edit


SCALING, OXYGEN = "scaling.data", "weights.008.data"


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda folder: (folder / SCALING).unlink(), "scaling.data is missing"),
        (lambda folder: (folder / OXYGEN).unlink(), "weights of O, is missing; copy it"),
        (lambda folder: (folder / "input.nn").unlink(), "input.nn is missing"),
        (change(SCALING, swapped(3, 4)), "line 4: function 3 of element 1 stands in the place"),
        (change(SCALING, words(3, c0="2")), "line 4: function 2 of element 2 stands"),
        (change(SCALING, words(3, c1="3")), "line 4: function 3 of element 1 stands"),
        (change(SCALING, lambda lines: lines[:-1]), "ends before function 13 of 13 of O"),
        (change(SCALING, lambda lines: [*lines, lines[-1]]), "line 29: it is one more than the 26"),
        (change(SCALING, lambda lines: [*lines, "1 2 3"]), "one more"),
        (change(SCALING, words(3, c2="nan")), "line 4: smallest value is a finite number"),
        (change(SCALING, words(3, c2="1e9")), "function 2 of H has values from 1e.09"),
        (change(SCALING, words(3, c5="-1")), "sigma of -1, which is not possible"),
        (change(SCALING, words(3, c2="0.5", c3="0.5", c4="0.5")), "same value 0.5 in all"),
        (change(OXYGEN, swapped(2, 3)), "line 3: “a 2 0 1 1 2” stands in the place of “a 1"),
        (change(OXYGEN, lambda lines: lines[:-1]), r"has 91 weights \(it is of layers 13-5-3-1\)"),
        (change(OXYGEN, lambda lines: [*lines, lines[-1]]), "has 93 weights"),
        (change(OXYGEN, words(5, c0="nan")), "line 6: weight 4 of O is a finite number"),
        (change(OXYGEN, words(5, c0="inf")), "weight 4 of O is a finite number"),
        (change(OXYGEN, words(5, c4="7")), "stands in the place of"),
        (change(OXYGEN, lambda lines: [lines[0], "x" * 200_000]), "200,000 characters"),
        (change(OXYGEN, lambda lines: [*lines, *["#" * 1000] * 2000]), "larger than"),
        (change(SCALING, lambda lines: [*lines, *["#" * 1000] * 2000]), "larger than"),
    ],
)
def test_statistics_and_weights(wrong: Callable[[Path], None], message: str, folder: Path) -> None:
    wrong(folder)
    with pytest.raises(ModelError, match=message):
        read_potential(folder)


def test_a_constant_function_may_stay_where_nothing_divides_by_its_range(tmp_path: Path) -> None:
    made = made_potential(2, LAYERS, scaling=Scaling("center"), radii=(4.0,))
    write_potential(made, tmp_path)
    change(SCALING, words(3, c2="0.5", c3="0.5", c4="0.5", c5="0.0"))(tmp_path)
    assert read_potential(tmp_path).elements[0].statistics.largest[1] == 0.5


def test_sigma_is_needed_where_it_divides(tmp_path: Path) -> None:
    made = made_potential(2, LAYERS, scaling=Scaling("sigma"), radii=(4.0,))
    write_potential(made, tmp_path)
    text = (tmp_path / SCALING).read_text()
    (tmp_path / SCALING).write_text(re.sub(r"(?m)^( .*) \S+$", r"\1", text))
    with pytest.raises(ModelError, match="function 1 of H has no sigma"):
        read_potential(tmp_path)
    (tmp_path / SCALING).write_text(text)
    change(SCALING, words(4, c5="0.0"))(tmp_path)
    with pytest.raises(ModelError, match="function 3 of H has the same value"):
        read_potential(tmp_path)


def test_weights_of_epochs_are_named(folder: Path) -> None:
    for epoch in (3, 12):
        (folder / f"weights.008.{epoch:06d}.out").write_text((folder / OXYGEN).read_text())
    (folder / OXYGEN).unlink()
    with pytest.raises(ModelError, match=r"2 epochs, the last in weights\.008\.000012\.out"):
        read_potential(folder)


def test_statistics_that_rise_with_eta_are_in_another_order(tmp_path: Path) -> None:
    # RuNNer 2 does not say in which order it has functions.
    lines = [
        "elements H",
        "default_nodes 1",
        "default_activation_nn t l",
        "scale_feature_maps",
        "fc_cosine 1 0.0 6.0",
        "symfunction H 2 H 0.0 0.0 1",
        "symfunction H 2 H 0.5 0.0 1",
    ]
    (tmp_path / "input.nn").write_text("".join(f"{line}\n" for line in lines))
    (tmp_path / "weights.001.data").write_text("0.1\n0.2\n0.3\n0.4\n0.5\n")
    rows = ["0.1 2.0 0.7", "0.05 1.0 0.3"]
    for order in (rows, rows[::-1]):
        text = "".join(f"1 {index} {row}\n" for index, row in enumerate(order, 1))
        (tmp_path / SCALING).write_text(text)
        if order is rows:
            assert read_potential(tmp_path).units == PotentialUnits("bohr", "hartree")
        else:
            with pytest.raises(ModelError, match="functions 1 and 2 of H differ in eta only"):
                read_potential(tmp_path)
    (tmp_path / "input.nn").write_text("\n".join(lines).replace("fc_cosine", "fc_tanh") + "\n")
    with pytest.raises(ModelError, match=r"line 5: the formula .* “fc_tanh” is not known"):
        read_potential(tmp_path)
    (tmp_path / "input.nn").write_text("\n".join(lines).replace("0.0 1", "0.0 3") + "\n")
    with pytest.raises(ModelError, match="no cutoff function 3"):
        read_potential(tmp_path)


def test_no_folder(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="is no folder"):
        read_potential(tmp_path / "nowhere")


def test_the_folder_of_a_training_names_those_in_it(tmp_path: Path) -> None:
    for name in ("last", "best", "other"):
        (tmp_path / name).mkdir()
        if name != "other":
            (tmp_path / name / "input.nn").touch()
    with pytest.raises(ModelError, match=f"such as {tmp_path / 'best'}"):
        read_potential(tmp_path)


@pytest.mark.parametrize("name", ["input.nn", SCALING, OXYGEN])
def test_a_file_that_is_cut_is_an_error_or_whole(
    name: str, potential: Potential, folder: Path
) -> None:
    whole = (folder / name).read_bytes()
    ends = [place + 1 for place, byte in enumerate(whole) if byte == 10]
    places = {*ends, *range(len(whole) - 60, len(whole)), *range(0, len(whole), 97)}
    n_errors = 0
    for place in sorted(places - {len(whole)}):
        (folder / name).write_bytes(whole[:place])
        try:
            read = read_potential(folder)
        except NearsightError:
            n_errors += 1
            continue
        assert same_potential(read, potential), place
    assert n_errors > len(ends) - 10


@pytest.mark.parametrize("name", ["input.nn", SCALING, OXYGEN])
@pytest.mark.parametrize("seed", range(3))
def test_words_in_each_others_places(name: str, seed: int, folder: Path) -> None:
    choice = random.Random(f"{name}{seed}")
    whole = (folder / name).read_text()
    strange = ("nan", "-1", "1e400", "\x00", "é", "0", "99999999999999999999", "#", "H", "a" * 300)
    n_errors = 0
    for _ in range(60):
        parts = re.split(r"(\s+)", whole)
        first, second = (choice.randrange(0, len(parts), 2) for _ in range(2))
        if choice.random() < 0.5:
            parts[first], parts[second] = parts[second], parts[first]
        else:
            parts[first] = choice.choice(strange)
        (folder / name).write_text("".join(parts))
        try:
            read_potential(folder)
        except NearsightError:
            n_errors += 1
    assert n_errors > 20
