"""A model behind `fix external` of LAMMPS."""

import ctypes
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from ase import Atoms

from nearsight.arrays import FloatArray, IntArray
from nearsight.errors import MethodError, ModelError
from nearsight.lammps.element_map import numbers_of_types, require_masses, require_types
from nearsight.lammps.evaluator import Answer, Evaluator
from nearsight.lammps.exchange_checks import ExchangeChecks
from nearsight.lammps.library import Lammps, LammpsError
from nearsight.lammps.owned_atoms import Box, OwnedAtoms, Present, present_atoms
from nearsight.lammps.ranks import Ranks
from nearsight.lammps.stopping import HeldSignals, prepare_stop, stop
from nearsight.lammps.unit_styles import unit_style_of
from nearsight.models.contract import Model
from nearsight.models.evaluable import require_elements

Told = Callable[[Present, Answer], None]

FIX = "nearsight"
"""The name of the fix by which a model is attached."""


def attach(
    lammps: Lammps, model: Model | None, elements: Sequence[str], *, forces: bool = True
) -> "AttachedModel":
    """Give the atoms in LAMMPS the energies, forces and virials of a model.

    The model is added to whatever pair style there is; `pair_style zero 2.0 nocoeff` has no
    energies of its own. From then on commands are given by `AttachedModel.command` and `.file`,
    which raise what the model raises.

    Parameters
    ----------
    lammps
        LAMMPS (see `start_lammps`), with its box and in the units metal or real.
    model
        The model. In several processes that of rank 0 is asked; the others need none.
    elements
        The symbol of the element of each type of atom.
    forces
        Whether forces and virials are computed. Without, LAMMPS gets NaN for them: for Monte Carlo
        in which nothing moves by forces, and which takes a fraction of the time then.

    Raises
    ------
    LammpsError
        There is no box, the units cannot be converted, or `elements` does not fit the types.
    ModelError
        The model does not know an element.

    Examples
    --------
    >>> from nearsight.lammps import attach, start_lammps
    >>> from nearsight.models import load_model
    >>> lammps = start_lammps(("-log", "none", "-screen", "none"))
    >>> commands = '''
    ... units metal
    ... atom_modify map yes
    ... lattice fcc 3.61
    ... region box block 0 2 0 2 0 2
    ... create_box 1 box
    ... create_atoms 1 box
    ... mass 1 63.546
    ... pair_style zero 4.0 nocoeff
    ... pair_coeff * *
    ... '''
    >>> lammps.commands_string(commands)
    >>> copper = attach(lammps, load_model("ase:emt"), ["Cu"])
    >>> copper.command("run 0")
    >>> print(f"{lammps.get_thermo('pe') / lammps.get_natoms():.3f} eV for each atom")
    -0.006 eV for each atom
    >>> lammps.close()
    """
    attached = AttachedModel(lammps, model, elements, forces=forces)
    attached.attach()
    return attached


