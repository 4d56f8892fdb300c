"""Where the numbers of a section come from, as labelled lines with units."""

from dataclasses import dataclass
from typing import Any

from ase import Atoms
from markupsafe import Markup

from nearsight import units
from nearsight.provenance import ModelIdentity, Provenance
from nearsight.records.locality_results import LocalityResults
from nearsight.records.results import HarmonicResults, ProbedResults
from nearsight.relaxation.result import Relaxation
from nearsight.reports import wording
from nearsight.structures.supercell import name_supercell
from nearsight.vibrations.heat_capacity import HeatCapacity

_Lines = list[tuple[str, str | Markup]]

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
}


@dataclass(frozen=True)
class Group:
    """Lines that belong together."""

    title: str
    lines: _Lines


def provenance_rows(entry: HarmonicResults) -> list[Group]:
    """Return everything that a reader needs to judge the numbers, or to compute them again."""
    derivatives = Group("Force constants" if entry.force_constants else "Hessian", _hessian(entry))
    settings: _Lines = []
    if entry.phonons is not None:
        settings.append(("mesh of q-points", _value(list(entry.phonons.mesh))))
    if entry.thermodynamics is not None:
        settings += _conventions(entry.thermodynamics)
    return _groups(entry, entry.hessian.provenance, derivatives, settings)


def probed_provenance_rows(entry: ProbedResults) -> list[Group]:
    """Return the same for a heat capacity from products with the Hessian."""
    products = Group("Products", _products(entry))
    return _groups(entry, entry.heat.provenance, products, _conventions(entry.heat))


def locality_provenance_rows(entry: LocalityResults) -> list[Group]:
    """Return the same for the locality of a structure."""
    provenance = entry.locality.provenance
    first = entry.locality.sites[0].computation
    rows: _Lines = [("method", first.method), ("reason", first.reason)]
    if first.step_A is not None:
        rows.append(("displacement", f"{first.step_A:g} Å"))
    settings: _Lines = [
        ("threshold", f"{entry.locality.threshold_eV_per_A2:g} eV/Å²"),
        ("reference radius", f"{entry.locality.reference_radius_A:g} Å"),
    ]
    return [
        Group("Structure", _structure(entry.name, entry.atoms)),
        Group("Model", _model(provenance.model)),
        Group("Rows of the sites", rows),
        Group("Settings", settings),
        Group("Versions", list(provenance.versions.items())),
    ]


def _groups(
    entry: HarmonicResults | ProbedResults,
    provenance: Provenance,
    derivatives: Group,
    settings: _Lines,
) -> list[Group]:
    made = [
        Group("Structure", _structure(entry.name, entry.atoms)),
        Group("Model", _model(provenance.model)),
        Group("Relaxation", _relaxation(entry)),
        derivatives,
        Group("Settings", [*_settings(entry), *settings]),
        Group("Versions", list(provenance.versions.items())),
    ]
    return [group for group in made if group.lines]


