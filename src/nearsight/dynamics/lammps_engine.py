"""LAMMPS in the place of ASE's integrators: it moves the atoms, the model gives the forces.

LAMMPS has the equations of motion and nothing else. Its box is so wide that no atom is carried to
its other side, so that positions are those of the structure, whose own cell the model sees. Units
are converted by LAMMPS' own constants: a step of velocity Verlet is then the same one in both.

npt has no counterpart: the barostats of LAMMPS count three momenta for each atom where ASE's count
those that move (`dynamics._num_atoms_global` in `integrators.py`), and have other masses.
"""

import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import cast

import numpy as np
from ase import Atoms, units
from numpy.typing import NDArray

from nearsight.arrays import FloatArray
from nearsight.dynamics.integrators import Integrator, keeps_momentum, require_unconstrained
from nearsight.dynamics.settings import DynamicsSettings
from nearsight.dynamics.velocities import degrees_of_freedom
from nearsight.errors import MethodError
from nearsight.lammps.attached import AttachedModel
from nearsight.lammps.library import Lammps, start_lammps
from nearsight.models.calculator import ModelCalculator
from nearsight.models.contract import Evaluation, Model

_BEFORE_A_BOX = "units metal\natom_style atomic\natom_modify sort 0 0.0\nboundary f f f\n"
_HALF_BOX_A = 1e6
_LARGEST_SEED = 900_000_000


def lammps_integrator(
    atoms: Atoms, settings: DynamicsSettings, rng: np.random.Generator
) -> Integrator:
    """Return LAMMPS as the integrator of `atoms`, which have a `ModelCalculator` and momenta.

    Raises
    ------
    LammpsError
        LAMMPS cannot be started.
    MethodError
        The structure has constraints, or LAMMPS would run in several processes.
    """
    require_unconstrained(atoms, "LAMMPS as the `engine`", "`engine` ase")
    keeps = keeps_momentum(settings)
    n_degrees = degrees_of_freedom(atoms, keeps_momentum=keeps)
    dynamics = LammpsDynamics(atoms, settings, n_degrees, int(rng.integers(1, _LARGEST_SEED)))
    return Integrator(
        dynamics=dynamics,
        rng=rng,
        n_degrees=n_degrees,
        arrays={"lammps_restart": "restart"},
        heat=lambda _: None,  # LAMMPS is told both ends of a change
        given_eV=dynamics.given_eV,
        conserves=settings.chosen_thermostat in {None, "nose-hoover"},
    )


