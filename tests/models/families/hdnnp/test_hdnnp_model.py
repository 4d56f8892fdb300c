"""HDNNPs as models: both implementations, the conformance kit, names, extrapolations."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk, molecule

from hdnnp_variants import random_potential
from nearsight.dynamics.run import run_dynamics
from nearsight.dynamics.settings import DynamicsSettings, OutputSettings
from nearsight.errors import MethodError, ModelError, NearsightWarning
from nearsight.hdnnp.cutoff_functions import CutoffFunction
from nearsight.hdnnp.files.writing import write_potential
from nearsight.hdnnp.potential import Normalization, Potential, PotentialUnits, Scaling
from nearsight.hessian import hessian
from nearsight.models.batches import in_batches
from nearsight.models.committee import CommitteeModel
from nearsight.models.contract import Evaluation, Model, forces_of
from nearsight.models.registry import load_model
from nearsight.models.sums import SumModel
from nearsight.relaxation.relax import relax
from nearsight.relaxation.settings import RelaxationSettings
from nearsight.structures.pairs import pairs_of
from nearsight.testing import check_model
from nearsight.workflows import energy, molecular_dynamics
from nearsight.workflows.settings import MolecularDynamicsSettings

torch = pytest.importorskip("torch")

from nearsight.models.families.hdnnp import load as loading  # noqa: E402

SMOOTH = CutoffFunction(2, 0.0, 4.0)
WIDEST = CutoffFunction(6, 0.1, 4.5)


@pytest.fixture(params=["kernels", "PyTorch"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Each way to energies and forces, which is chosen by what is installed."""
    if request.param == "kernels":
        pytest.importorskip("numba")
    else:
        monkeypatch.setattr(loading, "find_spec", lambda _name: None)
    return str(request.param)


@pytest.fixture
def written(tmp_path: Path) -> Callable[..., Model]:
    """Load a potential from the files into which it is written."""

    def write_and_load(potential: Potential, name: str = "potential", **options: str) -> Model:
        write_potential(potential, tmp_path / name)
        return load_model(f"hdnnp:{tmp_path / name}", device="cpu", **options)

    return write_and_load


def lively(**options: Any) -> Potential:
    """Return a potential whose forces are some tenths of eV/Å, and which extrapolates nowhere."""
    potential = random_potential(
        scaling=Scaling("sigma", 0.0, 1.0),
        activations="pt",
        normalization=Normalization(0.3, 0.1, 1.5),
        **options,
    )
    return with_range(potential, -1e3, 1e3)


def with_range(potential: Potential, smallest: float, largest: float) -> Potential:
    def widened(one):
        n_functions = len(one.functions)
        statistics = replace(
            one.statistics,
            smallest=np.full(n_functions, smallest),
            largest=np.full(n_functions, largest),
            mean=np.full(n_functions, max(smallest, 1.0)),
            sigma=np.full(n_functions, 1.0),
        )
        return replace(one, statistics=statistics)

    return replace(potential, elements=tuple(map(widened, potential.elements)))


def ethanol() -> Atoms:
    atoms = molecule("CH3CH2OH")
    atoms.rattle(0.05, seed=2)
    return atoms


def crystal() -> Atoms:
    atoms = Atoms("COHH", positions=[(0, 0, 0), (1.2, 0.1, 0), (0.3, 1.0, 0.2), (1, 1, 1.4)])
    atoms.set_cell([[2.9, 0, 0], [0.4, 3.0, 0], [0.1, -0.3, 3.2]])
    atoms.pbc = True
    return atoms


