"""In which units the numbers of phonopy's files are: those of the calculator of the forces."""

from dataclasses import dataclass, replace

from nearsight.errors import CheckpointError
from nearsight.hessian.files.phonopy_fields import Fields
from nearsight.units import BOHR_IN_A, HARTREE_IN_EV

COULOMB_eV_A = HARTREE_IN_EV * BOHR_IN_A
"""e²/(4πε₀) in eV Å, the factor of the non-analytical term."""

_LENGTHS_A = {"angstrom": 1.0, "au": BOHR_IN_A}
_RYDBERG = HARTREE_IN_EV / 2
_FORCES_eV_PER_A = {
    "eV/angstrom": 1.0,
    "Ry/au": _RYDBERG / BOHR_IN_A,
    "mRy/au": 1e-3 * _RYDBERG / BOHR_IN_A,
    "hartree/au": HARTREE_IN_EV / BOHR_IN_A,
}
_FORCE_CONSTANTS_eV_PER_A2 = {
    "eV/angstrom^2": 1.0,
    "eV/angstrom.au": 1.0 / BOHR_IN_A,
    "Ry/au^2": _RYDBERG / BOHR_IN_A**2,
    "mRy/au^2": 1e-3 * _RYDBERG / BOHR_IN_A**2,
    "hartree/au^2": HARTREE_IN_EV / BOHR_IN_A**2,
    "hartree/angstrom.au": HARTREE_IN_EV / BOHR_IN_A,
}
_KNOWN = {
    "length": _LENGTHS_A,
    "force": _FORCES_eV_PER_A,
    "force_constants": _FORCE_CONSTANTS_eV_PER_A2,
}

_DEFAULT = "vasp"
"""The calculator of files that name none, as phonopy has it."""

_FACTOR_TOLERANCE = 1e-3
"""Between factors to THz that are the same one; those of two units differ by a third at least."""

_COULOMB_TOLERANCE = 0.01
"""Between e²/(4πε₀) as files round it, such as 14.4."""


@dataclass(frozen=True)
class PhonopyUnits:
    """Names of units, as phonopy writes them."""

    length: str
    force: str
    force_constants: str
    source: str
    """What says so, for messages."""

    @property
    def length_A(self) -> float:
        """The unit of lengths in Å."""
        return _LENGTHS_A[self.length]

    @property
    def force_eV_per_A(self) -> float:
        """The unit of forces in eV/Å."""
        return _FORCES_eV_PER_A[self.force]

    @property
    def force_constants_eV_per_A2(self) -> float:
        """The unit of force constants in eV/Å²."""
        return _FORCE_CONSTANTS_eV_PER_A2[self.force_constants]

    @property
    def coulomb(self) -> float:
        """e²/(4πε₀) in the unit of force constants times the cube of that of lengths."""
        return COULOMB_eV_A / self.force_constants_eV_per_A2 / self.length_A**3

    def coulomb_eV_A(self, factor: float) -> float | None:
        """Return a factor in these units in eV Å if it is e²/(4πε₀), with its digits; else None."""
        ratio = factor / self.coulomb
        return COULOMB_eV_A * ratio if abs(ratio - 1) <= _COULOMB_TOLERANCE else None


def normalised(name: str) -> str:
    """Return the name of a unit as phonopy writes it now."""
    return name.replace("Angstrom", "angstrom")


def force_constants_unit_eV_per_A2(name: str, where: str) -> float:
    """Return a unit of force constants in eV/Å².

    Raises
    ------
    CheckpointError
        It is none that is known.
    """
    unit = normalised(name)
    if unit not in _FORCE_CONSTANTS_eV_PER_A2:
        raise CheckpointError(_unknown("force constants", name, where, _FORCE_CONSTANTS_eV_PER_A2))
    return _FORCE_CONSTANTS_eV_PER_A2[unit]


def units_of(content: Fields) -> PhonopyUnits:
    """Return the units of a YAML, from its calculator and from what it says of its units.

    Raises
    ------
    CheckpointError
        A unit or the calculator is unknown, or the two contradict each other.
    """
    header = content.inner("phonopy") if "phonopy" in content else None
    calculator = header.word("calculator") if header else None
    stated = _stated(content)
    if calculator is None and {"length", "force"} & stated.keys():
        found = _from_statement(content, stated)
    else:
        found = _of_calculator(content, calculator or _DEFAULT)
        _require_agreement(content, found, stated, calculator)
    factor = header.number("frequency_unit_conversion_factor") if header else None
    if factor is not None:
        _require_factor(content, found, factor)
    return found


