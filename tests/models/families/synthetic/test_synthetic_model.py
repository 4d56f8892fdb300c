"""Synthetic potentials behind the contract: closed forms, range, order, what they never do."""

from itertools import combinations

import numpy as np
import pytest

pytest.importorskip("torch", reason="synthetic potentials need PyTorch")

from ase import Atoms
from ase.build import bulk, molecule

from nearsight.derivatives.differences import SCHEMES, difference_rows
from nearsight.errors import ModelError
from nearsight.models.contract import Evaluation, Model, forces_of
from nearsight.models.families.synthetic.options import read_options
from nearsight.models.families.synthetic.parameters import Tables, tables_of
from nearsight.models.loading import LoadRequest
from nearsight.models.options_in_names import join_options, split_options
from nearsight.models.registry import load_model
from nearsight.structures.supercell import make_supercell
from nearsight.testing import check_model

ALL = "?charges=0.7&charge_range_A=7"
TERMS = (
    "?angles=0&embedding=0",
    "?embedding=0",
    "?angles=0",
    "?angles=0&embedding=0&charges=1&charge_range_A=5",
    ALL,
)


def synthetic(options: str = "", seed: int = 7) -> Model:
    return load_model(f"synthetic:{seed}{options}", device="cpu")


def tables(numbers: list[int], options: str = "", seed: int = 7) -> Tables:
    name, given = split_options(f"synthetic:{seed}{options}")
    request = LoadRequest(name, str(seed), "float64", "cpu", False, options=given)
    return tables_of(numbers, read_options(request))


def evaluated(model: Model, *structures: Atoms, stress: bool = False) -> list[Evaluation]:
    return model.evaluate(structures, stress=stress)


def energy_eV(model: Model, atoms: Atoms) -> float:
    [one] = model.evaluate([atoms], forces=False)
    return one.energy_eV


def cluster(seed: int = 0, n_atoms: int = 6) -> Atoms:
    random = np.random.default_rng(seed)
    symbols = random.choice(["O", "Mg", "Si", "H"], size=n_atoms)
    grid = np.array(list(np.ndindex(2, 2, 2)))[:n_atoms] * 2.2
    return Atoms(symbols, grid + random.normal(scale=0.2, size=(n_atoms, 3)))


@pytest.mark.parametrize("options", TERMS)
def test_it_keeps_the_contract(options: str) -> None:
    structures = {"MgO": bulk("MgO", "rocksalt", a=4.25), "CO2": molecule("CO2")}
    report = check_model(synthetic(options), structures)
    assert report.passed, str(report)


@pytest.mark.parametrize("options", TERMS)
def test_rows_and_products_are_those_of_differences(options: str) -> None:
    model = synthetic(options)
    atoms = bulk("MgO", "rocksalt", a=4.1) * (1, 1, 2)
    atoms.positions += np.random.default_rng(1).normal(scale=0.1, size=(len(atoms), 3))
    seeds = [(0, np.array([0.6, 0.0, 0.8])), (3, np.array([0.0, 1.0, 0.0]))]
    rows = np.array(list(model.rows(atoms, seeds)))

    def forces(structures: list[Atoms]) -> list[np.ndarray]:
        return [forces_of(one) for one in model.evaluate(structures)]

    scheme = SCHEMES["fourth-order"]
    expected = np.array(list(difference_rows(forces, atoms, seeds, scheme, 2e-3)))  # type: ignore[arg-type]
    assert rows == pytest.approx(expected, abs=1e-7)
    assert np.abs(rows).max() > 1
    batched = np.array(list(model.rows(atoms, seeds, batch_size=2)))
    assert batched == pytest.approx(rows, abs=1e-10)
    vectors = np.zeros((2, len(atoms), 3))
    for vector, (atom, direction) in zip(vectors, seeds, strict=True):
        vector[atom] = direction
    assert model.linearize(atoms)(vectors) == pytest.approx(rows, abs=1e-10)


def named(options: dict[str, float]) -> str:
    return join_options("", {key: str(value) for key, value in options.items()})


