"""What speaks for and against a result: one list, from which page, terminal and JSON are made.

Every check of at least `Level.CAUTION` is among the warnings of an entry, by the words of the
result that warns of it or by its own; and no entry with a warning has a better verdict than that.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING, Any

from nearsight import units
from nearsight.remarks import Remark, Severity
from nearsight.structures.pieces import Pieces
from nearsight.vibrations.heat_capacity import HeatCapacity
from nearsight.vibrations.phonon_mesh import NOTABLE_INTERPOLATION, PhononMesh
from nearsight.vibrations.wording import NOTABLE_SHARE

if TYPE_CHECKING:
    from nearsight.records.results import HarmonicResults, ProbedResults

# An error of 1e-3 eV/Å² in the curvature of an oxygen atom moves a mode of 30 cm⁻¹, among the
# softest that count, by 1 %; 5e-2 eV/Å² is all of its curvature.
_CLEAN_eV_PER_A2 = 1e-3
_DOUBTFUL_eV_PER_A2 = 5e-2

# Heat capacities of today's models are off by more than that.
_SMALL_SHARE = 0.05


class Level(IntEnum):
    """How a check went; the largest of several is that of all."""

    GOOD = 0
    UNKNOWN = 1
    CAUTION = 2
    BAD = 3

    @classmethod
    def of(cls, remark: Remark) -> "Level":
        """Return the level of a remark."""
        levels = {Severity.NOTE: cls.GOOD, Severity.CAUTION: cls.CAUTION, Severity.PROBLEM: cls.BAD}
        return levels[remark.severity]

    @property
    def word(self) -> str:
        """What the page says beside the colour."""
        return ("passed", "not known", "caution", "problem")[self]


@dataclass(frozen=True)
class Check:
    """One thing that was looked at."""

    level: Level
    code: str
    """What was looked at, for programs; if it is a warning of its own, the code of that."""
    finding: str
    """A few words."""
    detail: str
    """What it means, in a sentence."""
    said: bool = True
    """Whether a result warns of it by itself; if not, the check is a warning of its own."""

    @property
    def is_warning(self) -> bool:
        """Whether it must be known before the numbers are used."""
        return self.level >= Level.CAUTION


@dataclass(frozen=True)
class Verdict:
    """All checks of a structure."""

    checks: tuple[Check, ...]

    @classmethod
    def of(cls, checks: Iterable[Check], warnings: Sequence[Remark]) -> "Verdict":
        """Return the verdict of `checks`, which none of the `warnings` contradicts."""
        made = tuple(checks)
        worst = max((Level.of(remark) for remark in warnings), default=Level.GOOD)
        if worst > Level.UNKNOWN and worst > max(check.level for check in made):
            detail = "What must be known before the numbers are used stands below."
            made = (*made, Check(worst, "warnings", "warnings", detail))
        return cls(made)

    def to_json(self) -> dict[str, Any]:
        """Return the ``verdict`` object of the JSON output."""
        return {
            "level": self.level.name.lower(),
            "summary": self.summary,
            "checks": [
                {
                    "level": check.level.name.lower(),
                    "code": check.code,
                    "finding": check.finding,
                    "detail": check.detail,
                }
                for check in self.checks
            ],
        }

    @property
    def level(self) -> Level:
        """The level of the worst check."""
        return max(check.level for check in self.checks)

    @property
    def summary(self) -> str:
        """The verdict in a line."""
        return (
            "Nothing speaks against these numbers.",
            "Nothing that is known speaks against these numbers.",
            "To be used with care.",
            "Not to be relied on as it is.",
        )[self.level]

    @property
    def short(self) -> str:
        """The verdict in a word or two, for a table."""
        return ("sound", "sound, as far as known", "with care", "not reliable")[self.level]


def unsaid(checks: Iterable[Check]) -> tuple[Remark, ...]:
    """Return the warnings that no result gives by itself."""
    return tuple(
        Remark(
            check.code,
            f"{check.finding}: {check.detail[0].lower()}{check.detail[1:]}",
            Severity.PROBLEM if check.level == Level.BAD else Severity.CAUTION,
        )
        for check in checks
        if check.is_warning and not check.said
    )


def verdict(entry: "HarmonicResults") -> Verdict:
    """Return what speaks for and against the numbers of `entry`."""
    return Verdict.of(checks_of(entry), entry.warnings)


def checks_of(entry: "HarmonicResults") -> tuple[Check, ...]:
    """Return everything that was looked at."""
    hessian = entry.hessian
    checks = (
        _imaginary_phonons(entry.phonons) if entry.phonons else _imaginary_modes(entry),
        *relaxation_checks(entry, hessian.warnings),
        _exactness(
            "asymmetric-hessian",
            "symmetric Hessian",
            "asymmetric Hessian",
            hessian.asymmetry_eV_per_A2,
            "The largest difference between the Hessian and its transpose",
        ),
        _exactness(
            "sum-rule-violated",
            "sum rule holds",
            "sum rule violated",
            hessian.sum_rule_eV_per_A2,
            "The largest force constant that is left when everything moves together",
        ),
    )
    return (*checks, *_coverage(entry))


def imaginary_check(count: int) -> Check:
    """Return whether there are imaginary modes."""
    if count == 0:
        detail = "No vibration has a negative curvature."
        return Check(Level.GOOD, "imaginary-modes", "no imaginary modes", detail)
    return Check(
        Level.BAD,
        "imaginary-modes",
        f"{count} imaginary mode{'s' if count > 1 else ''}",
        "The structure is not at a minimum of this model.",
    )


def _imaginary_modes(entry: "HarmonicResults") -> Check:
    count = entry.vibrations.n_imaginary
    if count == 0 or not entry.hessian.provenance.only_read:
        return imaginary_check(count)
    if count > 1:
        return Check(
            Level.BAD,
            "imaginary-modes",
            f"{count} imaginary modes",
            "The structure in the file is not at a minimum of the method that had its Hessian.",
        )
    molecule = not entry.atoms.pbc.any()
    return Check(
        Level.CAUTION,
        "saddle-point",
        "transition state" if molecule else "saddle point",
        "One mode is imaginary: the structure in the file is a saddle point of first order of the "
        "method that had its Hessian. That mode counts as nothing.",
    )


def _imaginary_phonons(phonons: PhononMesh) -> Check:
    if phonons.share_imaginary == 0:
        detail = "No phonon has a negative curvature."
        return Check(Level.GOOD, "imaginary-modes", "no imaginary modes", detail)
    few = phonons.few_imaginary
    return Check(
        Level.CAUTION if few else Level.BAD,
        "imaginary-modes",
        f"{100 * phonons.share_imaginary:.2g} % imaginary modes",
        "So few, and none at the q-points of the supercell itself: soft acoustic modes that "
        "interpolation pushes below zero look like that."
        if few
        else f"The structure is not at a minimum of "
        f"{'the method of the file' if phonons.provenance.only_read else 'this model'}, or the "
        f"supercell is too small.",
    )


def relaxation_checks(
    entry: "HarmonicResults | ProbedResults", remarks: Sequence[Remark]
) -> tuple[Check, ...]:
    """Return whether the structure is at a minimum, as far as its relaxation tells.

    Parameters
    ----------
    entry
        The structure, with its relaxation if there was one.
    remarks
        What was remarked about the structure or its relaxation, such as a lost symmetry.
    """
    relaxation = entry.relaxation
    codes = {remark.code for remark in remarks}
    notable = any(Level.of(remark) >= Level.CAUTION for remark in remarks)
    remarked = Check(
        Level.CAUTION,
        "structure",
        "structure with warnings",
        "What was remarked about the structure or its relaxation stands below.",
    )
    if relaxation is not None:
        steps = f"{relaxation.n_steps} step{'' if relaxation.n_steps == 1 else 's'}"
        detail = f"After {steps} the largest force left is {relaxation.fmax_eV_per_A:.4f} eV/Å."
        code = "not-converged"
        if not relaxation.converged:
            said = code in codes
            return (Check(Level.BAD, code, "relaxation not converged", detail, said=said),)
        converged = Check(Level.GOOD, code, "relaxation converged", detail)
        return (converged, remarked) if notable else (converged,)
    if entry.settings.get("relax") is False:
        detail = "Harmonic results hold at a minimum of the model only."
        said = "unrelaxed" in codes
        return (Check(Level.CAUTION, "unrelaxed", "not relaxed", detail, said=said),)
    if notable:
        return (remarked,)
    detail = "It is not known here whether the structure was relaxed; no warning came with it."
    return (Check(Level.UNKNOWN, "unrelaxed", "relaxation not recorded", detail),)


def _coverage(entry: "HarmonicResults") -> tuple[Check, ...]:
    """Return whether the heat capacity is that of all motion, if there is a heat capacity."""
    thermal, vibrations = entry.thermodynamics, entry.vibrations
    if thermal is None:
        return ()
    rigid = rigid_body_check(thermal, vibrations.pieces, vibrations.n_rigid_body, entropy=True)
    if entry.phonons is None:
        return (rigid,)
    found = (_interpolation(entry.phonons), *_convergence(entry))
    # In a crystal Γ is one point of many.
    return (*found, rigid) if vibrations.pieces.molecular else found


def rigid_body_check(
    heat: HeatCapacity, pieces: Pieces, n_rigid_body: int, *, entropy: bool
) -> Check:
    """Return what the convention for the rigid-body modes means for a heat capacity at Γ.

    `entropy` says whether entropy and free energy stand beside it.
    """
    if pieces.molecular and heat.acoustic == "exclude":
        return Check(
            Level.CAUTION,
            "vibrations-only",
            "vibrations only",
            "The translation and rotation of a gas are not in these numbers.",
        )
    if pieces.molecular and heat.acoustic == "classical":
        return Check(
            Level.CAUTION,
            "rigid-body-modes-counted",
            "translations and rotations counted",
            "With k_B each, which is twice the heat capacity that they have in a gas"
            f"{'; their entropy and free energy are left out' if entropy else ''}.",
        )
    if heat.acoustic == "as-computed":
        return Check(
            Level.CAUTION,
            "rigid-body-modes-counted",
            "rigid-body modes as computed",
            "The rigid-body modes count with the noise of their wavenumbers.",
        )
    if heat.acoustic == "classical":
        return Check(
            Level.CAUTION if entropy else Level.GOOD,
            "rigid-body-modes-counted",
            "acoustic modes counted",
            "With k_B each: right at high temperature, too much at the lowest ones"
            f"{'; their entropy and free energy are left out' if entropy else ''}.",
        )
    return _left_out(heat, n_rigid_body)


def _interpolation(phonons: PhononMesh) -> Check:
    """Return whether the supercell of the force constants was large enough to interpolate from."""
    effect = phonons.interpolation_effect
    small = abs(effect) <= NOTABLE_INTERPOLATION
    return Check(
        Level.GOOD if small else Level.CAUTION,
        "coarse-interpolation",
        "supercell large enough" if small else "supercell small",
        f"Interpolation between its own q-points changes the heat capacity at 300 K by "
        f"{100 * effect:+.2f} %.",
    )


def _convergence(entry: "HarmonicResults") -> tuple[Check, ...]:
    """Return whether larger supercells changed the heat capacity, if several were tried."""
    curve = entry.convergence
    if curve is None:
        return ()
    if curve.converged:
        detail = f"The last two supercells agree within {100 * curve.tolerance:g} %."
        return (Check(Level.GOOD, "supercell-not-converged", "supercell converged", detail),)
    detail = f"The last two supercells differ by more than {100 * curve.tolerance:g} %."
    if len(curve.steps) < 2:
        detail = "Only one supercell could be computed."
    return (Check(Level.CAUTION, "supercell-not-converged", "supercell not converged", detail),)


def _left_out(heat: HeatCapacity, n_rigid_body: int) -> Check:
    """Return how much the left out modes could matter, which is most where it is coldest."""
    coldest = int(heat.temperatures_K.argmin())
    counted = float(heat.heat_capacity_eV_per_K[coldest]) / units.BOLTZMANN_EV_PER_K
    share = n_rigid_body / (n_rigid_body + counted)
    few = n_rigid_body <= NOTABLE_SHARE * 3 * heat.n_atoms
    small = few and share <= _SMALL_SHARE
    return Check(
        Level.GOOD if small else Level.CAUTION,
        "modes-left-out",
        "nearly all modes counted" if small else "acoustic modes missing",
        f"{n_rigid_body} of {3 * heat.n_atoms} modes are left out; with k_B each they would be "
        f"{100 * share:.1f} % of the heat capacity at {heat.temperatures_K[coldest]:g} K.",
        said=not few,
    )


def _exactness(code: str, clean: str, unclean: str, value_eV_per_A2: float, meaning: str) -> Check:
    detail = f"{meaning} is {value_eV_per_A2:.1e} eV/Å²; exact derivatives have zero."
    if value_eV_per_A2 <= _CLEAN_eV_PER_A2:
        return Check(Level.GOOD, code, clean, detail)
    if value_eV_per_A2 <= _DOUBTFUL_eV_PER_A2:
        return Check(
            Level.CAUTION, code, unclean, f"{detail} Soft modes are uncertain.", said=False
        )
    return Check(Level.BAD, code, unclean, f"{detail} Soft modes mean nothing.", said=False)
