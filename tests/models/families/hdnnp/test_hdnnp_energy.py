"""The PyTorch energy of an HDNNP against its definition, and against differences of itself."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk, molecule

from hdnnp_variants import EVERY_ACTIVATION, random_potential
from nearsight.errors import ModelError
from nearsight.hdnnp.cutoff_functions import CutoffFunction
from nearsight.hdnnp.networks import Network
from nearsight.hdnnp.potential import (
    SCALINGS,
    ElementPotential,
    Normalization,
    Potential,
    PotentialUnits,
    Scaling,
)
from nearsight.hdnnp.symmetry_functions import NARROW, RadialFunction, SymmetryFunction
from nearsight.models.contract import forces_of
from nearsight.provenance import ModelIdentity

torch = pytest.importorskip("torch")

from nearsight.models.engines.torch_model import TorchModel  # noqa: E402
from nearsight.models.families.hdnnp.capabilities import capabilities_of  # noqa: E402
from nearsight.models.families.hdnnp.energy import HdnnpEnergy  # noqa: E402

EVERY_CUTOFF = (
    CutoffFunction(0, 0.0, 3.1),
    CutoffFunction(1, 0.3, 3.7),
    CutoffFunction(2, 0.0, 4.0),
    CutoffFunction(3, 0.0, 3.6),
    CutoffFunction(4, 0.25, 3.9),
    CutoffFunction(4, 0.0, 3.9),
    *(CutoffFunction(kind, 0.1, 3.8) for kind in (5, 6, 7, 8)),
)


def torch_model(potential: Potential, dtype: str = "float64") -> TorchModel:
    identity = ModelIdentity("random", "hdnnp", None, dtype, "cpu")
    return TorchModel(HdnnpEnergy(potential, identity, capabilities_of(potential)))


def methanol() -> Atoms:
    atoms = molecule("CH3OH")
    atoms.rattle(0.05, seed=1)
    return atoms


def narrow_crystal() -> Atoms:
    """A cell much narrower than any cutoff: atoms see their own images."""
    atoms = Atoms("COH", positions=[(0, 0, 0), (1.2, 0.1, 0), (0.3, 1.0, 0.2)])
    atoms.set_cell([[2.4, 0, 0], [0.4, 2.6, 0], [0.1, -0.3, 2.8]])
    atoms.pbc = True
    return atoms


def energies_by_definition(potential: Potential, atoms: Atoms) -> np.ndarray:
    """Sums over neighbours and pairs of them as they stand in the papers, one after the other."""
    places = _images(atoms, potential.cutoff_A)
    length_A, energy_eV = potential.units.length_A, potential.units.energy_eV
    normalization = potential.normalization
    energies = []
    for centre, symbol in enumerate(atoms.symbols):
        element = next(one for one in potential.elements if one.symbol == symbol)
        neighbours = [
            (other, (place - atoms.positions[centre]) / length_A)
            for other, place in places
            if np.linalg.norm(place - atoms.positions[centre]) > 1e-8
        ]
        values = np.array([_value(function, neighbours) for function in element.functions])
        network = _output(element.network, _scaled(potential.scaling, element, values))
        offset = normalization.mean_energy + element.atomic_energy
        energies.append(energy_eV * (network / normalization.conv_energy + offset))
    return np.array(energies)


def _images(atoms: Atoms, cutoff_A: float) -> list[tuple[str, np.ndarray]]:
    reach = 0
    if atoms.pbc.any():
        reach = math.ceil(cutoff_A / min(atoms.get_volume() / atoms.cell.areas())) + 1
    return [
        (symbol, position + np.array(image) @ atoms.cell.array)
        for image in product(range(-reach, reach + 1), repeat=3)
        for symbol, position in zip(atoms.symbols, atoms.positions, strict=True)
    ]


def _value(function: SymmetryFunction, neighbours: list[tuple[str, np.ndarray]]) -> float:
    eta, shift, cutoff = function.eta, function.shift, function.cutoff
    near = [(one, v) for one, v in neighbours if np.linalg.norm(v) < cutoff.radius]

    def term(r: float) -> float:
        return math.exp(-eta * (r - shift) ** 2) * _cutoff(cutoff, r)

    if isinstance(function, RadialFunction):
        return sum(term(np.linalg.norm(v)) for one, v in near if one == function.neighbour)
    total = 0.0
    for place, (one, first) in enumerate(near):
        for other, second in near[place + 1 :]:
            if sorted([one, other]) != sorted(function.neighbours):
                continue
            r, s = np.linalg.norm(first), np.linalg.norm(second)
            angle = (1 + function.sign * (first @ second) / (r * s)) ** function.zeta
            value = 2 ** (1 - function.zeta) * angle * term(r) * term(s)
            if function.kind == NARROW:
                value *= term(np.linalg.norm(second - first))
            total += value
    return total


def _cutoff(cutoff: CutoffFunction, r: float) -> float:
    if r >= cutoff.radius:
        return 0.0
    if cutoff.kind == 2:
        return math.tanh(1 - r / cutoff.radius) ** 3
    if cutoff.kind == 3:
        return (math.tanh(1 - r / cutoff.radius) / math.tanh(1)) ** 3
    if cutoff.kind == 0 or r <= cutoff.start:
        return 1.0
    x = (r - cutoff.start) / (cutoff.radius - cutoff.start)
    return {
        1: lambda: math.cos(math.pi * x / 2) ** 2,
        4: lambda: math.exp(1 - 1 / (1 - x**2)),
        5: lambda: _smoothstep(x, 1),
        6: lambda: _smoothstep(x, 2),
        7: lambda: _smoothstep(x, 3),
        8: lambda: _smoothstep(x, 4),
    }[cutoff.kind]()


def _smoothstep(x: float, n: int) -> float:
    """Return 1 - I_x(n + 1, n + 1): what falls with n vanishing derivatives at both ends."""
    return sum(math.comb(n + k, k) * (1 - x) ** (n + 1) * x**k for k in range(n + 1))


def _scaled(scaling: Scaling, element: ElementPotential, values: np.ndarray) -> np.ndarray:
    of = element.statistics
    width = scaling.high - scaling.low
    return {
        "none": lambda: values,
        "center": lambda: values - of.mean,
        "range": lambda: scaling.low + width * (values - of.smallest) / (of.largest - of.smallest),
        "range and center": lambda: (
            scaling.low + width * (values - of.mean) / (of.largest - of.smallest)
        ),
        "sigma": lambda: scaling.low + width * (values - of.mean) / of.sigma,
    }[scaling.kind]()


def _output(network: Network, values: np.ndarray) -> float:
    functions = {
        "l": lambda x: x,
        "t": np.tanh,
        "s": lambda x: 1 / (1 + np.exp(-x)),
        "S": lambda x: 1 - 1 / (1 + np.exp(-x)),
        "p": lambda x: np.log1p(np.exp(x)),
        "r": lambda x: np.maximum(x, 0),
        "g": lambda x: np.exp(-(x**2) / 2),
        "c": np.cos,
        "e": lambda x: np.exp(-x),
        "h": lambda x: x**2,
    }
    for layer in network.layers:
        values = functions[layer.activation](layer.weights @ values + layer.biases)
    return float(values[0])


class TestDefinition:
    @pytest.mark.parametrize("cutoff", EVERY_CUTOFF, ids=str)
    @pytest.mark.parametrize("atoms", [methanol(), narrow_crystal()], ids=["molecule", "crystal"])
    def test_each_cutoff_function(self, cutoff: CutoffFunction, atoms: Atoms) -> None:
        potential = random_potential(cutoffs=(cutoff,))
        [evaluation] = torch_model(potential).evaluate([atoms], forces=False)
        expected = energies_by_definition(potential, atoms)
        np.testing.assert_allclose(evaluation.atomic_energies_eV, expected, rtol=0, atol=1e-11)

    def test_several_cutoffs_in_one_potential(self) -> None:
        potential = random_potential(cutoffs=EVERY_CUTOFF[1:])
        [evaluation] = torch_model(potential).evaluate([methanol()], forces=False)
        expected = energies_by_definition(potential, methanol())
        np.testing.assert_allclose(evaluation.atomic_energies_eV, expected, rtol=0, atol=1e-11)

    @pytest.mark.parametrize("kind", SCALINGS)
    def test_each_scaling(self, kind: str) -> None:
        potential = random_potential(scaling=Scaling(kind, -0.5, 1.5))
        [evaluation] = torch_model(potential).evaluate([methanol()], forces=False)
        expected = energies_by_definition(potential, methanol())
        np.testing.assert_allclose(evaluation.atomic_energies_eV, expected, rtol=0, atol=1e-11)

    @pytest.mark.parametrize("letter", EVERY_ACTIVATION)
    def test_each_activation(self, letter: str) -> None:
        potential = random_potential(activations=letter)
        [evaluation] = torch_model(potential).evaluate([methanol()], forces=False)
        expected = energies_by_definition(potential, methanol())
        np.testing.assert_allclose(evaluation.atomic_energies_eV, expected, rtol=0, atol=1e-11)

    def test_units_change_nothing_but_the_numbers_in_files(self) -> None:
        """The same potential, written in bohr and hartree by hand."""
        potential = random_potential(cutoffs=(CutoffFunction(6, 0.2, 4.0),))
        units = PotentialUnits("bohr", "hartree")
        in_bohr = _rewritten(potential, units)
        here, there = (torch_model(one).evaluate([methanol()])[0] for one in (potential, in_bohr))
        assert here.energy_eV == pytest.approx(there.energy_eV, abs=1e-11)
        np.testing.assert_allclose(forces_of(here), forces_of(there), rtol=0, atol=1e-11)

    def test_an_atom_alone_has_the_energy_of_a_network_that_sees_nothing(self) -> None:
        potential = random_potential()
        [evaluation] = torch_model(potential).evaluate([Atoms("O")])
        expected = energies_by_definition(potential, Atoms("O"))
        assert evaluation.energy_eV == pytest.approx(expected.sum(), abs=1e-12)
        assert not forces_of(evaluation).any()

    def test_a_function_without_a_range_is_refused_by_name(self) -> None:
        potential = random_potential()
        carbon = potential.elements[1]
        constant = replace(carbon.statistics, largest=carbon.statistics.smallest)
        hydrogen, _, oxygen = potential.elements
        elements = (hydrogen, replace(carbon, statistics=constant), oxygen)
        with pytest.raises(ModelError, match="symmetry function 1 of C had no range"):
            torch_model(replace(potential, elements=elements))


def _rewritten(potential: Potential, units: PotentialUnits) -> Potential:
    length, energy = units.length_A, units.energy_eV

    def function(one: SymmetryFunction) -> SymmetryFunction:
        cutoff = replace(one.cutoff, radius=one.cutoff.radius / length)
        return replace(one, eta=one.eta * length**2, shift=one.shift / length, cutoff=cutoff)

    before = potential.normalization
    return replace(
        potential,
        elements=tuple(
            replace(
                one,
                functions=tuple(map(function, one.functions)),
                atomic_energy=one.atomic_energy / energy,
            )
            for one in potential.elements
        ),
        normalization=Normalization(before.mean_energy / energy, before.conv_energy * energy, 1.0),
        units=units,
    )


class TestDerivatives:
    @pytest.mark.parametrize("cutoff", EVERY_CUTOFF[1:], ids=str)
    def test_forces_and_rows_are_differences(self, cutoff: CutoffFunction) -> None:
        model = torch_model(random_potential(cutoffs=(cutoff,)))
        atoms = methanol()
        analytic = forces_of(model.evaluate([atoms])[0])
        [row] = model.rows(atoms, [(1, np.array([0.6, 0.0, 0.8]))])
        h = 1e-4
        ahead, behind = atoms.copy(), atoms.copy()
        ahead.positions[1] += h * np.array([0.6, 0.0, 0.8])
        behind.positions[1] -= h * np.array([0.6, 0.0, 0.8])
        there, back = model.evaluate([ahead, behind])
        slope = (there.energy_eV - back.energy_eV) / (2 * h)
        assert slope == pytest.approx(-analytic[1] @ [0.6, 0.0, 0.8], abs=1e-6)
        differences = -(forces_of(there) - forces_of(back)) / (2 * h)
        np.testing.assert_allclose(row, differences, rtol=0, atol=1e-5)

    @pytest.mark.parametrize("letter", EVERY_ACTIVATION)
    def test_rows_of_each_activation(self, letter: str) -> None:
        model = torch_model(random_potential(activations=letter * 2))
        atoms = methanol()
        [row] = model.rows(atoms, [(0, np.array([0.0, 1.0, 0.0]))])
        h = 1e-5
        ahead, behind = atoms.copy(), atoms.copy()
        ahead.positions[0, 1] += h
        behind.positions[0, 1] -= h
        there, back = (forces_of(one) for one in model.evaluate([ahead, behind]))
        np.testing.assert_allclose(row, (back - there) / (2 * h), rtol=0, atol=1e-6)

    @pytest.mark.parametrize("dtype", ["float64", "float32"])
    @pytest.mark.parametrize("cutoff", EVERY_CUTOFF, ids=str)
    def test_nothing_is_nan_where_neighbours_are_in_line_or_at_the_ends(
        self, cutoff: CutoffFunction, dtype: str
    ) -> None:
        """cos = ±1, a neighbour exactly at the inner end, one a rounding below the radius."""
        model = torch_model(random_potential(cutoffs=(cutoff,)), dtype)
        start = cutoff.start or 1.0
        places = [
            0.0,
            start,
            -start,
            0.5 * (start + cutoff.radius),
            -np.nextafter(cutoff.radius, 0),
        ]
        atoms = Atoms("COHHO", positions=[(0, 0, z) for z in places])
        [evaluation] = model.evaluate([atoms])
        assert np.isfinite(forces_of(evaluation)).all()
        vectors = np.eye(15).reshape(15, 5, 3)
        hessian = model.linearize(atoms)(vectors).reshape(15, 15)
        assert np.isfinite(hessian).all()
        scale = np.abs(hessian).max()
        assert np.abs(hessian - hessian.T).max() < (1e-10 if dtype == "float64" else 1e-4) * scale

    def test_three_in_a_line_have_the_curvature_of_three_nearly_in_a_line(self) -> None:
        """At cos = -1 the second derivative is a limit, also of zeta = 2.5."""
        model = torch_model(random_potential())
        straight = Atoms("OCO", positions=[(0, 0, -1.2), (0, 0, 0), (0, 0, 1.3)])
        bent = straight.copy()
        bent.positions[1, 0] = 1e-5
        seeds = [(1, np.array([1.0, 0.0, 0.0]))]
        [at], [near] = model.rows(straight, seeds), model.rows(bent, seeds)
        np.testing.assert_allclose(at, near, rtol=0, atol=1e-3)
        assert np.abs(at).max() > 1e-2

    def test_batched_rows_are_the_single_ones(self) -> None:
        model = torch_model(random_potential())
        seeds = [(atom, np.eye(3)[axis]) for atom in range(3) for axis in range(3)]
        single = list(model.rows(methanol(), seeds))
        batched = list(model.rows(methanol(), seeds, batch_size=4))
        np.testing.assert_allclose(batched, single, rtol=0, atol=1e-11)

    def test_a_product_with_strain_is_a_difference_of_forces_and_stress(self) -> None:
        model = torch_model(random_potential(cutoffs=(CutoffFunction(2, 0.0, 3.2),)))
        atoms = narrow_crystal()
        vector = np.zeros(15)
        vector[9:] = [0.2, -0.1, 0.3, 0.1, 0.0, -0.2]
        product_ = model.linearize(atoms, strain=True)(vector[None])[0]
        tensor = np.array([[0.2, -0.1, 0.0], [-0.1, -0.1, 0.05], [0.0, 0.05, 0.3]])
        h = 1e-5

        def strained(amount: float) -> Atoms:
            copy = atoms.copy()
            copy.set_cell(atoms.cell @ (np.eye(3) + amount * tensor), scale_atoms=True)
            return copy

        def slope_by_position(amount: float) -> np.ndarray:
            [one] = model.evaluate([strained(amount)])
            return -forces_of(one) @ (np.eye(3) + amount * tensor)

        differences = (slope_by_position(h) - slope_by_position(-h)) / (2 * h)
        np.testing.assert_allclose(product_[:9].reshape(3, 3), differences, rtol=0, atol=1e-6)

    def test_float32_agrees_to_its_precision(self) -> None:
        potential = random_potential()
        double, single = (torch_model(potential, dtype) for dtype in ("float64", "float32"))
        one, other = (model.evaluate([methanol()])[0] for model in (double, single))
        assert one.energy_eV == pytest.approx(other.energy_eV, abs=1e-4)
        np.testing.assert_allclose(forces_of(one), forces_of(other), rtol=0, atol=1e-4)
        assert np.abs(forces_of(one) - forces_of(other)).max() > 0


class TestGraph:
    def test_portions_of_triples_change_nothing(self, monkeypatch: pytest.MonkeyPatch) -> None:
        from nearsight.models.families.hdnnp import symmetry_graph

        model = torch_model(random_potential())
        atoms = bulk("C", cubic=True) * (2, 1, 1)
        [whole] = model.evaluate([atoms])
        monkeypatch.setattr(symmetry_graph, "_TRIPLES_AT_A_TIME", 7)
        [portions] = model.evaluate([atoms])
        np.testing.assert_allclose(
            whole.atomic_energies_eV, portions.atomic_energies_eV, rtol=0, atol=1e-12
        )

    def test_an_element_it_does_not_know_is_refused(self) -> None:
        with pytest.raises(ModelError, match="does not know N"):
            torch_model(random_potential()).evaluate([molecule("N2")])