def closed_form_eV(symbols: str, distance_A: float, options: dict[str, float]) -> float:
    """Return the energy of two atoms by NumPy alone: there are no angles."""
    numbers = Atoms(symbols).numbers
    order = [0, 1] if numbers[0] != numbers[1] else [0, 0]
    drawn = tables([int(number) for number in dict.fromkeys(numbers)], named(options))
    length_A, depth_eV, per_A, _, *ripples = drawn.pairs[order[0], order[1]]
    x = distance_A / options["cutoff_A"]
    ending = np.exp(1 - 1 / (1 - x**2)) if x < 1 else 0.0
    morse = (1 - np.exp(-per_A * (distance_A - length_A))) ** 2 - 1
    waves = sum(
        size * np.exp(-((distance_A / length_A - centre) ** 2) * 16)
        for size, centre in zip(ripples, (1.2, 1.5, 1.8), strict=True)
    )
    energy = depth_eV * (morse + waves) * ending
    for one, other in (order, order[::-1]):
        density = drawn.pairs[one, other, 3] * np.exp(2 - 2 * distance_A / length_A) * ending
        energy -= drawn.elements[one, 0] * (np.sqrt(1 + density) - 1)
    charges = drawn.elements[order[0], 1] * drawn.elements[order[1], 1]
    y = min(distance_A / options["charge_range_A"], 1.0)
    wendland = (1 - y) ** 8 * (32 * y**3 + 25 * y**2 + 8 * y + 1)
    energy += 14.3996454785 * charges * wendland / np.hypot(distance_A, 1.5)
    return float(energy)


@pytest.mark.parametrize("symbols", ["MgO", "OMg", "O2"])
@pytest.mark.parametrize("distance_A", [0.9, 1.7, 3.3, 4.9, 6.2, 8.5])
def test_two_atoms_have_the_energy_of_the_closed_form(symbols: str, distance_A: float) -> None:
    options = {"charges": 0.6, "cutoff_A": 5.0, "charge_range_A": 8.0}
    model = synthetic(named(options))
    dimer = Atoms(symbols, [[0, 0, 0], [0.6 * distance_A, 0, 0.8 * distance_A]])
    expected = closed_form_eV(symbols, distance_A, options)
    assert energy_eV(model, dimer) == pytest.approx(expected, rel=1e-8, abs=1e-15)
    step = 1e-4
    slope = (
        closed_form_eV(symbols, distance_A + step, options)
        - closed_form_eV(symbols, distance_A - step, options)
    ) / (2 * step)
    force = forces_of(evaluated(model, dimer)[0])[1] @ [0.6, 0, 0.8]
    assert force == pytest.approx(-slope, rel=1e-6, abs=1e-8)


def of_order_eV(model: Model, atoms: Atoms, order: int) -> float:
    """Return the part of the energy that no fewer than `order` atoms have, of so many atoms."""
    total = 0.0
    for size in range(1, order + 1):
        for chosen in combinations(range(order), size):
            total += (-1) ** (order - size) * energy_eV(model, atoms[list(chosen)])
    return total


def test_without_angles_and_embedding_three_atoms_are_three_pairs() -> None:
    trimer = Atoms("OMgO", [[0, 0, 0], [2.0, 0.1, 0], [2.1, 2.0, 0.3]])
    assert abs(of_order_eV(synthetic("?angles=0&embedding=0&charges=0.5"), trimer, 3)) < 1e-12
    angles, embedding = synthetic("?embedding=0"), synthetic("?angles=0")
    assert of_order_eV(angles, trimer, 3) > 1e-3
    assert abs(of_order_eV(embedding, trimer, 3)) > 1e-3
    half = synthetic("?embedding=0&angles=0.5")
    assert of_order_eV(half, trimer, 3) == pytest.approx(of_order_eV(angles, trimer, 3) / 2)


def test_angles_are_of_three_atoms_and_embedding_of_any_number() -> None:
    tetramer = Atoms("OMgOMg", [[0, 0, 0], [2, 0.1, 0], [0.2, 2.1, 0.3], [0.1, 0.2, 2.0]])
    assert abs(of_order_eV(synthetic("?embedding=0"), tetramer, 4)) < 1e-12
    assert abs(of_order_eV(synthetic("?angles=0"), tetramer, 4)) > 1e-4


