"""What stands in phonopy's YAML, in eV, Å and amu."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, cast

import numpy as np
from ase.data import atomic_masses, atomic_numbers

from nearsight.arrays import FloatArray, IntArray
from nearsight.errors import CheckpointError
from nearsight.fingerprint import file_sha256
from nearsight.hessian.born_charges import BornCharges
from nearsight.hessian.files.phonopy_fields import Fields
from nearsight.hessian.files.phonopy_units import COULOMB_eV_A, PhonopyUnits, units_of
from nearsight.hessian.files.phonopy_yaml import YamlMapping, read_yaml

if TYPE_CHECKING:
    from phonopy.structure.atoms import PhonopyAtoms


_SYMBOL = re.compile(r"([A-Z][a-z]?)\d*")
_LARGEST_TOLERANCE_A = 1.0


@dataclass(frozen=True)
class Displacements:
    """Displaced supercells and, once they are computed, the forces in them."""

    kind: Literal["one atom", "all atoms"]
    """Whether one atom was displaced in each supercell, or all of them."""
    atoms: IntArray
    """The atom that was displaced in each, from 0, shape ``(n,)``; empty for all atoms."""
    displacements_A: FloatArray
    """Shape ``(n, 3)``, or ``(n, n_supercell, 3)`` for all atoms."""
    forces_eV_per_A: FloatArray | None
    """Shape ``(n, n_supercell, 3)``; None if they stand elsewhere."""

    def dataset(self) -> Any:
        """Return displacements with forces as phonopy keeps them."""
        assert self.forces_eV_per_A is not None
        if self.kind == "all atoms":
            return {"displacements": self.displacements_A, "forces": self.forces_eV_per_A}
        rows = zip(self.atoms, self.displacements_A, self.forces_eV_per_A, strict=True)
        return {
            "natom": self.forces_eV_per_A.shape[1],
            "first_atoms": [
                {"number": int(atom), "displacement": displacement, "forces": forces}
                for atom, displacement, forces in rows
            ],
        }


@dataclass(frozen=True)
class PhonopyContent:
    """A crystal and what phonopy has of its force constants."""

    file: Path
    forces_file: Path
    """Where forces or force constants stand: in the same file, or in one of their own."""
    units: PhonopyUnits
    """Those of the file, which what belongs to it shares."""
    unit_cell: "PhonopyAtoms"
    supercell_matrix: IntArray
    """As phonopy has it: the columns are the supercell vectors."""
    supercell: "PhonopyAtoms | None"
    """The supercell as the file lists it; None if it does not."""
    primitive_matrix: FloatArray | None
    """As phonopy has it; None if the file has none."""
    tolerance_A: float | None
    """How far an atom may be from where the space group wants it."""
    force_constants_eV_per_A2: FloatArray | None
    """Shape ``(n, n_supercell, 3, 3)``, n atoms of the primitive cell or of the supercell."""
    displacements: Displacements | None
    born: BornCharges | None
    force_constant_rows: IntArray | None = None
    """Of which atoms of the supercell the rows are, where a file says so."""

    @property
    def n_supercell(self) -> int:
        """Number of atoms in the supercell."""
        return len(self.unit_cell) * round(float(abs(np.linalg.det(self.supercell_matrix))))


def read_content(file: Path) -> PhonopyContent:
    """Read phonopy's YAML, and convert it from the units of its calculator.

    Raises
    ------
    CheckpointError
        It is something else, lacks something, or contradicts itself; the message names the line.
    """
    parsed = read_yaml(file)
    if not isinstance(parsed, YamlMapping):
        raise CheckpointError(
            f"{file} is not a readable YAML file of phonopy: it is "
            f"{'empty' if parsed is None else 'no mapping'}."
        )
    _require_phonopys_own(file, parsed)
    try:
        return _content(Fields(file, parsed))
    except (ValueError, TypeError, LookupError, ArithmeticError, RuntimeError) as error:
        # What is not foreseen here is damage, too: the fields are all that is worked on.
        raise CheckpointError(
            f"{file} is not a readable YAML file of phonopy ({type(error).__name__}: {error})."
        ) from error


def _content(content: Fields) -> PhonopyContent:
    units = units_of(content)
    cell = _cell(content.inner("unit_cell") if "unit_cell" in content else content, units)
    matrix = _supercell_matrix(content)
    n_supercell = len(cell) * round(float(abs(np.linalg.det(matrix))))
    return PhonopyContent(
        file=content.file,
        forces_file=content.file,
        units=units,
        unit_cell=cell,
        supercell_matrix=matrix,
        supercell=_cell(content.inner("supercell"), units) if "supercell" in content else None,
        primitive_matrix=_primitive_matrix(content, units, cell),
        tolerance_A=_tolerance(content, units),
        force_constants_eV_per_A2=_force_constants(content, units, n_supercell),
        displacements=_displacements(content, units, n_supercell),
        born=_born(content, units),
    )


_OTHERS = {
    "phono3py": "parameters of phono3py, whose forces of third order are not read",
    "path": "a band structure that phonopy has computed (band.yaml)",
    "segment_nqpoint": "a band structure that phonopy has computed (band.yaml)",
    "mesh": "frequencies on a mesh that phonopy has computed (mesh.yaml)",
    "thermal_properties": "thermal properties that phonopy has computed",
    "thermal_displacements": "thermal displacements that phonopy has computed",
    "thermal_displacement_matrices": "thermal displacements that phonopy has computed",
    "phonon": "frequencies at q-points that phonopy has computed (qpoints.yaml)",
    "gruneisen": "Grüneisen parameters that phonopy has computed",
    "normal_modes": "irreducible representations that phonopy has computed (irreps.yaml)",
    "point_group": "irreducible representations that phonopy has computed (irreps.yaml)",
}


def _require_phonopys_own(file: Path, parsed: YamlMapping) -> None:
    """Refuse results and other programs' files, saying what they seem to be."""
    if "unit_cell" in parsed and "phono3py" not in parsed:
        return
    for key, what in _OTHERS.items():
        if key in parsed:
            raise CheckpointError(
                f"{file} seems to hold {what}: it has no force constants. Give the phonopy.yaml or "
                f"phonopy_params.yaml with the forces or force constants from which it came."
            )
    if "lattice" in parsed and ("points" in parsed or "atoms" in parsed):
        return
    keys = ", ".join(list(parsed)[:4]) or "nothing"
    raise CheckpointError(
        f"{file} is not a readable YAML file of phonopy: it has no unit_cell, but {keys}."
    )


