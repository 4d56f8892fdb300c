"""Where the numbers of a section come from, as labelled lines with units."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ase import Atoms
from markupsafe import Markup

from nearsight import units
from nearsight.records.base import CalculatedRecord, RestingRecord
from nearsight.records.derivatives import BornChargesPart, ForceConstantsPart, HessianPart
from nearsight.records.parts import ModelPart, SymmetrizationPart
from nearsight.reports import wording
from nearsight.structures.supercell import name_supercell

Lines = list[tuple[str, str | Markup]]

# In the order in which they are shown; others follow under their own names.
_SETTING_NAMES = {
    "molecule": "a molecule without its box",
    "supercell": "supercell",
    "relax": "relaxed first",
    "fmax_eV_per_A": "force threshold / eV/Å",
    "max_steps": "step limit",
    "optimizer": "optimizer",
    "fixed_cell": "cell fixed",
    "symmetrize_A": "symmetrized within / Å",
    "force_constants": "force constants from",
    "force_constants_sha256": "SHA-256 of that file",
    "ensemble": "ensemble",
    "time_ps": "time / ps",
    "timestep_fs": "timestep / fs",
    "temperature_K": "temperature / K",
    "final_temperature_K": "temperature at the end / K",
    "external_pressure_bar": "external pressure / bar",
    "thermostat": "thermostat",
    "thermostat_time_fs": "time of the thermostat / fs",
    "barostat_time_fs": "time of the barostat / fs",
    "cell_change": "what the barostat changes",
    "seed": "seed",
}


@dataclass(frozen=True)
class Group:
    """Lines that belong together."""

    title: str
    lines: Lines


def provenance_groups(
    record: CalculatedRecord, derivatives: Sequence[Group], conventions: Lines
) -> list[Group]:
    """Return everything that a reader needs to judge the numbers, or to compute them again.

    Parameters
    ----------
    record
        The record.
    derivatives
        Where its second derivatives come from.
    conventions
        What its numbers depend on beside settings.
    """
    groups = [
        Group("Structure", _structure(record.structure, record.atoms)),
        Group("Model", model_lines(record.model)),
    ]
    if isinstance(record, RestingRecord):
        groups.append(Group("Relaxation", _relaxation(record)))
    groups += [
        *derivatives,
        Group("Settings", [*settings_lines(record.settings), *conventions]),
        Group("Versions", list(record.versions.items())),
    ]
    return [group for group in groups if group.lines]


def _structure(name: str, atoms: Atoms) -> Lines:
    mass = float(atoms.get_masses().sum())
    lines: Lines = [
        ("file", name),
        ("formula", wording.formula(str(atoms.get_chemical_formula()))),
        ("atoms", str(len(atoms))),
        ("mass", f"{mass:.3f} amu"),
    ]
    if atoms.pbc.any():
        lengths = atoms.cell.cellpar()
        directions = "".join(axis for axis, is_on in zip("abc", atoms.pbc, strict=True) if is_on)
        lines.append(("periodic along", ", ".join(directions)))
        lines.append(("a, b, c", ", ".join(f"{value:.4f}" for value in lengths[:3]) + " Å"))
        lines.append(("α, β, γ", ", ".join(f"{value:.2f}" for value in lengths[3:]) + "°"))
    if atoms.pbc.all():
        volume = float(atoms.get_volume())
        density = mass * units.AMU_IN_GRAM / (volume * 1e-24)
        lines.append(("volume", f"{volume:.3f} Å³"))
        lines.append(("density", f"{density:.4f} g/cm³"))
    return lines


def digest_text(sha256: str | None) -> str | Markup:
    """Return a digest as it is shown, which may break anywhere."""
    if sha256 is None:
        return "none"
    return Markup('SHA-256 <code class="digest">{}</code>').format(sha256)


def model_lines(model: ModelPart) -> Lines:
    """Return what identifies a model."""
    digest = model.checkpoint_sha256
    lines: Lines = [
        ("name", model.name),
        ("family", model.family),
        ("checkpoint", digest_text(digest)),
        ("precision", model.dtype),
        ("device", model.device),
    ]
    return lines + [(str(name), setting_text(value)) for name, value in model.options.items()]


def _relaxation(record: RestingRecord) -> Lines:
    relaxation = record.relaxation
    if relaxation is None:
        known = record.settings.get("relax") is False
        return [("state", "not relaxed, as asked for" if known else "not recorded here")]
    lines: Lines = [
        ("state", "converged" if relaxation.converged else "NOT CONVERGED"),
        ("steps", str(relaxation.steps)),
        ("largest force", f"{relaxation.fmax_eV_per_A:.4f} eV/Å"),
    ]
    if relaxation.max_stress_GPa is not None:
        lines.append(("largest stress", f"{relaxation.max_stress_GPa:.4f} GPa"))
    change = 1000 * relaxation.energy_change_eV_per_atom
    lines.append(("energy change", f"{wording.signed(change, 2)} meV/atom"))
    if relaxation.volume_change is not None:
        lines.append(("volume change", f"{wording.signed(100 * relaxation.volume_change, 2)} %"))
    return [*lines, *_symmetry(record.symmetrization)]


def _symmetry(symmetry: SymmetrizationPart | None) -> Lines:
    if symmetry is None:
        return [("symmetry", "none imposed")]
    return [
        ("space group", f"{symmetry.space_group_before} → {symmetry.space_group}"),
        ("imposed within", f"{symmetry.tolerance_A:g} Å"),
        ("largest displacement", f"{symmetry.max_displacement_A:.1e} Å"),
    ]


def hessian_groups(record: CalculatedRecord) -> list[Group]:
    """Return where the Hessian or the force constants of a record come from, if it has any."""
    hessian: HessianPart | None = getattr(record, "hessian", None)
    if hessian is None:
        return []
    constants: ForceConstantsPart | None = getattr(record, "force_constants", None)
    return [Group("Force constants" if constants else "Hessian", _hessian(hessian, constants))]


def _hessian(hessian: HessianPart, constants: ForceConstantsPart | None) -> Lines:
    lines: Lines = [("method", hessian.method), ("reason", hessian.reason)]
    if hessian.step_A is not None:
        lines.append(("displacement", f"{hessian.step_A:g} Å"))
    rows_total = (constants or hessian).rows_total
    return [
        *lines,
        ("rows needed", f"{hessian.rows_needed} of {rows_total}"),
        ("rows computed", str(hessian.rows_computed)),
        ("rows by the sum rule", str(hessian.rows_by_sum_rule)),
        ("symmetry", hessian.symmetry),
        ("time", wording.seconds(hessian.seconds)),
        ("peak memory", wording.mebibytes(hessian.peak_memory_bytes)),
        ("asymmetry", _with_unit(hessian.asymmetry_eV_per_A2)),
        ("sum rule", _with_unit(hessian.sum_rule_eV_per_A2)),
        *_born(constants.born_charges if constants else None),
    ]


def _born(born: BornChargesPart | None) -> Lines:
    if born is None:
        return []
    instead = f", in place of those in {born.in_place_of}" if born.in_place_of else ""
    digest = Markup('SHA-256 <code class="digest">{}</code>').format(born.sha256)
    return [("Born charges", f"{born.file}{instead}"), ("of the file", digest)]


def _with_unit(value_eV_per_A2: float) -> Markup:
    return Markup("{} eV/Å²").format(wording.scientific(value_eV_per_A2, 1))


def settings_lines(settings: Mapping[str, Any]) -> Lines:
    """Return settings by their names, the usual ones first."""
    ordered = [*(name for name in _SETTING_NAMES if name in settings)]
    ordered += [name for name in settings if name not in _SETTING_NAMES]
    return [(_SETTING_NAMES.get(name, name), setting_text(settings[name])) for name in ordered]


def setting_text(value: Any) -> str:
    """Return the value of a setting in words."""
    if value is None:
        return "no"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list) and value and isinstance(value[0], list):
        return name_supercell(value)
    if isinstance(value, list | tuple):
        repeats = all(type(each) is int for each in value)
        return (" × " if repeats else ", ").join(map(str, value))
    return str(value)
