"""What a campaign can ask of a structure: workflows, and the main numbers of their records."""

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from nearsight.errors import SettingError
from nearsight.settings import Settings, nearest
from nearsight.workflows.settings_of_workflows import OF_WORKFLOWS

if TYPE_CHECKING:
    from nearsight.records.base import CalculatedRecord

Number = float | int | str | bool


@dataclass(frozen=True)
class Question:
    """A workflow that takes a structure and a model, as other processes find it."""

    name: str
    """Such as ``heat-capacity``: that of its command."""
    verb: str
    """``module:function``, called as `nearsight.workflows.heat_capacity` is."""
    settings: type[Settings]
    numbers: str
    """``module:function``, which returns the main numbers of a record by name."""

    def load(self) -> None:
        """Import what answers it, which takes some seconds in a new process."""
        _imported(self.verb)
        _imported(self.numbers)

    def ask(self, *arguments: Any, **keywords: Any) -> "CalculatedRecord":
        """Call the verb."""
        record: CalculatedRecord = _imported(self.verb)(*arguments, **keywords)
        return record

    def numbers_of(self, record: "CalculatedRecord") -> dict[str, Number]:
        """Return what is worth a column of a table; a quantity that is not known is left out."""
        known = {**_of_any(record), **_imported(self.numbers)(record)}
        return {name: value for name, value in known.items() if value is not None}


def heat_numbers(record: Any) -> dict[str, Any]:
    """Return the main numbers of heat capacities and phonons."""
    row = record.heat_capacity[0] if record.heat_capacity else None
    return {
        "c_v_J_per_g_K": None if row is None else row.J_per_g_K,
        "c_v_J_per_molatom_K": None if row is None else row.J_per_molatom_K,
        "c_v_gamma_J_per_g_K": None if row is None else _at_gamma(record, row.temperature_K),
        "c_v_temperature_K": None if row is None else row.temperature_K,
        "spectrum": record.spectrum.method,
        "n_imaginary": None if record.modes is None else record.modes.n_imaginary,
        "lowest_wavenumber_per_cm": _lowest(record.modes),
        "zero_point_energy_eV": record.zero_point_energy_eV,
    }


def relax_numbers(record: Any) -> dict[str, Any]:
    """Return the main numbers of a relaxation beyond those that all records have."""
    return {"relaxed_energy_eV": record.relaxation.energy_after_eV}


def energy_numbers(record: Any) -> dict[str, Any]:
    """Return the main numbers of a structure as it is."""
    return {
        "energy_eV_per_atom": record.energy_eV_per_atom,
        "largest_force_eV_per_A": record.fmax_eV_per_A,
    }


def elastic_numbers(record: Any) -> dict[str, Any]:
    """Return the main numbers of an elastic tensor."""
    elasticity = record.elasticity
    moduli = elasticity.moduli
    return {
        "stability": elasticity.stability,
        "bulk_modulus_GPa": None if moduli is None else moduli.bulk_GPa.hill,
        "shear_modulus_GPa": None if moduli is None else moduli.shear_GPa.hill,
    }


def expansion_numbers(record: Any) -> dict[str, Any]:
    """Return the main numbers of a crystal at constant pressure, at the first of its temperatures.

    Those without a minimum of the free energy between the volumes are none of them.
    """
    row = record.thermal_expansion[0]
    return {
        "volumetric_expansion_per_K": row.volumetric_expansion_per_K,
        "c_p_J_per_g_K": row.heat_capacity_p_J_per_g_K,
        "c_p_J_per_molformula_K": row.heat_capacity_p_J_per_molformula_K,
        "isothermal_bulk_modulus_GPa": row.bulk_modulus_GPa,
        "gruneisen_parameter": row.gruneisen_parameter,
        "expansion_temperature_K": row.temperature_K,
        "n_volumes_left_out": sum(not each.used for each in record.quasi_harmonic.volumes),
    }


def locality_numbers(record: Any) -> dict[str, Any]:
    """Return the main numbers of how far atoms see."""
    return {
        "force_range_A": record.force_range_A,
        "locality_cutoff_A": record.cutoff_A,
        "n_sites": len(record.sites),
    }


def _question(name: str, numbers: Callable[[Any], dict[str, Any]]) -> Question:
    verb = name.replace("-", "_")
    return Question(
        name,
        f"nearsight.workflows:{verb}",
        OF_WORKFLOWS[name],
        f"{__name__}:{numbers.__name__}",
    )


QUESTIONS: dict[str, Question] = {
    question.name: question
    for question in (
        _question("energy", energy_numbers),
        _question("relax", relax_numbers),
        _question("heat-capacity", heat_numbers),
        _question("phonons", heat_numbers),
        _question("elastic", elastic_numbers),
        _question("thermal-expansion", expansion_numbers),
        _question("locality", locality_numbers),
    )
}
"""Those that are known, by name; `register` adds one."""


def register(question: Question) -> None:
    """Let campaigns ask another question, by its name.

    Parameters
    ----------
    question
        The question, and how it is answered.

    Examples
    --------
    >>> from nearsight.campaigns import Question, Specification, register
    >>> from nearsight.models import ModelSpec
    >>> from nearsight.workflows import EnergySettings
    >>> verb, numbers = "nearsight.workflows:energy", "nearsight.campaigns.questions:energy_numbers"
    >>> register(Question("energy-again", verb, EnergySettings, numbers))  # doctest: +SKIP
    >>> Specification({"energy-again": EnergySettings()}, (ModelSpec("ase:emt"),))  # doctest: +SKIP
    """
    QUESTIONS[question.name] = question


def question_named(name: str) -> Question:
    """Return the question of a name.

    Raises
    ------
    SettingError
        There is none.
    """
    if name not in QUESTIONS:
        raise SettingError(f"a campaign has no workflow {name}{nearest(name, QUESTIONS)}.")
    return QUESTIONS[name]


def _of_any(record: "CalculatedRecord") -> dict[str, Any]:
    """Return the numbers that records of all questions have."""
    masses = record.atoms.get_masses()
    relaxation = getattr(record, "relaxation", None)
    verdict = getattr(record, "verdict", None)
    return {
        "mean_mass_amu": float(masses.mean()),
        "verdict": None if verdict is None else verdict.level,
        "converged": None if relaxation is None else relaxation.converged,
        "relaxation_steps": None if relaxation is None else relaxation.steps,
        "volume_change": None if relaxation is None else relaxation.volume_change,
        "n_warnings": len(record.warnings),
    }


def _at_gamma(record: Any, temperature_K: float) -> float | None:
    if record.modes is None:
        return None
    from nearsight.campaigns.at_gamma import heat_capacity_J_per_g_K  # which takes time to import

    return heat_capacity_J_per_g_K(
        record.modes,
        temperature_K,
        mean_mass_amu=float(record.atoms.get_masses().mean()),
        scale_factor=record.scale_factor,
    )


def _lowest(modes: Any) -> float | None:
    return None if modes is None else min(modes.wavenumbers_per_cm, default=None)


def _imported(place: str) -> Callable[..., Any]:
    module, _, name = place.partition(":")
    function: Callable[..., Any] = getattr(importlib.import_module(module), name)
    return function
