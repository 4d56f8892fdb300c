"""ASE's integrators, with the degrees of freedom that move and a state that can be kept."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from ase import Atoms, units
from ase.md.bussi import Bussi
from ase.md.langevin import Langevin
from ase.md.md import MolecularDynamics
from ase.md.nose_hoover_chain import (
    MTKNPT,
    IsotropicMTKNPT,
    NoseHooverChainNVT,
    NoseHooverChainThermostat,
)
from ase.md.verlet import VelocityVerlet

from nearsight.dynamics.settings import DynamicsSettings
from nearsight.dynamics.velocities import degrees_of_freedom
from nearsight.errors import MethodError

BAR = 1e5 * units.Pascal
"""One bar in eV/Å³."""


class Steps(Protocol):
    """What takes steps: each of ASE's integrators does, and LAMMPS."""

    def step(self) -> object:
        """Take one."""


@dataclass(frozen=True)
class Integrator:
    """What moves the atoms of a structure."""

    dynamics: Steps
    rng: np.random.Generator
    """What all of its random numbers come from."""
    n_degrees: int
    """Momenta that move independently of each other."""
    arrays: Mapping[str, str]
    """Where its own variables are, by the names under which they are kept."""
    heat: Callable[[float], None]
    """Sets the temperature in K of its thermostat."""
    given_eV: Callable[[], float]
    """Energy that thermostat and barostat have taken from the atoms, and p V; it completes the
    energy of the atoms to what is conserved, where something is."""
    conserves: bool
    """Whether anything is conserved: not with friction."""

    def state(self) -> dict[str, np.ndarray]:
        """Return its own variables, beside positions, momenta and cell."""
        return {key: np.array(_get(self.dynamics, place)) for key, place in self.arrays.items()}

    def resume(self, state: Mapping[str, np.ndarray]) -> None:
        """Take variables up that `state` has returned."""
        for key, place in self.arrays.items():
            *owners, name = place.split(".")
            owner: Any = self.dynamics
            for each in owners:
                owner = getattr(owner, each)
            value = state[key]
            setattr(owner, name, value.copy() if value.ndim else float(value))


def integrator(atoms: Atoms, settings: DynamicsSettings, rng: np.random.Generator) -> Integrator:
    """Return the integrator of an ensemble for `atoms`, which have a calculator and momenta.

    Raises
    ------
    MethodError
        It cannot be had with the constraints of the structure.
    """
    if settings.ensemble == "nve":
        return _nve(atoms, settings, rng)
    if settings.ensemble == "npt":
        return _npt(atoms, settings, rng)
    make = {"bussi": _bussi, "langevin": _langevin, "nose-hoover": _nose_hoover}
    return make[str(settings.chosen_thermostat)](atoms, settings, rng)


def keeps_momentum(settings: DynamicsSettings) -> bool:
    """Tell whether the dynamics keep the momentum of the whole: all but friction do."""
    return settings.chosen_thermostat != "langevin"


def _nve(atoms: Atoms, settings: DynamicsSettings, rng: np.random.Generator) -> Integrator:
    dynamics = VelocityVerlet(atoms, settings.timestep_fs * units.fs)
    n_degrees = degrees_of_freedom(atoms, keeps_momentum=True)
    return Integrator(dynamics, rng, n_degrees, {}, lambda _: None, lambda: 0.0, True)


def _langevin(atoms: Atoms, settings: DynamicsSettings, rng: np.random.Generator) -> Integrator:
    dynamics = Langevin(
        atoms,
        settings.timestep_fs * units.fs,
        temperature_K=settings.temperature_K,
        friction=1 / (settings.thermostat_time_fs * units.fs),
        fixcm=False,
        rng=rng,
    )
    n_degrees = degrees_of_freedom(atoms, keeps_momentum=False)

    def heat(temperature_K: float) -> None:
        dynamics.set_temperature(temperature_K=temperature_K)

    return Integrator(dynamics, rng, n_degrees, {}, heat, lambda: 0.0, False)


def _bussi(atoms: Atoms, settings: DynamicsSettings, rng: np.random.Generator) -> Integrator:
    dynamics = Bussi(
        atoms,
        settings.timestep_fs * units.fs,
        temperature_K=settings.temperature_K,
        taut=settings.thermostat_time_fs * units.fs,
        rng=rng,
    )
    # ASE counts the drift of the whole, which is none, as if it could be heated.
    dynamics.ndof = degrees_of_freedom(atoms, keeps_momentum=True)

    def heat(temperature_K: float) -> None:
        dynamics.temp = temperature_K * units.kB
        dynamics.target_kinetic_energy = 0.5 * dynamics.temp * dynamics.ndof

    heat(settings.temperature_K)
    kept = {"transferred_energy_eV": "transferred_energy"}
    return Integrator(
        dynamics, rng, dynamics.ndof, kept, heat, lambda: -dynamics.transferred_energy, True
    )