def _cell(cell: Fields, units: PhonopyUnits) -> "PhonopyAtoms":
    """Read a cell; `PhonopyAtoms` are kept, which tell labelled sites and moments apart."""
    from phonopy.structure.atoms import PhonopyAtoms

    lattice = cell.array("lattice", (3, 3)) * units.length_A
    if abs(np.linalg.det(lattice)) < 1e-3:
        raise cell.wrong("lattice", "has no volume")
    old = "points" not in cell and "atoms" in cell  # of versions before 1.10
    points = cell.rows("atoms" if old else "points")
    symbols = [_symbol(point) for point in points]
    moments = [point for point in points if "magnetic_moment" in point]
    if len(moments) not in {0, len(points)}:
        raise points[0].wrong("magnetic_moment", "stands at some atoms only")
    shape = (3,) if moments and moments[0].is_list("magnetic_moment") else ()
    return PhonopyAtoms(
        symbols=symbols,
        cell=lattice,
        scaled_positions=np.array(
            [point.array("position" if old else "coordinates", (3,)) for point in points]
        ),
        masses=np.array([_mass(point, name) for point, name in zip(points, symbols, strict=True)]),
        magnetic_moments=np.array([moment.array("magnetic_moment", shape) for moment in moments])
        if moments
        else None,
    )


def _symbol(point: Fields) -> str:
    for mixed in ("mixture", "weight"):
        if mixed in point:
            raise point.wrong(mixed, "makes the site a mixture of elements, which is not read")
    name = point.word("extended_symbol") or point.word("symbol")
    matched = _SYMBOL.fullmatch(name or "")
    if name is None or matched is None or not atomic_numbers.get(matched[1]):
        raise point.wrong("symbol", "is missing" if name is None else f"“{name}” is no element")
    return name


def _mass(point: Fields, symbol: str) -> float:
    matched = _SYMBOL.fullmatch(symbol)
    assert matched is not None
    mass = point.number("mass")
    if mass is None:
        return float(atomic_masses[atomic_numbers[matched[1]]])
    if mass <= 0:
        raise point.wrong("mass", f"is {mass:g}; a mass is positive")
    return mass


def _supercell_matrix(content: Fields) -> IntArray:
    if "supercell_matrix" not in content:
        return np.eye(3, dtype=np.int64)
    matrix = content.integers("supercell_matrix", (3, 3))
    if np.linalg.det(matrix) < 0.5:
        raise content.wrong("supercell_matrix", "has no volume, or turns the handedness round")
    return matrix


def _primitive_matrix(
    content: Fields, units: PhonopyUnits, unit_cell: "PhonopyAtoms"
) -> FloatArray | None:
    """Read the matrix, which also follows from the lattice of the primitive cell."""
    if "primitive_matrix" in content:
        return content.array("primitive_matrix", (3, 3))
    if "primitive_cell" not in content:
        return None
    lattice = content.inner("primitive_cell").array("lattice", (3, 3)) * units.length_A
    matrix: FloatArray = np.linalg.inv(unit_cell.cell.T) @ lattice.T
    return matrix