class TestBothImplementations:
    @pytest.mark.parametrize("cutoff", [WIDEST, SMOOTH, CutoffFunction(4, 0.2, 3.0)], ids=str)
    def test_they_agree(
        self, written: Callable[..., Model], monkeypatch: pytest.MonkeyPatch, cutoff: CutoffFunction
    ) -> None:
        pytest.importorskip("numba")
        cutoffs = (cutoff, replace(cutoff, radius=2.5))
        by_kernels = written(lively(cutoffs=cutoffs))
        monkeypatch.setattr(loading, "find_spec", lambda _name: None)
        by_torch = load_model(by_kernels.identity.name, device="cpu")
        for atoms in (ethanol(), crystal()):
            stress = bool(atoms.pbc.all())
            [one], [other] = (
                model.evaluate([atoms], stress=stress) for model in (by_kernels, by_torch)
            )
            require_same(one, other, 1e-10)
            assert np.abs(forces_of(one)).max() > 0.1

    def test_conformance(self, written: Callable[..., Model], way: str) -> None:
        potential = lively(symbols=("H", "C", "O", "Mg", "Si"), cutoffs=(WIDEST,), seed=3)
        model = written(potential)
        cases = {
            "MgO": bulk("MgO", "rocksalt", a=4.25),
            "Si": bulk("Si", a=5.469),
            "ethanol": ethanol(),
        }
        report = check_model(model, cases)
        assert report.passed, str(report)
        applicable = {one.name for one in report.checks if one.applies}
        assert {"curvature smooth", "stress = dE/dε / V", "size consistency"} <= applicable

    def test_conformance_in_single_precision(self, written: Callable[..., Model]) -> None:
        model = written(lively(symbols=("O", "Mg"), cutoffs=(WIDEST,)), dtype="float32")
        report = check_model(model, {"MgO": bulk("MgO", "rocksalt", a=4.25)})
        assert report.passed, str(report)

    def test_pairs_that_are_given_are_used(self, written: Callable[..., Model], way: str) -> None:
        model = written(lively())
        atoms = crystal()
        farther = pairs_of(atoms, 6.0)
        [searched] = model.evaluate([atoms])
        [given] = model.evaluate([atoms], pairs=[farther])
        require_same(searched, given, 1e-12)
        none = replace(
            farther,
            first=farther.first[:0],
            second=farther.second[:0],
            shifts_A=farther.shifts_A[:0],
        )
        [alone] = model.evaluate([atoms], pairs=[none])
        assert not forces_of(alone).any()
        with pytest.raises(ModelError, match=r"reach 3 Å, and hdnnp:.* needs all within 4 Å"):
            model.evaluate([atoms], pairs=[pairs_of(atoms, 3.0)])

    def test_batches(self, written: Callable[..., Model], way: str) -> None:
        model = written(lively())
        together = list(in_batches(model, [ethanol(), crystal(), Atoms("O")]))
        for atoms, one in zip([ethanol(), crystal(), Atoms("O")], together, strict=True):
            require_same(one, model.evaluate([atoms])[0], 1e-12)
        assert model.evaluate([]) == []

    def test_atoms_on_top_of_each_other_are_an_error(
        self, written: Callable[..., Model], way: str
    ) -> None:
        model = written(lively())
        with pytest.raises(ModelError, match=r"not finite|energy nan"):
            model.evaluate([Atoms("OHH", positions=[(0, 0, 0), (0, 0, 0), (1, 0, 0)])])


def require_same(one: Evaluation, other: Evaluation, tolerance: float) -> None:
    for name in ("energy_eV", "forces_eV_per_A", "stress_eV_per_A3", "atomic_energies_eV"):
        here, there = getattr(one, name), getattr(other, name)
        assert (here is None) == (there is None)
        if here is not None:
            np.testing.assert_allclose(here, there, rtol=0, atol=tolerance, err_msg=name)
    assert one.extrapolations is not None
    np.testing.assert_array_equal(one.extrapolations, other.extrapolations)