class LammpsDynamics:
    """LAMMPS at work on a structure, of which it changes positions and momenta.

    Parameters
    ----------
    atoms
        The structure, with a `ModelCalculator` and momenta.
    settings
        How it moves.
    n_degrees
        Momenta that move independently of each other.
    seed
        That of a stochastic thermostat.
    """

    def __init__(self, atoms: Atoms, settings: DynamicsSettings, n_degrees: int, seed: int) -> None:
        self._atoms, self._settings = atoms, settings
        self._n_degrees, self._seed = n_degrees, seed
        kinds = list(zip(atoms.numbers.tolist(), atoms.get_masses().tolist(), strict=True))
        self._kinds = sorted(set(kinds))
        self._types = [1 + self._kinds.index(kind) for kind in kinds]
        self._lammps: Lammps = start_lammps(("-log", "none", "-screen", "none", "-nocite"))
        n_processes = self._lammps.extract_setting("world_size")
        if n_processes > 1:
            raise MethodError(
                f"a run of dynamics is one process, and MPI has started {n_processes}; leave "
                f"mpirun out, or take `engine` ase."
            )
        self._lammps.commands_string(_BEFORE_A_BOX)
        self._velocity = float(np.sqrt(self._lammps.extract_global("mvv2e")))
        """A velocity of LAMMPS in ASE's unit of it."""
        self._fill()
        self._begin()

    def step(self) -> None:
        """Take one step.

        Raises
        ------
        ModelError
            The model gives what is no number.
        """
        self._set_up()
        self._attached.command(f"run 1 pre no post no start 0 stop {self._settings.n_steps}")
        masses = self._atoms.get_masses()[:, np.newaxis]
        velocities = self.by_number("v")
        self._atoms.set_momenta(masses * velocities * self._velocity)

    def given_eV(self) -> float:
        """Return the energy in eV that the thermostat has taken from the atoms."""
        if self._settings.chosen_thermostat != "nose-hoover":
            return 0.0
        self._set_up()
        return float(self._lammps.extract_fix("heat", 0, 0))

    @property
    def restart(self) -> NDArray[np.uint8]:
        """What LAMMPS keeps of itself: all but random numbers, to the bit.

        Setting it goes back to that moment.
        """
        with tempfile.TemporaryDirectory(prefix="nearsight-") as folder:
            path = Path(folder, "restart")
            self._attached.command(f"write_restart {path}")
            return np.frombuffer(path.read_bytes(), dtype=np.uint8)

    @restart.setter
    def restart(self, content: NDArray[np.uint8]) -> None:
        with tempfile.TemporaryDirectory(prefix="nearsight-") as folder:
            path = Path(folder, "restart")
            path.write_bytes(content.tobytes())
            self._lammps.commands_string(f"clear\n{_BEFORE_A_BOX}read_restart {path}\n")
            self._begin()

    def _fill(self) -> None:
        """Make the box, with the atoms in it."""
        atoms, half = self._atoms, _HALF_BOX_A
        sides = " ".join([f"{-half} {half}"] * 3)
        self._lammps.commands_string(
            f"region everywhere block {sides}\ncreate_box {len(self._kinds)} everywhere\n"
        )
        for number, (_, mass) in enumerate(self._kinds, start=1):
            self._lammps.command(f"mass {number} {mass:.17g}")
        velocities = atoms.get_velocities() / self._velocity
        places_A = atoms.positions.ravel().tolist()
        self._lammps.create_atoms(
            len(atoms), None, self._types, places_A, velocities.ravel().tolist()
        )

    def _begin(self) -> None:
        """Say what becomes of the atoms that there are, and ask the model for forces."""
        settings, lammps = self._settings, self._lammps
        femtosecond = units.fs * self._velocity  # in ps, as LAMMPS computes with them
        lammps.commands_string(
            f"pair_style none\ncomm_modify cutoff 1.0\n"
            f"neigh_modify every 1000000 delay 0 check no\nthermo_style custom step\n"
            f"timestep {settings.timestep_fs * femtosecond:.17g}\n"
        )
        elements = Atoms([number for number, _ in self._kinds]).get_chemical_symbols()
        calculator: ModelCalculator = self._atoms.calc
        model = cast(Model, _InPlace(self, calculator.model))  # of which only answers are asked
        self._attached = AttachedModel(lammps, model, elements, check_exchanges=False)
        self._attached.attach()
        for command in self._motion(settings.thermostat_time_fs * femtosecond):
            self._attached.command(command)
        self._is_set_up = False

    def _motion(self, time: float) -> Sequence[str]:
        """Return the commands that move atoms, of a thermostat with a time in LAMMPS' unit."""
        settings, atoms = self._settings, self._atoms
        kelvin = units.kB / self._lammps.extract_global("boltz")
        last_K = settings.final_temperature_K or settings.temperature_K
        between = f"{settings.temperature_K * kelvin:.17g} {last_K * kelvin:.17g} {time:.17g}"
        degrees = f"compute_modify heat_temp extra/dof {3 * len(atoms) - self._n_degrees}"
        move = "fix move all nve"
        return {
            None: (move,),
            "langevin": (move, f"fix heat all langevin {between} {self._seed}"),
            "bussi": (move, f"fix heat all temp/csvr {between} {self._seed}", degrees),
            "nose-hoover": (f"fix heat all nvt temp {between}", degrees),
        }[settings.chosen_thermostat]

    def _set_up(self) -> None:
        """Let LAMMPS ask for the forces of where the atoms are, once."""
        if not self._is_set_up:
            self._attached.command("run 0 post no")
            self._is_set_up = True

    def by_number(self, name: str) -> FloatArray:
        """Return what LAMMPS has of each atom, shape ``(n_atoms, 3)``, in the structure's order."""
        n_atoms, of_atoms = len(self._atoms), self._lammps.numpy.extract_atom
        order = np.argsort(of_atoms("id")[:n_atoms])
        values: FloatArray = of_atoms(name)[:n_atoms][order]
        return values

    def evaluate(self) -> Evaluation:
        """Have the structure evaluated where LAMMPS has its atoms.

        Raises
        ------
        ModelError
            The model gives what is no number.
        """
        self._atoms.set_positions(self.by_number("x"))
        self._atoms.get_forces(md=True)
        calculator: ModelCalculator = self._atoms.calc
        assert calculator.evaluation is not None
        return calculator.evaluation


class _InPlace:
    """The model of a structure that moves, which knows its own cell, charges and pairs."""

    def __init__(self, dynamics: LammpsDynamics, model: Model) -> None:
        self._dynamics = dynamics
        self.identity, self.facts = model.identity, model.facts
        self.capabilities = replace(model.capabilities, cutoff_A=None)  # pairs are not to be found

    def evaluate(self, *_: object, **_asked: object) -> list[Evaluation]:
        """Evaluate the structure, whatever box its atoms are in here."""
        return [self._dynamics.evaluate()]