class AttachedModel:
    """A model that LAMMPS asks for energies, forces and virials.

    Parameters
    ----------
    lammps
        LAMMPS; it may not have a box yet.
    model
        The model, in the process of rank 0.
    elements
        The symbol of the element of each type.
    forces
        Whether forces and virials are computed, or NaN.
    check_exchanges
        Whether `fix gcmc` and `fix widom` are checked before they may begin.
    told
        Told of each answer, at rank 0.

    Raises
    ------
    MethodError
        A symbol is that of no element, or rank 0 has no model.
    """

    def __init__(
        self,
        lammps: Lammps,
        model: Model | None,
        elements: Sequence[str],
        *,
        forces: bool = True,
        check_exchanges: bool = True,
        told: Told | None = None,
    ) -> None:
        self.lammps = lammps
        self.elements = tuple(elements)
        self._numbers: IntArray = numbers_of_types(elements)
        self._ranks = Ranks(lammps)
        if model is None and self._ranks.own == 0:
            raise MethodError("there is no `model` to attach; load one first.")
        self._model = model
        self._forces = forces
        self._evaluator: Evaluator | None = None
        self._signals = HeldSignals()
        self._error: BaseException | None = None
        self._has_masses = False
        self._fix = FIX
        self._told = told
        self._exchanges = ExchangeChecks() if check_exchanges else None

    @property
    def evaluator(self) -> Evaluator:
        """The model at work, with the counts of what it was asked; at rank 0 only."""
        if self._evaluator is None:
            raise MethodError("no model is attached in this process.")
        return self._evaluator

    def attach(self, fix: str | None = None) -> None:
        """Attach the model to a `fix external`: the one of that name, or else one that is made.

        Raises
        ------
        LammpsError, ModelError
            See `nearsight.lammps.attach`.
        """
        lammps = self.lammps
        if not lammps.extract_setting("box_exist"):
            raise LammpsError(
                "LAMMPS has no box yet; attach a model after read_data, read_restart or create_box."
            )
        if lammps.extract_setting("dimension") == 2:
            raise LammpsError("a model is for three dimensions; leave `dimension 2` out.")
        units = unit_style_of(lammps)
        require_types(self.elements, lammps.extract_setting("ntypes"))
        self._has_masses = False
        if self._model is not None and (
            self._evaluator is None or self._evaluator.units is not units
        ):
            self._evaluator = Evaluator(self._model, units, forces=self._forces)
        self._ranks.at_first(self._require_known_elements)
        if fix is None:
            lammps.command(f"fix {FIX} all external pf/callback 1 1")
        self._fix = fix or FIX
        lammps.command(f"fix_modify {self._fix} energy yes virial yes")
        prepare_stop(lammps)
        self._error = None
        if self._exchanges is not None:
            self._exchanges.begin()
        lammps.set_fix_external_callback(self._fix, self._called, None)

    def command(self, text: str) -> None:
        """Give LAMMPS a command.

        Raises
        ------
        LammpsError
            LAMMPS does not understand or cannot do it.
        NearsightError
            What the model raised.
        """
        self.read_exchanges(text)
        self.guarded(self.lammps.command, text)

    def read_exchanges(self, text: str, *, of_script: bool = False) -> None:
        """Read what a command says of exchanges, and test at the first that they can be right.

        Parameters
        ----------
        text
            The command.
        of_script
            Whether it is read ahead of its time, with all others of a script.

        Raises
        ------
        LammpsError
            They would not be, or LAMMPS runs in several processes.
        ModelError
            The model cannot evaluate the atoms of the test.
        """
        checks = self._exchanges
        if checks is None or not checks.read(text, of_script=of_script):
            return
        if self._ranks.count > 1:
            raise LammpsError(
                f"LAMMPS runs in {self._ranks.count} processes, in which what it exchanges comes "
                f"out wrong or is refused; run exchanges in one."
            )
        from nearsight.lammps.self_test import require_reversible  # which attaches a model itself

        assert self._model is not None
        require_reversible(self._model, self.elements)

    def guarded(self, call: Callable[..., Any], *arguments: Any) -> None:
        """Call a function of LAMMPS, and raise what the model has raised meanwhile.

        Raises
        ------
        LammpsError
            LAMMPS failed.
        NearsightError
            The model did.
        """
        failure: Exception | None = None
        with self._signals.hold():
            try:
                call(*arguments)
            except Exception as error:  # the package of LAMMPS has no class of its own for errors
                failure = error
        if self._error is not None:
            raised, self._error = self._error, None
            raise raised
        self._signals.release()
        if failure is not None:
            # One of its classes quotes its message when it is printed.
            raise LammpsError(getattr(failure, "message", str(failure))) from failure

    def _require_known_elements(self) -> None:
        model = self.evaluator.model
        require_elements(Atoms(self.elements), model)
        if Box.of(self.lammps).periodic.any() and not model.capabilities.periodic:
            raise ModelError(
                f"{model.identity.name} is for molecules only, and the box is periodic; write "
                f"`boundary f f f`, or choose another model."
            )

    def _called(
        self,
        _caller: object,
        _step: int,
        _n_owned: int,
        tags: IntArray,
        positions_A: FloatArray,
        forces: FloatArray,
    ) -> None:
        """Answer LAMMPS: this is its callback, in which nothing may be raised."""
        try:
            self._answer(tags, positions_A, forces)
        except BaseException as error:  # also what ends the program: it is raised after the command
            if self._error is None:
                self._error = error
            stop(self.lammps)
            forces[:] = np.nan
            self._hand_over(np.nan, np.full(6, np.nan), None)

    def _answer(self, tags: IntArray, positions_A: FloatArray, forces: FloatArray) -> None:
        own: OwnedAtoms | BaseException
        try:
            self._signals.release()
            own = OwnedAtoms.of(self.lammps, tags, positions_A)
        except BaseException as error:  # the other ranks wait for this one
            own = error if self._ranks.own == 0 else LammpsError(str(error))
        of_ranks = self._ranks.gather(own)
        answers: list[Answer | BaseException] = []
        if self._ranks.own == 0:
            try:
                answers = [*self._answers(of_ranks)]
            except BaseException as error:  # the other ranks wait for an answer
                answers = [error, *[LammpsError(str(error))] * (self._ranks.count - 1)]
        answer = self._ranks.scatter(answers)
        if isinstance(answer, BaseException):
            raise answer
        forces[:] = answer.forces
        self._hand_over(answer.energy, answer.virial, answer.atomic_energies)

    def _answers(self, of_ranks: Sequence[OwnedAtoms | BaseException]) -> list[Answer]:
        """Return what each rank is to be told."""
        owned: list[OwnedAtoms] = []
        for each in of_ranks:
            if isinstance(each, BaseException):
                raise each
            owned.append(each)
        self._require_masses()
        box = Box.of(self.lammps)
        present = present_atoms(owned, self._numbers, box)
        if self._exchanges is not None:
            self._exchanges.require_sound(self.lammps, self.evaluator, present)
        answer = self.evaluator.answer(present.atoms, box_changes=box.changes)
        if self._told is not None:
            self._told(present, answer)
        return answer.by_rank(present)

    def _require_masses(self) -> None:
        """Check masses once; a script may set them after the model was attached."""
        if not self._has_masses:
            masses = self.lammps.numpy.extract_atom("mass")
            if masses is not None:
                require_masses(self.elements, np.array(masses).ravel()[1:])
            self._has_masses = True

    def _hand_over(
        self, energy: float, virial: FloatArray, atomic_energies: FloatArray | None
    ) -> None:
        lammps, fix = self.lammps, self._fix
        lammps.fix_external_set_energy_global(fix, energy)
        lammps.fix_external_set_virial_global(fix, virial.tolist())
        if atomic_energies is not None:
            # Its own package makes a list of the array first, which costs more than all else here.
            pointer = atomic_energies.ctypes.data_as(ctypes.POINTER(ctypes.c_double))
            lammps.lib.lammps_fix_external_set_energy_peratom(lammps.lmp, fix.encode(), pointer)
