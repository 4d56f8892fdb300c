"""Force fields by name: built-in ones, files of parameters, and several together.

``forcefield:trappe+uff`` has gases of TraPPE in frameworks with parameters of UFF. Between the plus
signs are names of built-in force fields, files in TOML (`toml_file`), ``force_field.json`` of
RASPA3, and folders with ``.def`` files of RASPA2. ``?cutoff_A=14&truncation=shifted&tail=yes`` and
the like, behind them, decide over what the files say of it.

What the energy is
------------------
It is the sum over pairs of sites that are not of one molecule, each with all images, and of nothing
else: there are no bonds. `nearsight.structures.molecules` says how a structure tells its molecules
and types. A rigid molecule has no energy with itself, nor has a rigid framework (-1), not even with
its own images: alone both have the energy 0, but for a molecule's images in a crystal. A framework
without the array is made of single atoms, whose energy with each other, bonded or not, is large and
constant; differences are the same. Energies, forces and stresses are so those of the interactions
*between* bodies. Nothing holds the sites of a molecule together: what moves atoms one by one, as
relaxation and dynamics do, is for single atoms only, and tears molecules of several sites apart.

``?feynman_hibbs_K=77`` makes Lennard-Jones interactions effective ones of quantum nuclei at that
temperature (`quantum`), for hydrogen and helium in the cold.

``?charges=eeq`` gives a rigid framework the charges of a charge equilibration, EEQ by dftd4
(`equilibration`, which says how far they are from those of DFT; ``pip install
'nearsight[charges]'``), instead of those of its types or of the structure; guests keep theirs.
``?charges=structure`` has the initial charges of the structure (``_atom_site_charge`` of a CIF)
come before those of types, ``?charges=types``, the default, after them. Charges of EEQ go with the
geometry, and forces and stresses are those at fixed charges: exact for guests, and for the
framework as one body.

Pairs are summed with all images within the cutoff, so that a cell may be narrower than twice of it.
Charges are summed by Ewald's method (`ewald`) in crystals, and each with each in what is not
periodic.
"""

import hashlib
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from nearsight.errors import ModelError
from nearsight.fingerprint import file_sha256
from nearsight.models.facts import Facts
from nearsight.models.families.forcefield.built_in import built_in, built_in_file
from nearsight.models.families.forcefield.equilibration import CITATION, charge_library
from nearsight.models.families.forcefield.model import ForceFieldModel
from nearsight.models.families.forcefield.parameters import Treatment, merged
from nearsight.models.families.forcefield.raspa_def import MIXING_RULES, read_raspa_def
from nearsight.models.families.forcefield.raspa_json import read_raspa_json
from nearsight.models.families.forcefield.reading import ReadFile
from nearsight.models.families.forcefield.toml_file import read_toml
from nearsight.models.loading import LoadRequest
from nearsight.provenance import ModelIdentity

_TRUTH = {"yes": True, "no": False, "true": True, "false": False}


def load(request: LoadRequest) -> ForceFieldModel:
    """Load the force field that the request names.

    Raises
    ------
    ModelError
        There is no such file or built-in force field, a file is not understood, two contradict each
        other, an option means nothing, or the library that computes charges is not installed.
    """
    paths = [_path(part) for part in _parts(request.target)]
    files = [_read(path) for path in paths]
    options = _of_options(request)
    stated = _stated(files, [path.name for path in paths], options) | options
    force_field = merged([file.force_field for file in files])
    force_field = replace(force_field, treatment=Treatment(**stated))
    library, sources = {}, force_field.sources
    if force_field.treatment.coulomb and force_field.treatment.charges == "eeq":
        library, sources = {"charges_by": charge_library()}, (*sources, CITATION)
    identity = ModelIdentity(
        name=request.name,
        family="forcefield",
        checkpoint_sha256=_digest(paths),
        dtype="float64",
        device="cpu",
        options={
            key: value for key, value in asdict(force_field.treatment).items() if value is not None
        }
        | library,
    )
    facts = Facts(
        level_of_theory="force field",
        citation="; ".join(sources) or None,
        energy_scale="interactions between bodies: zero for each alone",
    )
    return ForceFieldModel(force_field, identity, facts)


def _parts(target: str) -> list[str]:
    return [target] if Path(target).exists() else target.split("+")


def _path(part: str) -> Path:
    path = Path(part)
    if path.exists():
        return path
    named = built_in_file(part)
    if named is not None:
        return named
    raise ModelError(
        f"there is no force field {part!r}: it is neither a file or folder nor one of "
        f"{', '.join(built_in())}."
    )


def _read(path: Path) -> ReadFile:
    if path.is_dir() and (path / MIXING_RULES).is_file():
        return read_raspa_def(path)
    if path.name == MIXING_RULES:
        return read_raspa_def(path.parent)
    if path.suffix == ".json":
        return read_raspa_json(path)
    if path.suffix == ".toml":
        return read_toml(path)
    raise ModelError(
        f"{path} is no force field: possible are a file in TOML, force_field.json of RASPA3, and a "
        f"folder with {MIXING_RULES} of RASPA2."
    )


def _stated(files: list[ReadFile], names: list[str], options: dict[str, Any]) -> dict[str, Any]:
    """Return what the files say of the treatment; they must agree where no option decides."""
    stated: dict[str, Any] = {}
    said_by: dict[str, str] = {}
    for file, name in zip(files, names, strict=True):
        for key, value in file.stated.items():
            if key not in options and stated.get(key, value) != value:
                raise ModelError(
                    f"{said_by[key]} says {key} is {stated[key]}, and {name} {value}; choose one "
                    f"behind the name, as in ?{key}={value}."
                )
            stated[key], said_by[key] = value, name
    return stated


def _of_options(request: LoadRequest) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, written in request.options.items():
        if key in {"tail", "coulomb"}:
            if written.lower() not in _TRUTH:
                raise ModelError(f"{key}={written} of {request.name} is not yes or no.")
            found[key] = _TRUTH[written.lower()]
        elif key in {"cutoff_A", "accuracy", "feynman_hibbs_K"}:
            found[key] = _number(key, written, request.name)
        else:
            found[key] = written
    return found


def _number(key: str, written: str, name: str) -> float:
    try:
        return float(written)
    except ValueError as error:
        raise ModelError(f"{key}={written} of {name} is no number.") from error


def _digest(paths: list[Path]) -> str:
    """Return one digest of all files, of a folder's ``.def`` or ``.json`` too."""
    digest = hashlib.sha256()
    for path in paths:
        if path.is_dir() or path.name == MIXING_RULES:
            folder = path if path.is_dir() else path.parent
            files = sorted(folder.glob("*.def"))
        elif path.suffix == ".json":
            files = sorted(path.parent.glob("*.json"))
        else:
            files = [path]
        for file in files:
            digest.update(file_sha256(file).encode())
    return digest.hexdigest()
