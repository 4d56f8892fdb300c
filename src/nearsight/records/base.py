"""What a record is: one question about one structure, answered, with all that the answer needs."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Self

from nearsight.errors import CheckpointError
from nearsight.notebooks import ShownInNotebooks
from nearsight.records.codec import FieldError, decoder, encoder
from nearsight.records.described import Plain, Says
from nearsight.records.json_schema import DIALECT, object_schema
from nearsight.records.parts import (
    ModelPart,
    ProvenancePart,
    RelaxationPart,
    StructurePart,
    SymmetrizationPart,
    VerdictPart,
)
from nearsight.remarks import Remark

if TYPE_CHECKING:
    from ase import Atoms

SCHEMA = 1
"""The number of the schema of all records: one that is read has the same."""


@dataclass(frozen=True, kw_only=True, repr=False)
class Record(ShownInNotebooks):
    """One question about one structure, answered.

    A record that has just been made has the results of the run in `results`; one that was read has
    None there.
    """

    question: ClassVar[str]
    """What was asked, such as ``heat-capacity``."""

    structure: Annotated[str, Says("Name of the structure, such as the path of its file.")]

    def to_json(self) -> dict[str, Any]:
        """Return the record as JSON values.

        Raises
        ------
        ValueError
            A number is NaN or infinite.
        """
        try:
            values = encoder(type(self))(self)
        except FieldError as error:
            raise ValueError(f"`{error.where}` of the record {error.said}.") from None
        return {**self._fixed(), **values}

    @classmethod
    def from_json(cls, values: Any) -> Self:
        """Rebuild a record from what `to_json` returned.

        Raises
        ------
        CheckpointError
            It is of another schema or question, or a field is missing, unknown, or of another
            type.
        """
        try:
            return cls.rebuilt(values)
        except FieldError as error:
            raise CheckpointError(f"{error}.") from None

    @classmethod
    def rebuilt(cls, values: Any) -> Self:
        """Do what `from_json` does, for those who can say where the values are from.

        Raises
        ------
        FieldError
            As `from_json`, with the field.
        """
        fixed = cls._fixed()
        require_schema(values)
        if values.get("question") != cls.question:
            raise FieldError(f"is {values.get('question')!r:.40}, not {cls.question}", "question")
        rest = {name: value for name, value in values.items() if name not in fixed}
        found: Self = decoder(cls)(rest)
        return found

    @classmethod
    def json_schema(cls) -> dict[str, Any]:
        """Return the JSON Schema (draft 2020-12) of such records."""
        definitions: dict[str, Any] = {}
        schema = object_schema(cls, definitions, cls._fixed())
        return {
            "$schema": DIALECT,
            "title": f"Nearsight record of the question {cls.question}",
            **schema,
            "$defs": dict(sorted(definitions.items())),
        }

    @classmethod
    def _fixed(cls) -> dict[str, Any]:
        return {"schema": SCHEMA, "question": cls.question}

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {self.structure}: {'; '.join(self._said())}>"

    def _said(self) -> list[str]:
        """Return what `repr` says of it, in a few words each."""
        return [self.question]


def require_schema(values: Any) -> None:
    """Check that JSON values are those of a record of this schema.

    Raises
    ------
    FieldError
        They are not.
    """
    if not isinstance(values, dict):
        raise FieldError("is no record, which is an object")
    if "schema" not in values:
        raise FieldError("is missing: this is no record", "schema")
    schema = values["schema"]
    if schema != SCHEMA or type(schema) is not int:
        raise FieldError(
            f"is {schema!r:.40}, and this version of Nearsight reads records of schema {SCHEMA}: "
            f"read it with the version that wrote it, or compute it again",
            "schema",
        )


@dataclass(frozen=True, kw_only=True, repr=False)
class CalculatedRecord(Record):
    """A record of what a model said of a structure."""

    formula: Annotated[str, Says("Chemical formula of the cell in Hill order.")]
    n_atoms: Annotated[int, Says("Atoms of the cell, or molecule.", "1")]
    model: Annotated[ModelPart, Says("The model.")]
    versions: Annotated[
        Mapping[str, str], Says("Versions of all packages that can change the numbers.")
    ]
    settings: Annotated[Mapping[str, Plain], Says("What was asked for, by name.")]
    energy_eV: Annotated[float | None, Says("Potential energy of the cell; null if unknown.", "eV")]
    volume_A3: Annotated[
        float | None, Says("Volume of the cell; null unless periodic in three directions.", "Å³")
    ]
    seconds: Annotated[float | None, Says("Wall time of all; null if nobody measured.", "s")]
    peak_memory_bytes: Annotated[
        int | None, Says("Largest memory on top of what was in use; null if unknown.", "B")
    ]
    relaxed_structure: Annotated[
        StructurePart,
        Says("The cell that the numbers are of: relaxed, or as given where nothing was relaxed."),
    ]
    provenance: Annotated[ProvenancePart, Says("How the numbers came about.")]
    warnings: Annotated[tuple[Remark, ...], Says("What must be known before the numbers are used.")]

    def __post_init__(self) -> None:
        n_atoms = len(self.relaxed_structure.symbols)
        if self.n_atoms != n_atoms:
            raise FieldError(f"is {self.n_atoms}, but the structure has {n_atoms}", "n_atoms")

    @property
    def atoms(self) -> "Atoms":
        """The cell that the numbers are of.

        Where energy, forces or stress are known, a `SinglePointCalculator` has them.
        """
        from nearsight.records.structure import atoms_of

        return atoms_of(self.relaxed_structure)

    def _said(self) -> list[str]:
        atoms = f"{self.n_atoms} atom{'' if self.n_atoms == 1 else 's'}"
        return [f"{self.question} of {self.formula} ({atoms}) with {self.model.name}"]


@dataclass(frozen=True, kw_only=True, repr=False)
class RestingRecord(CalculatedRecord):
    """A record of a structure that is, or should be, at rest."""

    relaxation: Annotated[
        RelaxationPart | None, Says("What relaxing did; null if nothing was relaxed.")
    ]
    symmetrization: Annotated[
        SymmetrizationPart | None, Says("The space group that was imposed; null without.")
    ]
    verdict: Annotated[VerdictPart, Says("What speaks for and against the numbers.")]

    def _said(self) -> list[str]:
        told = super()._said()
        if self.relaxation is not None:
            steps = f"{self.relaxation.steps} step{'' if self.relaxation.steps == 1 else 's'}"
            how = "relaxed" if self.relaxation.converged else "NOT CONVERGED"
            told.append(f"{how} in {steps} to {self.relaxation.fmax_eV_per_A:.3g} eV/Å")
        return [*told, *self._answer(), f"{self.verdict.short}{self._warned()}"]

    def _answer(self) -> list[str]:
        """Return what the answer is, in a few words each."""
        return []

    def _warned(self) -> str:
        n = len(self.warnings)
        return f" ({n} warning{'' if n == 1 else 's'})" if n else ""


@dataclass(frozen=True, kw_only=True, repr=False)
class DerivativesRecord(RestingRecord):
    """A record of what follows from second derivatives."""

    formula_unit: Annotated[str, Says("What quantities per mole of formula units are a mole of.")]
    formula_units_per_cell: Annotated[int, Says("How many of it the cell holds.", "1")]
    supercell: Annotated[
        Plain, Says("Three repeats, or the vectors (rows) of a matrix; null where none was taken.")
    ]
