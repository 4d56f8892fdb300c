"""A structure that moves: its integrator, its pairs, and the state that both have."""

from typing import Any

import numpy as np
from ase import Atoms, units

from nearsight.dynamics.checkpoint import State
from nearsight.dynamics.extrapolated import ExtrapolatedSteps
from nearsight.dynamics.integrators import BAR, integrator, keeps_momentum
from nearsight.dynamics.lammps_engine import lammps_integrator
from nearsight.dynamics.samples import Sample
from nearsight.dynamics.settings import DynamicsSettings
from nearsight.dynamics.velocities import (
    degrees_of_freedom,
    held,
    initial_momenta,
    stilled,
)
from nearsight.errors import MethodError
from nearsight.models.calculator import ModelCalculator
from nearsight.models.contract import Evaluation, Model
from nearsight.models.extrapolation import n_extrapolating
from nearsight.models.given_pairs import pairs_while_moving


class Moving:
    """Atoms at work.

    Parameters
    ----------
    atoms
        The structure as given; it is not changed.
    model
        What moves it.
    settings
        How it moves.
    with_stress
        Whether its stress is computed in nve and nvt, too.
    state
        Where it has got already; None to begin, with velocities that are drawn unless it has some.

    Raises
    ------
    MethodError
        The settings do not go with the constraints of the structure, or with one atom.
    LammpsError
        LAMMPS is the engine, and cannot be started.
    """

    def __init__(
        self,
        atoms: Atoms,
        model: Model,
        settings: DynamicsSettings,
        state: State | None = None,
        *,
        with_stress: bool = False,
    ) -> None:
        self.settings = settings
        self._has_stress = with_stress or settings.ensemble == "npt"
        self.step = 0 if state is None else state.step
        self.extrapolated = ExtrapolatedSteps() if state is None else state.extrapolated
        self.atoms: Atoms = atoms.copy()
        self.pairs = pairs_while_moving(model)
        self.atoms.calc = ModelCalculator(
            model, pairs=None if self.pairs is None else self.pairs.of
        )
        rng = np.random.default_rng(settings.seed)
        if state is None:
            self._start(atoms, rng)
        else:
            self._go_back_to(state, rng)
        if degrees_of_freedom(atoms, keeps_momentum=keeps_momentum(settings)) < 1:
            raise MethodError(
                f"{atoms.get_chemical_formula()} has nothing that could move: constraints, or the "
                f"momentum of the whole, take all of it."
            )
        make = lammps_integrator if settings.engine == "lammps" else integrator
        self._integrator = make(self.atoms, settings, rng)
        if state is not None:
            self._integrator.resume(state.integrator)

    def evaluate(self) -> None:
        """Have energy, forces and, where the run has one, stress computed where the atoms are.

        Raises
        ------
        ModelError
            The model gives what is no number, or has no stress.
        """
        if self._has_stress:
            self.atoms.get_stress()  # first: one evaluation then gives all, here as at each step
        self.atoms.get_forces(md=True)

    def move(self) -> None:
        """Take one step.

        Raises
        ------
        ModelError
            The model gives what is no number.
        """
        self.step += 1
        if self.settings.final_temperature_K is not None:
            self._integrator.heat(self.settings.temperature_at(self.step))
        self._integrator.dynamics.step()

    @property
    def evaluation(self) -> Evaluation | None:
        """The last one of the model."""
        calculator: ModelCalculator = self.atoms.calc
        return calculator.evaluation

    @property
    def temperature_K(self) -> float:
        """Temperature in K of the degrees of freedom that move."""
        return float(2 * self.atoms.get_kinetic_energy() / (units.kB * self._integrator.n_degrees))

    def sample(self) -> Sample:
        """Return what is known of this moment."""
        atoms, own = self.atoms, self._integrator
        potential_eV, kinetic_eV = atoms.get_potential_energy(), atoms.get_kinetic_energy()
        is_kept = own.conserves and self.settings.final_temperature_K is None
        pressure_bar = float("nan")
        if self._has_stress:
            stress = atoms.get_stress(voigt=False, include_ideal_gas=True)
            pressure_bar = float(-np.trace(stress) / 3 / BAR)
        evaluation = self.evaluation
        n_extrapolated = None if evaluation is None else n_extrapolating(evaluation)
        return Sample(
            step=self.step,
            time_fs=self.step * self.settings.timestep_fs,
            temperature_K=self.temperature_K,
            potential_energy_eV=float(potential_eV),
            kinetic_energy_eV=float(kinetic_eV),
            conserved_eV=float(potential_eV + kinetic_eV + own.given_eV())
            if is_kept
            else float("nan"),
            volume_A3=float(atoms.get_volume()) if atoms.pbc.all() else float("nan"),
            pressure_bar=pressure_bar,
            n_extrapolating=float("nan") if n_extrapolated is None else float(n_extrapolated),
        )

    @property
    def knows_extrapolation(self) -> bool:
        """Whether the model tells where it extrapolates."""
        evaluation = self.evaluation
        return evaluation is not None and evaluation.extrapolations is not None

    def count(self) -> None:
        """Count the step that was taken if the model extrapolated at its end."""
        self.extrapolated = self.extrapolated.after(self.step, self.evaluation)

    def state(self, sizes: dict[str, int], *, is_recorded: bool) -> State:
        """Return all that the next step depends on, beside what has been written."""
        searched = None if self.pairs is None else self.pairs.searched
        random: dict[str, Any] = self._integrator.rng.bit_generator.state  # type: ignore[assignment]
        return State(
            step=self.step,
            is_recorded=is_recorded,
            positions_A=self.atoms.positions.copy(),
            momenta=self.atoms.get_momenta(),
            cell_A=self.atoms.cell.array.copy(),
            integrator=self._integrator.state(),
            random=random,
            searched_positions_A=None if searched is None else searched.positions,
            searched_cell_A=None if searched is None else searched.cell.array,
            sizes=sizes,
            extrapolated=self.extrapolated,
        )

    def _start(self, atoms: Atoms, rng: np.random.Generator) -> None:
        """Give the atoms their first velocities: drawn, or those of the structure.

        The motion of the whole is taken off either where the dynamics would keep it: it is no heat.
        """
        keeps = keeps_momentum(self.settings)
        if not atoms.get_momenta().any():
            temperature_K = self.settings.temperature_K
            momenta = initial_momenta(atoms, temperature_K, rng, keeps_momentum=keeps)
            self.atoms.set_momenta(momenta)
        elif keeps and not held(atoms):
            self.atoms.set_momenta(stilled(atoms).get_momenta())

    def _go_back_to(self, state: State, rng: np.random.Generator) -> None:
        atoms = self.atoms
        if self.pairs is not None and state.searched_positions_A is not None:
            atoms.set_cell(state.searched_cell_A)
            atoms.set_positions(state.searched_positions_A, apply_constraint=False)
            self.pairs.of(atoms)
        atoms.set_cell(state.cell_A)
        atoms.set_positions(state.positions_A, apply_constraint=False)
        atoms.set_momenta(state.momenta, apply_constraint=False)
        rng.bit_generator.state = state.random