def _stated(content: Fields) -> dict[str, str]:
    """Return what the section ``physical_unit`` says of length, force and force constants."""
    if "physical_unit" not in content:
        return {}
    section = content.inner("physical_unit")
    mass = section.word("atomic_mass")
    if mass is not None and mass.lower() != "amu":
        raise section.wrong("atomic_mass", f"is “{mass}”; masses are read in AMU only")
    stated = {}
    for kind, known in _KNOWN.items():
        name = section.word(kind)
        if name is not None:
            stated[kind] = normalised(name)
            if stated[kind] not in known:
                raise section.wrong(kind, f"is “{name}”; known are {', '.join(known)}")
    return stated


def _from_statement(content: Fields, stated: dict[str, str]) -> PhonopyUnits:
    """Return the units of the calculators whose units are as stated."""
    fitting = [
        replace(units, source="physical_unit")
        for units in all_calculators()
        if all(getattr(units, kind) == name for kind, name in stated.items())
    ]
    default = replace(calculator_units(_DEFAULT), source="physical_unit")
    if default in fitting:
        return default
    if len(set(fitting)) != 1:
        said = ", ".join(f"{kind} in {name}" for kind, name in stated.items())
        how_many = "no calculator has" if not fitting else "more than one calculator has"
        raise content.wrong(
            "physical_unit", f"says {said}, which {how_many}; name it (phonopy.calculator)"
        )
    return fitting[0]


def calculator_units(calculator: str) -> PhonopyUnits:
    """Return the units of one of phonopy's calculators.

    Raises
    ------
    ValueError
        phonopy does not know it, or has a unit that is not known here.
    """
    from phonopy.physical_units import get_calculator_physical_units

    units = get_calculator_physical_units(calculator.lower())
    names = {
        "length": normalised(units.length_unit),
        "force": normalised(units.force_unit),
        "force_constants": normalised(units.force_constants_unit),
    }
    for kind, known in _KNOWN.items():
        if names[kind] not in known:
            raise ValueError(f"unknown unit {names[kind]}")
    return PhonopyUnits(**names, source=f"calculator {calculator}")


def all_calculators() -> list[PhonopyUnits]:
    """Return the units of every calculator that phonopy knows."""
    from phonopy.interface.calculator import calculator_info

    return [calculator_units(name) for name in calculator_info]


def _of_calculator(content: Fields, calculator: str) -> PhonopyUnits:
    try:
        return calculator_units(calculator)
    except ValueError as error:
        raise content.inner("phonopy").wrong(
            "calculator", f"is “{calculator}”, whose units are not known ({error})"
        ) from error


def _require_agreement(
    content: Fields, found: PhonopyUnits, stated: dict[str, str], calculator: str | None
) -> None:
    for kind, name in stated.items():
        own = getattr(found, kind)
        if own != name:
            who = f"calculator {calculator}" if calculator else "a file that names no calculator"
            raise content.inner("physical_unit").wrong(
                kind, f"is “{name}”, but {who} has “{own}”: one of the two is wrong. Correct it"
            )


def _require_factor(content: Fields, found: PhonopyUnits, factor: float) -> None:
    """Check that the factor to THz is not that of other units; it may be one to cm⁻¹, say."""
    from phonopy.physical_units import get_physical_units

    to_THz = float(get_physical_units().DefaultToTHz)

    def of(units: PhonopyUnits) -> float:
        return to_THz * float(units.force_constants_eV_per_A2**0.5)

    def same(one: float, other: float) -> bool:
        return abs(one / other - 1) <= _FACTOR_TOLERANCE

    if same(factor, of(found)):
        return
    others = [units for units in all_calculators() if same(factor, of(units))]
    if others:
        raise content.inner("phonopy").wrong(
            "frequency_unit_conversion_factor",
            f"is {factor:g}, that of force constants in {others[0].force_constants}, but the file "
            f"has them in {found.force_constants} ({found.source}): one of the two is wrong. "
            f"Correct it",
        )


def _unknown(kind: str, name: str, where: str, known: dict[str, float]) -> str:
    return f"{where} has {kind} in “{name}”; known are {', '.join(known)}."