def _structure(name: str, atoms: Atoms) -> _Lines:
    mass = float(atoms.get_masses().sum())
    lines: _Lines = [
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


def _model(identity: ModelIdentity) -> _Lines:
    digest = identity.checkpoint_sha256
    lines: _Lines = [
        ("name", identity.name),
        ("family", identity.family),
        (
            "checkpoint",
            "none"
            if digest is None
            else Markup('SHA-256 <code class="digest">{}</code>').format(digest),
        ),
        ("precision", identity.dtype),
        ("device", identity.device),
    ]
    return lines + [(str(name), _value(value)) for name, value in identity.options.items()]


def _relaxation(entry: HarmonicResults | ProbedResults) -> _Lines:
    relaxation = entry.relaxation
    if relaxation is None:
        known = entry.settings.get("relax") is False
        return [("state", "not relaxed, as asked for" if known else "not recorded here")]
    lines: _Lines = [
        ("state", "converged" if relaxation.converged else "NOT CONVERGED"),
        ("steps", str(relaxation.n_steps)),
        ("largest force", f"{relaxation.fmax_eV_per_A:.4f} eV/Å"),
    ]
    if relaxation.max_stress_GPa is not None:
        lines.append(("largest stress", f"{relaxation.max_stress_GPa:.4f} GPa"))
    change = 1000 * relaxation.energy_change_eV_per_atom
    lines.append(("energy change", f"{wording.signed(change, 2)} meV/atom"))
    if relaxation.volume_change is not None:
        lines.append(("volume change", f"{wording.signed(100 * relaxation.volume_change, 2)} %"))
    return [*lines, *_symmetry(relaxation)]


def _symmetry(relaxation: Relaxation) -> _Lines:
    symmetry = relaxation.symmetry
    if symmetry is None:
        return [("symmetry", "none imposed")]
    return [
        ("space group", f"{symmetry.symbol_before} → {symmetry.symbol_after}"),
        ("imposed within", f"{symmetry.tolerance_A:g} Å"),
        ("largest displacement", f"{symmetry.max_displacement_A:.1e} Å"),
    ]


def _hessian(entry: HarmonicResults) -> _Lines:
    hessian = entry.hessian
    lines: _Lines = [("method", hessian.method), ("reason", hessian.reason)]
    if hessian.step_A is not None:
        lines.append(("displacement", f"{hessian.step_A:g} Å"))
    return [
        *lines,
        ("rows needed", f"{hessian.rows_needed} of {_rows_total(entry)}"),
        ("rows computed", str(hessian.rows_computed)),
        ("rows by the sum rule", str(hessian.rows_by_sum_rule)),
        ("symmetry", hessian.symmetry),
        ("time", wording.seconds(hessian.seconds)),
        ("peak memory", wording.mebibytes(hessian.peak_memory_bytes)),
        ("asymmetry", _with_unit(hessian.asymmetry_eV_per_A2)),
        ("sum rule", _with_unit(hessian.sum_rule_eV_per_A2)),
        *_born(entry),
    ]


def _born(entry: HarmonicResults) -> _Lines:
    born = entry.force_constants.born if entry.force_constants else None
    if born is None:
        return []
    digest = Markup('SHA-256 <code class="digest">{}</code>').format(born.sha256)
    return [("Born charges", born.source), ("of the file", digest)]


def _rows_total(entry: HarmonicResults) -> int:
    constants = entry.force_constants
    return entry.hessian.rows_total if constants is None else 3 * len(constants.supercell)


def _with_unit(value_eV_per_A2: float) -> Markup:
    return Markup("{} eV/Å²").format(wording.scientific(value_eV_per_A2, 1))


def _products(entry: ProbedResults) -> _Lines:
    heat, method = entry.heat, entry.heat.method
    lines: _Lines = [("method", method.name), ("reason", method.reason)]
    if entry.spectrum_reason is not None:
        lines.append(("probed because", entry.spectrum_reason))
    if method.step_A is not None:
        lines.append(("displacement", f"{method.step_A:g} Å"))
    return [
        *lines,
        ("products", str(heat.n_products)),
        ("probing radius", f"{heat.radius_A:g} Å"),
        ("colours", f"{heat.n_colours}, by 3 vectors each"),
        ("Lanczos steps", f"{heat.n_steps} from each vector"),
        ("seed", str(heat.seed)),
        ("lowest seen", _wavenumber(heat.lowest_wavenumber_per_cm)),
        ("highest seen", _wavenumber(heat.highest_wavenumber_per_cm)),
        ("time", wording.seconds(heat.seconds)),
        ("predicted memory", wording.mebibytes(method.predicted_memory_bytes)),
        ("peak memory", wording.mebibytes(heat.peak_memory_bytes)),
    ]


def _wavenumber(value_per_cm: float) -> str:
    return f"{value_per_cm:.1f} cm⁻¹".replace("-", "−")


def _settings(entry: HarmonicResults | ProbedResults) -> _Lines:
    settings = entry.settings
    ordered = [*(name for name in _SETTING_NAMES if name in settings)]
    ordered += [name for name in settings if name not in _SETTING_NAMES]
    return [(_SETTING_NAMES.get(name, name), _value(settings[name])) for name in ordered]


def _conventions(heat: HeatCapacity) -> _Lines:
    return [("acoustic modes", heat.acoustic), ("scale factor", f"{heat.scale_factor:g}")]


def _value(value: Any) -> str:
    if value is None:
        return "no"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list) and value and isinstance(value[0], list):
        return name_supercell(value)
    if isinstance(value, list | tuple):
        return " × ".join(map(str, value))
    return str(value)