def _tolerance(content: Fields, units: PhonopyUnits) -> float | None:
    header = content.inner("phonopy") if "phonopy" in content else None
    tolerance = header.number("symmetry_tolerance") if header else None
    if header is None or tolerance is None:
        return None
    if not 0 < tolerance * units.length_A <= _LARGEST_TOLERANCE_A:
        raise header.wrong("symmetry_tolerance", f"is {tolerance:g}, which makes no sense")
    return tolerance * units.length_A


def _force_constants(content: Fields, units: PhonopyUnits, n_supercell: int) -> FloatArray | None:
    if "force_constants" not in content:
        return None
    section = content.inner("force_constants")
    rows, columns = section.integers("shape", (2,))
    if columns != n_supercell or not 0 < rows <= columns:
        raise section.wrong(
            "shape", f"is {rows}×{columns}, but the supercell has {n_supercell} atoms"
        )
    elements = section.array("elements", (rows * columns, 3, 3))
    return elements.reshape(rows, columns, 3, 3) * units.force_constants_eV_per_A2


def _displacements(content: Fields, units: PhonopyUnits, n_supercell: int) -> Displacements | None:
    """Read displacements, and forces if there are any."""
    if "dataset" in content:
        section = content.inner("dataset")
        if "displacements" not in section and "forces" not in section:
            return None
        shape = (section.length("displacements"), n_supercell, 3)
        known = "forces" in section
        return Displacements(
            "all atoms",
            np.empty(0, dtype=np.int64),
            section.array("displacements", shape) * units.length_A,
            section.array("forces", shape) * units.force_eV_per_A if known else None,
        )
    if "displacements" not in content:
        return None
    if content.has_lists("displacements"):
        return _older_displacements(content, units, n_supercell)
    rows = content.rows("displacements")
    without = [row for row in rows if "forces" not in row]
    known = len(without) < len(rows)
    if without and known:
        raise without[0].wrong("forces", "is missing, but stands at other displacements")
    return Displacements(
        "one atom",
        np.array([_displaced_atom(row, n_supercell) for row in rows]),
        np.array([_displacement(row) for row in rows]) * units.length_A,
        np.array([row.array("forces", (n_supercell, 3)) for row in rows]) * units.force_eV_per_A
        if known
        else None,
    )


def _displaced_atom(row: Fields, n_supercell: int) -> int:
    atom = int(row.integers("atom", ()))
    if not 1 <= atom <= n_supercell:
        raise row.wrong("atom", f"is {atom}, but the supercell has {n_supercell} atoms")
    return atom - 1


def _displacement(row: Fields) -> FloatArray:
    displacement = row.array("displacement", (3,))
    if not displacement.any():
        raise row.wrong("displacement", "is zero")
    return displacement


def _older_displacements(
    content: Fields, units: PhonopyUnits, n_supercell: int
) -> Displacements | None:
    """Read the displacements of all atoms as versions before 2.24 wrote them."""
    supercells = content.lists_of_rows("displacements")
    if any(len(rows) != n_supercell for rows in supercells):
        raise content.wrong("displacements", f"has no {n_supercell} atoms in every supercell")
    known = any("force" in row for rows in supercells for row in rows)

    def of(name: str) -> FloatArray:
        return np.array([[row.array(name, (3,)) for row in rows] for rows in supercells])

    return Displacements(
        "all atoms",
        np.empty(0, dtype=np.int64),
        of("displacement") * units.length_A,
        of("force") * units.force_eV_per_A if known else None,
    )


def _born(content: Fields, units: PhonopyUnits) -> BornCharges | None:
    """Read Born charges, which versions before 2.18 wrote outside of a section of their own."""
    header = content.inner("phonopy") if "phonopy" in content else None
    section = content.inner("nac") if "nac" in content else content
    names = [name for name in ("born_effective_charge", "dielectric_constant") if name in section]
    if len(names) < 2:
        if names:
            raise section.wrong(names[0], "comes without the other half of a non-analytical term")
        return None
    factor = section.number("unit_conversion_factor")
    if factor is None and header is not None:
        factor = header.number("nac_unit_conversion_factor")
    coulomb = COULOMB_eV_A if factor is None else units.coulomb_eV_A(factor)
    if coulomb is None:
        raise section.wrong(
            "unit_conversion_factor",
            f"is {factor:g}, but e²/(4πε₀) is {units.coulomb:.6g} in the units of the file "
            f"({units.length}, {units.force_constants}; {units.source}): correct it",
        )
    n_charges = section.length("born_effective_charge")
    dielectric = section.array("dielectric_constant", (3, 3))
    if np.linalg.det(dielectric) <= 0:
        raise section.wrong("dielectric_constant", "is a tensor that is not positive")
    method = (section.word("method") or "gonze").lower() if "nac" in content else "gonze"
    if method not in {"gonze", "wang"}:
        raise section.wrong("method", f"is “{method}”; known are Gonze and Wang")
    return BornCharges(
        section.array("born_effective_charge", (n_charges, 3, 3)),
        dielectric,
        coulomb,
        cast(Literal["gonze", "wang"], method),
        content.file.name,
        file_sha256(content.file),
    )