@pytest.mark.parametrize(
    ("options", "range_A", "bridged"),
    [
        ("?angles=0&embedding=0&cutoff_A=5", 5.0, False),
        ("?angles=0&cutoff_A=5", 10.0, True),
        ("?embedding=0&cutoff_A=5&angle_cutoff_A=3.5", 7.0, True),
        ("?angles=0&embedding=0&cutoff_A=5&charges=1&charge_range_A=8", 8.0, False),
    ],
)
def test_second_derivatives_end_where_they_are_said_to(
    options: str, range_A: float, bridged: bool
) -> None:
    """The block of two atoms at the ends of a chain, whose middle may be a centre of both."""
    model = synthetic(options)

    def block(distance_A: float) -> np.ndarray:
        places = np.linspace(0, distance_A, 3 if bridged else 2)
        chain = Atoms("Mg" * len(places), [[place, 0, 0] for place in places])
        rows = list(model.rows(chain, [(0, direction) for direction in np.eye(3)]))
        return np.array(rows)[:, -1]

    assert np.abs(block(0.8 * range_A)).max() > 1e-8
    assert np.array_equal(block(range_A), np.zeros((3, 3)))
    assert np.array_equal(block(1.01 * range_A), np.zeros((3, 3)))


@pytest.mark.parametrize("options", TERMS)
def test_rows_beyond_the_range_are_zero_to_the_bit(options: str) -> None:
    """In a long chain, for all terms: nothing is farther than twice the receptive field."""
    model = synthetic(options)
    reach_A = 2 * model.capabilities.receptive_field_A
    chain = Atoms("MgO" * 10, [[1.9 * place, 0.3 * (place % 3), 0] for place in range(20)])
    [row] = model.rows(chain, [(0, np.array([0.6, 0.0, 0.8]))])
    far = chain.get_distances(0, range(20)) >= reach_A
    assert far.any()
    assert np.array_equal(row[far], np.zeros((int(far.sum()), 3)))
    assert np.abs(row[~far]).max() > 1
    nearer = forces_of(evaluated(model, chain[~far])[0])[0]
    moved = chain.copy()
    moved.positions[far] += 0.3
    # Positions are taken around another point then.
    assert forces_of(evaluated(model, moved)[0])[0] == pytest.approx(nearer, abs=1e-12)


@pytest.mark.parametrize("options", ["?angles=0&embedding=0", "", "?charges=1"])
def test_two_atoms_repel_ever_more_within_half_of_their_bond(options: str) -> None:
    pairs = ("H2", "OMg", "CH", "Cs2", "ClNa")
    for seed in range(12):
        dimers = []
        for pair in pairs:
            numbers = sorted(set(Atoms(pair).numbers.tolist()))
            half_A = tables(numbers, seed=seed).pairs[0, -1, 0] / 2
            distances_A = half_A * np.linspace(0.05, 1, 12)
            dimers += [Atoms(pair, [[0, 0, 0], [each, 0, 0]]) for each in distances_A]
        found = synthetic(options, seed).evaluate(dimers)
        pushes = np.reshape([forces_of(each)[1, 0] for each in found], (len(pairs), 12))
        assert pushes.min() > 5
        assert (np.diff(pushes, axis=1) < 0).all()
        assert min(each.energy_eV for each in found[::12]) > 100


def test_crowded_atoms_have_no_hole_to_fall_into() -> None:
    """The energy of what is pressed together beyond any solid only rises."""
    for seed in range(4):
        random = np.random.default_rng(seed)
        model = synthetic("?cutoff_A=4&angle_cutoff_A=2.5&charges=1&charge_range_A=5", seed)
        gas = Atoms(random.choice(["O", "Mg", "H", "Si"], size=4), random.random((4, 3)))
        gas.set_cell(np.eye(3))
        gas.pbc = True
        sizes_A = (2.2, 1.8, 1.4, 1.0)
        pressed = []
        for size_A in sizes_A:
            one = gas.copy()
            one.set_cell(size_A * np.eye(3), scale_atoms=True)
            pressed.append(energy_eV(model, one))
        assert (np.diff(pressed) > 0).all()
        assert pressed[-1] > 1000


