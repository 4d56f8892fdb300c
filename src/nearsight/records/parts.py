"""What records of all questions have: the model, the relaxation, the structure, the verdict."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Literal

from nearsight.records.codec import FieldError
from nearsight.records.described import Matrix, Plain, Says, Vector, Voigt

LevelWord = Literal["good", "unknown", "caution", "bad"]
LEVEL_WORDS: tuple[LevelWord, ...] = ("good", "unknown", "caution", "bad")
"""From the best to the worst."""


@dataclass(frozen=True, kw_only=True)
class ModelPart:
    """The model, by all that decides which numbers it gives."""

    name: Annotated[str, Says("Name under which it was loaded, or that of a file that was read.")]
    checkpoint_sha256: Annotated[str | None, Says("Digest of its weights; null without any.")]
    dtype: Annotated[str, Says("Precision, such as float32 or float64.")]
    device: Annotated[str, Says("Where it ran, such as cpu.")]
    family: Annotated[str, Says("Family of models, such as sevennet.")]
    options: Annotated[Mapping[str, Plain], Says("Options such as charge and spin, by name.")]


@dataclass(frozen=True, kw_only=True)
class ProvenancePart:
    """How the numbers came about, beyond model and versions."""

    computation: Annotated[
        Mapping[str, Plain], Says("Settings of the last computation on the way, by name.")
    ]
    asked: Annotated[
        Mapping[str, Plain] | None,
        Says("All settings of the question, in groups; null where they were not settings."),
    ]


@dataclass(frozen=True, kw_only=True)
class StructurePart:
    """A structure, with what the model says of it where that is known."""

    symbols: Annotated[tuple[str, ...], Says("Elements of the atoms.")]
    positions_A: Annotated[tuple[Vector, ...], Says("Cartesian positions.", "Å")]
    cell_A: Annotated[Matrix, Says("Vectors of the cell, one a row; zeros without one.", "Å")]
    pbc: Annotated[tuple[bool, bool, bool], Says("Along which vectors it is periodic.")]
    masses_amu: Annotated[
        tuple[float, ...] | None, Says("Masses, where they are not the natural ones.", "amu")
    ]
    initial_charges_e: Annotated[
        tuple[float, ...] | None, Says("Initial charges, where there are any.", "e")
    ]
    initial_magnetic_moments: Annotated[
        Plain, Says("Initial magnetic moments, one or three numbers an atom, or null.", "µ_B")
    ]
    info: Annotated[Mapping[str, Plain], Says("What else is said of it, such as charge and spin.")]
    energy_eV: Annotated[float | None, Says("Potential energy of the cell; null if unknown.", "eV")]
    forces_eV_per_A: Annotated[
        tuple[Vector, ...] | None, Says("Forces on the atoms; null if unknown.", "eV/Å")
    ]
    stress_eV_per_A3: Annotated[
        Voigt | None,
        Says("Stress xx, yy, zz, yz, xz, xy, positive if stretched; null if unknown.", "eV/Å³"),
    ]

    def __post_init__(self) -> None:
        from ase.data import atomic_numbers

        for place, symbol in enumerate(self.symbols):
            if symbol not in atomic_numbers:
                raise FieldError(f"is {symbol!r:.20}, which is no element", "symbols", f"[{place}]")
        for name in ("positions_A", "masses_amu", "initial_charges_e", "forces_eV_per_A"):
            values = getattr(self, name)
            if values is not None and len(values) != len(self.symbols):
                raise FieldError(f"is of {len(values)} atoms, not {len(self.symbols)}", name)
        self._require_moments()

    def _require_moments(self) -> None:
        """Check that there are no magnetic moments, or one or three numbers for each atom."""
        moments = self.initial_magnetic_moments
        if moments is None:
            return
        of_atoms = moments if isinstance(moments, list) else []
        numbers = [each for of in of_atoms for each in (of if isinstance(of, list) else [of])]
        whole = len(of_atoms) == len(self.symbols)
        same = {len(of) if isinstance(of, list) else 1 for of in of_atoms} in ({1}, {3}, set())
        if not (whole and same and all(type(each) in {int, float} for each in numbers)):
            said = "is neither one nor three numbers for each atom"
            raise FieldError(said, "initial_magnetic_moments")


@dataclass(frozen=True, kw_only=True)
class FollowedModePart:
    """An imaginary mode along which a saddle point was left."""

    round: Annotated[int, Says("Which one it was, from 1.", "1")]
    wavenumber_per_cm: Annotated[float, Says("Its wavenumber, negative.", "1/cm")]
    n_imaginary: Annotated[
        int | None, Says("Imaginary modes of the saddle point; null if not counted.", "1")
    ]
    energy_gain_eV: Annotated[
        float, Says("How much energy, or enthalpy under a pressure, was gained.", "eV")
    ]


@dataclass(frozen=True, kw_only=True)
class RefinementPart:
    """The larger space group onto which a relaxed structure was moved."""

    tolerance_A: Annotated[float, Says("How far an atom could be from its place.", "Å")]
    space_group_before: Annotated[str, Says("Space group of what had been relaxed.")]
    space_group: Annotated[str, Says("Space group of the result.")]
    max_displacement_A: Annotated[float, Says("Longest way that an atom went.", "Å")]
    max_strain: Annotated[float, Says("Largest principal strain of the cell.", "1")]
    energy_change_eV_per_atom: Annotated[float, Says("What it did to the energy.", "eV/atom")]


@dataclass(frozen=True, kw_only=True)
class NearSymmetryPart:
    """The space group that a relaxed structure nearly has."""

    space_group: Annotated[str, Says("Its symbol.")]
    number: Annotated[int, Says("Its number, 1 to 230.", "1")]
    tolerance_A: Annotated[float, Says("Tolerance by which it is found.", "Å")]
    max_displacement_A: Annotated[float, Says("How far the farthest atom would go.", "Å")]
    rows_needed: Annotated[int, Says("Rows of the Hessian that would be needed.", "1")]
    rows_now: Annotated[int, Says("Rows that are needed as it is.", "1")]


@dataclass(frozen=True, kw_only=True)
class RelaxationPart:
    """What a relaxation did; energies and volumes are those of the cell that was relaxed."""

    converged: Annotated[bool, Says("Whether forces, and stress of a free cell, are small enough.")]
    steps: Annotated[int, Says("Steps in all.", "1")]
    fmax_eV_per_A: Annotated[float, Says("Largest force that is left on an atom.", "eV/Å")]
    max_stress_GPa: Annotated[
        float | None, Says("Largest stress that is left; null for a fixed cell.", "GPa")
    ]
    pressure_GPa: Annotated[
        float | None, Says("Pressure of the relaxed structure; null for a fixed cell.", "GPa")
    ]
    target_pressure_GPa: Annotated[float, Says("Pressure under which it was relaxed.", "GPa")]
    optimizer: Annotated[str, Says("What took the steps.")]
    energy_before_eV: Annotated[float, Says("Energy of the structure as given.", "eV")]
    energy_after_eV: Annotated[float, Says("Energy of the relaxed structure.", "eV")]
    energy_change_eV_per_atom: Annotated[
        float, Says("What the relaxation did to the energy, symmetrising included.", "eV/atom")
    ]
    volume_before_A3: Annotated[
        float | None, Says("Volume as given; null unless periodic in three directions.", "Å³")
    ]
    volume_after_A3: Annotated[
        float | None, Says("Volume when relaxed; null unless periodic in three directions.", "Å³")
    ]
    volume_change: Annotated[
        float | None, Says("Volume when relaxed over that as given, less 1.", "1")
    ]
    followed: Annotated[
        tuple[FollowedModePart, ...], Says("Imaginary modes that were followed, in their order.")
    ]
    imaginary_per_cm: Annotated[
        tuple[float, ...] | None,
        Says("Imaginary modes that are left; null if nobody has looked.", "1/cm"),
    ]
    negative_curvature_eV_per_A2: Annotated[
        float | None,
        Says("Curvature along a step just before the end, where it was negative.", "eV/Å²"),
    ]
    refined: Annotated[
        RefinementPart | None, Says("Larger space group that was imposed after relaxing.")
    ]
    near_symmetry: Annotated[
        NearSymmetryPart | None, Says("Space group that it nearly has; null if none saves rows.")
    ]


@dataclass(frozen=True, kw_only=True)
class SymmetrizationPart:
    """The space group that was imposed on the structure."""

    tolerance_A: Annotated[float, Says("How far an atom could be from its place.", "Å")]
    space_group: Annotated[str, Says("Space group of the relaxed structure.")]
    space_group_before: Annotated[str, Says("Space group of the structure as given.")]
    space_group_imposed: Annotated[str, Says("Space group that was imposed.")]
    max_displacement_A: Annotated[float, Says("Longest way that an atom went for it.", "Å")]
    max_strain: Annotated[float, Says("Largest principal strain of the cell for it.", "1")]
    energy_change_eV_per_atom: Annotated[
        float, Says("What imposing it did to the energy of the structure as given.", "eV/atom")
    ]


@dataclass(frozen=True, kw_only=True)
class CheckPart:
    """One thing that was looked at."""

    level: Annotated[LevelWord, Says("How it went.")]
    code: Annotated[str, Says("What was looked at, for programs.")]
    finding: Annotated[str, Says("What was found, in a few words.")]
    detail: Annotated[str, Says("What it means, in a sentence.")]


@dataclass(frozen=True, kw_only=True)
class VerdictPart:
    """What speaks for and against the numbers."""

    level: Annotated[LevelWord, Says("That of the worst check.")]
    summary: Annotated[str, Says("The verdict in a sentence.")]
    checks: Annotated[tuple[CheckPart, ...], Says("Everything that was looked at.")]

    @property
    def short(self) -> str:
        """The verdict in a word or two, for a table."""
        words = ("sound", "sound, as far as known", "with care", "not reliable")
        return words[LEVEL_WORDS.index(self.level)]


@dataclass(frozen=True, kw_only=True)
class ErrorPart:
    """Why there is no result."""

    type: Annotated[str, Says("Kind of error, such as StructureError.")]
    message: Annotated[str, Says("What was wrong and, unless it is a defect, what to do.")]