def _nose_hoover(atoms: Atoms, settings: DynamicsSettings, rng: np.random.Generator) -> Integrator:
    require_unconstrained(atoms, "a Nose-Hoover chain", "`thermostat` bussi or langevin")
    dynamics = NoseHooverChainNVT(
        atoms,
        settings.timestep_fs * units.fs,
        settings.temperature_K,
        settings.thermostat_time_fs * units.fs,
    )
    n_degrees = degrees_of_freedom(atoms, keeps_momentum=True)
    dynamics._thermostat = _thermostat(dynamics, settings, n_degrees)

    def heat(temperature_K: float) -> None:
        dynamics._thermostat._kT = temperature_K * units.kB

    return Integrator(
        dynamics,
        rng,
        n_degrees,
        _OF_THERMOSTAT,
        heat,
        dynamics._thermostat.get_thermostat_energy,
        True,
    )


def _npt(atoms: Atoms, settings: DynamicsSettings, rng: np.random.Generator) -> Integrator:
    require_unconstrained(atoms, "npt", "nvt")
    make = IsotropicMTKNPT if settings.cell_change == "isotropic" else MTKNPT
    assert settings.external_pressure_bar is not None
    dynamics = make(
        atoms,
        settings.timestep_fs * units.fs,
        temperature_K=settings.temperature_K,
        pressure_au=settings.external_pressure_bar * BAR,
        tdamp=settings.thermostat_time_fs * units.fs,
        pdamp=settings.barostat_time_fs * units.fs,
    )
    n_degrees = degrees_of_freedom(atoms, keeps_momentum=True)
    dynamics._thermostat = _thermostat(dynamics, settings, n_degrees)
    # In the terms that couple momenta to the cell N is that of the degrees of freedom, 3 N.
    dynamics._num_atoms_global = n_degrees / 3
    kinetic = atoms.get_kinetic_energy

    def heat(temperature_K: float) -> None:
        for part in (dynamics._thermostat, dynamics._barostat):
            part._kT = temperature_K * units.kB

    def given_eV() -> float:
        return float(
            dynamics.get_conserved_energy()
            - atoms.get_potential_energy(force_consistent=True)
            - kinetic()
        )

    of_cell = {
        "cell_momentum": "_p_eps",
        "strain": "_eps",
        "cell_start_A": "_cell0",
        "volume_start_A3": "_volume0",
    }
    if settings.cell_change == "full":
        of_cell = {"cell_momentum": "_p_g"}
    kept = {**_OF_THERMOSTAT, **_OF_BAROSTAT, **of_cell}
    return Integrator(dynamics, rng, n_degrees, kept, heat, given_eV, True)


_OF_THERMOSTAT = {"thermostat": "_thermostat._eta", "thermostat_momenta": "_thermostat._p_eta"}
_OF_BAROSTAT = {"barostat": "_barostat._xi", "barostat_momenta": "_barostat._p_xi"}


def _thermostat(
    dynamics: MolecularDynamics, settings: DynamicsSettings, n_degrees: int
) -> NoseHooverChainThermostat:
    """Return a chain for the momenta that move, where ASE's own counts three for each atom."""
    return NoseHooverChainThermostat(
        num_atoms_global=n_degrees / 3,  # type: ignore[arg-type]  # of which it takes three times
        masses=dynamics.masses,
        temperature_K=settings.temperature_K,
        tdamp=settings.thermostat_time_fs * units.fs,
    )


def require_unconstrained(atoms: Atoms, what: str, instead: str) -> None:
    """Check that nothing holds atoms.

    Raises
    ------
    MethodError
        A constraint does; naming what does not hold it, and what does instead.
    """
    if atoms.constraints:
        kinds = ", ".join(sorted({type(each).__name__ for each in atoms.constraints}))
        raise MethodError(
            f"{what} does not hold constraints ({kinds}); use {instead}, or remove them with "
            f"atoms.set_constraint()."
        )


def _get(owner: Any, place: str) -> Any:
    for name in place.split("."):
        owner = getattr(owner, name)
    return owner