def test_an_atom_alone_has_no_energy_and_parts_add_up() -> None:
    model = synthetic(ALL)
    for symbol in ("H", "Mg", "U"):
        assert energy_eV(model, Atoms(symbol)) == 0
    one, other = cluster(1), cluster(2)
    together = one + Atoms(other.symbols, other.positions + np.array([30, 0, 0]))
    parts = energy_eV(model, one) + energy_eV(model, other)
    assert energy_eV(model, together) == pytest.approx(parts, abs=1e-11)
    atoms = bulk("MgO", "rocksalt", a=4.2)
    supercell = make_supercell(atoms, (2, 1, 2))
    assert energy_eV(model, supercell) == pytest.approx(4 * energy_eV(model, atoms), abs=1e-10)


def test_energies_do_not_depend_on_place_direction_or_order() -> None:
    model, atoms = synthetic(ALL), cluster(3)
    forces = forces_of(evaluated(model, atoms)[0])
    turned = atoms.copy()
    turned.rotate(40, (1, 2, 3))
    turned.positions += [3, -2, 1]
    order = np.random.default_rng(0).permutation(len(atoms))
    expected = energy_eV(model, atoms)
    assert energy_eV(model, turned) == pytest.approx(expected, abs=1e-11)
    assert energy_eV(model, atoms[order]) == pytest.approx(expected, abs=1e-11)
    assert forces_of(evaluated(model, atoms[order])[0]) == pytest.approx(forces[order], abs=1e-11)


def test_seeds_are_other_potentials_and_one_seed_is_always_the_same() -> None:
    atoms = cluster(4)
    energies = [energy_eV(synthetic(seed=seed), atoms) for seed in range(6)]
    assert np.abs(np.subtract.outer(energies, energies)[np.triu_indices(6, 1)]).min() > 1e-3
    assert energy_eV(synthetic(seed=3), atoms) == energies[3]
    assert synthetic().identity != synthetic("?angles=0.5").identity
    with_foreign = Atoms("Fe", [[50, 0, 0]]) + atoms
    assert energy_eV(synthetic(seed=3), with_foreign) == pytest.approx(energies[3], abs=1e-12)


@pytest.mark.parametrize(
    "options", ["?cutoff_A=5&angles=0", "?cutoff_A=4&angles=0&charges=1&charge_range_A=5"]
)
def test_curvature_ends_faster_than_its_square(options: str) -> None:
    """So third and fourth derivatives are continuous at the end."""
    model = synthetic(options)
    found = []
    for inside_A in (0.2, 0.1, 0.05):
        dimer = Atoms("MgO", [[0, 0, 0], [5 - inside_A, 0, 0]])
        found.append(abs(float(next(iter(model.rows(dimer, [(0, np.eye(3)[0])])))[1, 0])))
    assert 0 < found[1] < found[0] / 2**3
    assert found[2] < found[1] / 2**3


def test_the_identity_is_a_name_of_the_same_potential() -> None:
    atoms = cluster(5)
    for options in TERMS:
        model = synthetic(options)
        written = {key: str(value) for key, value in model.identity.options.items()}
        again = load_model(join_options(model.identity.name, written), device="cpu")
        assert again.identity == model.identity
        assert energy_eV(again, atoms) == energy_eV(model, atoms)


def test_capabilities_say_the_range_and_the_order() -> None:
    assert synthetic("?cutoff_A=5").capabilities.cutoff_A == 5
    assert synthetic("?charges=1&charge_range_A=12").capabilities.receptive_field_A == 12
    assert synthetic("?charges=1&charge_range_A=4").capabilities.receptive_field_A == 6
    assert synthetic("?angles=0&embedding=0").capabilities.pairwise
    assert not synthetic("?angles=0.1&embedding=0").capabilities.pairwise


def test_single_precision_is_that_of_its_numbers() -> None:
    atoms = bulk("MgO", "rocksalt", a=4.2)
    single = load_model("synthetic:7", device="cpu", dtype="float32")
    assert energy_eV(single, atoms) == pytest.approx(energy_eV(synthetic(), atoms), rel=1e-5)


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(ModelError, match="has no option range"):
        synthetic("?range=3")
    with pytest.raises(ModelError, match="too short for Mg and Mg"):
        energy_eV(synthetic("?cutoff_A=2.5"), bulk("MgO", "rocksalt", a=4.2))