class TestNames:
    def test_identity_is_that_of_all_files(
        self, written: Callable[..., Model], tmp_path: Path
    ) -> None:
        first = written(random_potential(), "first")
        same = written(random_potential(), "same")
        assert first.identity.checkpoint_sha256 == same.identity.checkpoint_sha256
        assert first.identity.options == {"units": "angstrom,eV"}
        assert first.facts.citation == "doi 10.1103/PhysRevLett.98.146401"
        assert first.facts.level_of_theory is None
        for name in ("weights.006.data", "scaling.data", "input.nn"):
            other = written(random_potential(), "other")
            file = tmp_path / "other" / name
            file.write_text(file.read_text() + "# a comment\n")
            changed = load_model(f"hdnnp:{tmp_path / 'other'}", device="cpu")
            assert changed.identity.checkpoint_sha256 != other.identity.checkpoint_sha256

    def test_units_are_asked_for_where_files_do_not_say(
        self, written: Callable[..., Model], tmp_path: Path
    ) -> None:
        written(random_potential())
        file = tmp_path / "potential" / "input.nn"
        lines = [line for line in file.read_text().splitlines() if "nearsight" not in line]
        file.write_text("\n".join(lines) + "\n")
        name = f"hdnnp:{tmp_path / 'potential'}"
        with pytest.raises(ModelError, match=r"does not say its units.*\?units=bohr,hartree"):
            load_model(name, device="cpu")
        bohr = load_model(f"{name}?units=bohr,hartree", device="cpu")
        angstrom = load_model(f"{name}?units=angstrom,eV", device="cpu")
        assert bohr.capabilities.cutoff_A == pytest.approx(4.0 * PotentialUnits("bohr").length_A)
        assert angstrom.capabilities.cutoff_A == pytest.approx(4.0)
        assert bohr.identity.deciding() != angstrom.identity.deciding()

    @pytest.mark.parametrize(
        ("ending", "error", "says"),
        [
            ("/missing", ModelError, "missing is no folder"),
            ("?units=furlong,eV", MethodError, "furlong"),
            ("?unit=bohr,hartree", ModelError, "has no option unit"),
        ],
    )
    def test_bad_names(
        self,
        written: Callable[..., Model],
        tmp_path: Path,
        ending: str,
        error: type[Exception],
        says: str,
    ) -> None:
        written(random_potential())
        with pytest.raises(error, match=says):
            load_model(f"hdnnp:{tmp_path / 'potential'}{ending}", device="cpu")

    def test_it_says_when_kernels_are_missing(
        self, written: Callable[..., Model], monkeypatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        monkeypatch.setattr(loading, "find_spec", lambda _name: None)
        with caplog.at_level(logging.INFO, "nearsight.models"):
            written(random_potential())
        assert "numba is not installed" in caplog.text


class TestCapabilities:
    @pytest.mark.parametrize(
        ("cutoff", "smooth"),
        [
            (CutoffFunction(0, 0.0, 4.0), False),
            (CutoffFunction(1, 0.0, 4.0), None),
            (CutoffFunction(2, 0.0, 4.0), True),
            (CutoffFunction(4, 0.0, 4.0), True),
            (CutoffFunction(4, 0.3, 4.0), None),
            (CutoffFunction(5, 0.0, 4.0), None),
            (CutoffFunction(6, 0.3, 4.0), True),
        ],
        ids=str,
    )
    def test_curvature_is_smooth_where_second_derivatives_are_continuous(
        self, cutoff: CutoffFunction, smooth: bool | None
    ) -> None:
        from nearsight.models.families.hdnnp.capabilities import capabilities_of

        potential = random_potential(cutoffs=(cutoff,))
        assert capabilities_of(potential).curvature_smooth is smooth
        if cutoff.kind:
            jump = max(
                abs(_curvature(cutoff, place + 1e-6) - _curvature(cutoff, place - 1e-6))
                for place in (cutoff.radius, cutoff.start or 1.0)
            )
            assert (jump < 1e-3) is (smooth is True)

    def test_a_ramp_has_no_curvature(self) -> None:
        from nearsight.models.families.hdnnp.capabilities import capabilities_of

        capabilities = capabilities_of(random_potential(activations="tr"))
        assert capabilities.curvature_smooth is False
        assert capabilities.elements == {1, 6, 8}
        assert capabilities.receptive_field_A == capabilities.cutoff_A == 4.0


def _curvature(cutoff: CutoffFunction, r: float) -> float:
    from nearsight.models.families.hdnnp.cutoffs import cutoff_values

    distance = torch.tensor(r, dtype=torch.float64, requires_grad=True)
    (slope,) = torch.autograd.grad(cutoff_values(cutoff, distance), distance, create_graph=True)
    (curvature,) = torch.autograd.grad(slope, distance)
    return float(curvature)


class TestExtrapolation:
    def test_it_is_counted_by_atom_and_function(
        self, written: Callable[..., Model], way: str
    ) -> None:
        """An atom alone has zeros in all functions, so that ranges above 0 leave out all."""
        potential = lively()
        inside, outside = (
            written(with_range(potential, smallest, 1e3), "other").evaluate([Atoms("C")])[0]
            for smallest in (0.0, 0.1)
        )
        assert inside.extrapolations.tolist() == [0]
        assert outside.extrapolations.tolist() == [len(potential.elements[1].functions)]

    def test_rounding_at_the_end_of_the_range_is_none(
        self, written: Callable[..., Model], way: str
    ) -> None:
        """n2p2 counts what is beyond by more than 1000 roundings of 1."""
        potential = lively()
        for smallest, n_atoms in ((2.0e-13, 0), (2.5e-13, 1)):
            model = written(with_range(potential, smallest, 1e3), "other")
            [evaluation] = model.evaluate([Atoms("C")])
            assert np.count_nonzero(evaluation.extrapolations) == n_atoms

    def test_one_part_that_extrapolates_is_enough(self, written: Callable[..., Model]) -> None:
        inside = written(lively(seed=1), "inside")
        outside = written(with_range(lively(), 0.5, 1e3), "outside")
        expected = outside.evaluate([ethanol()])[0].extrapolations
        assert expected.any()
        for model in (CommitteeModel([inside, outside]), SumModel([outside, inside])):
            [evaluation] = model.evaluate([ethanol()])
            np.testing.assert_array_equal(evaluation.extrapolations, expected)
        [disagreement] = CommitteeModel([inside, outside]).disagreement([ethanol()])
        assert disagreement.energy_eV > 0
        assert (disagreement.forces_eV_per_A > 0).all()

    def test_a_part_that_does_not_know_hides_nothing(
        self, written: Callable[..., Model], pair_model: Callable[..., Model]
    ) -> None:
        """A dispersion correction has no training data."""
        model = pair_model()
        outside = written(with_range(lively(), 0.5, 1e3))
        [evaluation] = SumModel([outside, model]).evaluate([ethanol()])
        assert evaluation.extrapolations.any()
        assert SumModel([model]).evaluate([ethanol()])[0].extrapolations is None

    def test_an_energy_says_so(self, written: Callable[..., Model]) -> None:
        outside = written(with_range(lively(), 0.5, 1e3))
        with pytest.warns(NearsightWarning, match=r"9 of 9 atoms are outside of what hdnnp"):
            record = energy(ethanol(), outside)
        assert record.n_extrapolating == 9
        assert [one.code for one in record.warnings] == ["extrapolated"]
        inside = written(lively(), "inside")
        record = energy(ethanol(), inside)
        assert record.n_extrapolating == 0
        assert not record.warnings

    def test_a_relaxation_and_a_hessian_say_so(self, written: Callable[..., Model]) -> None:
        outside = written(with_range(lively(), 0.5, 1e3))
        with pytest.warns(NearsightWarning, match=r"9 of 9 atoms are outside"):
            relaxation = relax(ethanol(), outside, RelaxationSettings(max_steps=1), progress=False)
        assert [one.code for one in relaxation.warnings].count("extrapolated") == 1
        with pytest.warns(NearsightWarning, match=r"9 of 9 atoms are outside"):
            of_atoms = hessian(ethanol(), outside, progress=False)
        assert [one.code for one in of_atoms.warnings].count("extrapolated") == 1
        assert of_atoms.sum_rule_eV_per_A2 < 1e-9

    def test_dynamics_say_so_once(
        self, written: Callable[..., Model], caplog: pytest.LogCaptureFixture
    ) -> None:
        outside = written(with_range(lively(), 0.5, 1e3))
        settings = MolecularDynamicsSettings(
            dynamics=DynamicsSettings(ensemble="nve", time_ps=0.005, timestep_fs=0.5, seed=1),
            output=OutputSettings(every_fs=1.0),
        )
        with pytest.warns(NearsightWarning, match=r"at 11 steps, of which step 0 was the first"):
            record = molecular_dynamics(ethanol(), outside, settings, progress=False)
        assert record.dynamics.n_extrapolated_steps == 11
        assert [one.code for one in record.warnings] == ["extrapolated"]
        assert sum("outside of what" in line.message for line in caplog.records) == 1
        samples = record.results.dynamics.samples
        assert [sample.n_extrapolating for sample in samples] == [9.0] * len(samples)

    def test_an_interrupted_run_counts_as_one_that_was_not(
        self, written: Callable[..., Model], tmp_path: Path
    ) -> None:
        outside = written(with_range(lively(), 0.5, 1e3))
        checkpoint = tmp_path / "md"
        counts = []
        for time_ps in (0.002, 0.005):
            settings = DynamicsSettings(ensemble="nve", time_ps=time_ps, timestep_fs=0.5, seed=1)
            with pytest.warns(NearsightWarning, match="outside of what"):
                run = run_dynamics(
                    ethanol(), outside, settings, checkpoint=checkpoint, progress=False
                )
            counts.append(run.extrapolated.n_steps)
        assert counts == [5, 11]

    def test_a_model_that_does_not_know_says_nothing(
        self, pair_model: Callable[..., Model]
    ) -> None:
        model = pair_model()
        settings = DynamicsSettings(ensemble="nve", time_ps=0.002, timestep_fs=0.5, seed=1)
        run = run_dynamics(ethanol(), model, settings, progress=False)
        assert run.extrapolated is None
        assert energy(ethanol(), model).n_extrapolating is None


def test_rows_are_differences_of_the_forces_of_the_other_implementation(
    written: Callable[..., Model],
) -> None:
    """Rows come from PyTorch, forces from kernels."""
    pytest.importorskip("numba")
    model = written(lively(cutoffs=(WIDEST,)))
    atoms = crystal()
    [row] = model.rows(atoms, [(1, np.array([0.0, 0.6, 0.8]))])
    h = 1e-4
    forces = []
    for amount in (h, -h):
        moved = atoms.copy()
        moved.positions[1] += amount * np.array([0.0, 0.6, 0.8])
        forces.append(forces_of(model.evaluate([moved])[0]))
    np.testing.assert_allclose(row, (forces[1] - forces[0]) / (2 * h), rtol=0, atol=1e-6)
