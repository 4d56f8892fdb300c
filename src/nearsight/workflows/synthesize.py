"""From a structure and a model to a set of data that potentials can learn."""

import os
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from ase import Atoms

from nearsight.announcing import announces
from nearsight.dynamics.run import deciding, run_dynamics
from nearsight.dynamics.settings import DynamicsSettings, OutputSettings
from nearsight.errors import NearsightError, SettingError
from nearsight.hdnnp.files.data import XYZ_SUFFIXES
from nearsight.hdnnp.files.extended_xyz import write_extended_xyz
from nearsight.hdnnp.frames import Frame
from nearsight.models.batches import in_batches
from nearsight.models.contract import forces_of
from nearsight.models.options_in_names import join_options
from nearsight.models.versions import versions_behind
from nearsight.progress import Progress, as_progress
from nearsight.provenance import ModelIdentity, Provenance
from nearsight.remarks import Remark, remarks_to_json
from nearsight.resources import Resources
from nearsight.storage import require_writable
from nearsight.structures.distortions import distorted
from nearsight.structures.naming import paragraph
from nearsight.structures.supercell import make_supercell
from nearsight.workflows.context import AnyModel, Context, begin
from nearsight.workflows.given import require_settings
from nearsight.workflows.source import Source, Structure
from nearsight.workflows.synthesize_settings import SynthesizeSettings
from nearsight.workflows.unfinished import Unfinished

_DEFAULT = SynthesizeSettings()


@dataclass(frozen=True, repr=False)
class SynthesizedData:
    """What was written."""

    structure: str
    """What all structures are made from."""
    file: str
    formula: str
    """Of each structure."""
    n_structures: int
    n_atoms: int
    """Of each structure."""
    energy_spread_eV_per_atom: float
    """Standard deviation of energies."""
    force_eV_per_A: float
    """Root mean square of force components."""
    fmax_eV_per_A: float
    """Largest force on an atom."""
    provenance: Provenance
    warnings: tuple[Remark, ...] = ()

    def __repr__(self) -> str:
        return paragraph(
            self,
            f"{self.structure} by {self.provenance.model.name}",
            f"{self.n_structures} times {self.formula}",
            f"forces of {self.force_eV_per_A:.3g} eV/Å",
            self.file,
        )

    def to_json(self) -> dict[str, Any]:
        """Return all of it as JSON-compatible values."""
        return {
            **asdict(self),
            "provenance": self.provenance.to_json(),
            "warnings": remarks_to_json(self.warnings),
        }


@announces
def synthesize(
    structure: Structure,
    model: AnyModel | None = None,
    settings: SynthesizeSettings = _DEFAULT,
    *,
    target: str | os.PathLike[str],
    unfinished: Unfinished | None = None,
    resources: Resources | None = None,
    progress: Progress | bool | None = None,
) -> SynthesizedData:
    """Write structures around one with the energies, forces and stresses that a model gives them.

    Each has energy and forces, and a crystal its stress, at the positions that are in the file;
    its comment says from which model, and how it came about. Random distortions are the same for
    the same seed, however many there are.

    Parameters
    ----------
    structure, model, unfinished, resources, progress
        As for `nearsight.workflows.heat_capacity`. With `unfinished` dynamics that are interrupted
        go on from their last checkpoint. A model whose range and order are known is
        ``synthetic:7``.
    settings
        Which structures, and how many.
    target
        Extended XYZ, a file that is replaced.

    Raises
    ------
    NearsightError
        Something is wrong with the structure, the model, the settings, or the machine.

    Examples
    --------
    >>> from ase.build import bulk
    >>> from nearsight.workflows import SynthesizeSettings, synthesize
    >>> settings = SynthesizeSettings(count=5)
    >>> data = synthesize(bulk("Cu", cubic=True), "ase:emt", settings, target="copper.extxyz")
    >>> print(f"{data.n_structures} structures, forces of {data.force_eV_per_A:.1f} eV/Å")
    5 structures, forces of 1.3 eV/Å
    """
    require_settings(settings, SynthesizeSettings)
    if Path(target).suffix.lower() not in XYZ_SUFFIXES:
        raise SettingError(
            f"data are written as extended XYZ: name a file that ends in "
            f"{' or '.join(XYZ_SUFFIXES)}, not {os.fspath(target)}."
        )
    require_writable(target)
    context = begin(Source.of(structure, settings.reading), model, unfinished, resources, progress)
    parent = context.atoms
    if settings.supercell is not None:
        parent = make_supercell(parent, settings.supercell)
    labels = _Labels()
    with _structures(context, parent, settings) as structures:
        frames = _labelled(context, structures, settings.count)
        write_extended_xyz(labels.counted(frames), target)
    return SynthesizedData(
        structure=context.name,
        file=os.fspath(target),
        formula=parent.get_chemical_formula(),
        n_structures=settings.count,
        n_atoms=len(parent),
        energy_spread_eV_per_atom=float(np.std(labels.energies_eV)) / len(parent),
        force_eV_per_A=float(np.sqrt(np.mean(labels.mean_squares))),
        fmax_eV_per_A=labels.fmax_eV_per_A,
        provenance=Provenance(
            context.model.identity, settings.to_json(), versions_behind(context.model.identity)
        ),
        warnings=(*context.remarks, *labels.remarks(context.model.identity.name)),
    )


@dataclass(frozen=True)
class _Made:
    """A structure, and how it came about."""

    atoms: Atoms
    how: str
    group: str | None = None


class _Labels:
    """What labels are like, of one frame after the other."""

    def __init__(self) -> None:
        self.energies_eV: list[float] = []
        self.mean_squares: list[float] = []
        self.fmax_eV_per_A = 0.0
        self.n_extrapolating = 0

    def counted(self, frames: Iterable[tuple[Frame, bool]]) -> Iterator[Frame]:
        """Yield frames, which come with whether the model extrapolates there, as they are read."""
        for frame, extrapolates in frames:
            assert frame.energy_eV is not None
            assert frame.forces_eV_per_A is not None
            self.energies_eV.append(frame.energy_eV)
            squares = frame.forces_eV_per_A**2
            self.mean_squares.append(float(squares.mean()))
            self.fmax_eV_per_A = max(self.fmax_eV_per_A, float(squares.sum(1).max() ** 0.5))
            self.n_extrapolating += extrapolates
            yield frame

    def remarks(self, name: str) -> tuple[Remark, ...]:
        """Return what must be known before they are learnt."""
        if not self.n_extrapolating:
            return ()
        said = f"{self.n_extrapolating} of {len(self.energies_eV)} structures have atoms that"
        return (
            Remark(
                "extrapolated",
                f"{said} are outside of what {name} was trained on: nothing stands behind their "
                f"energies and forces.",
            ),
        )


def _labelled(
    context: Context, structures: Iterable[_Made], count: int
) -> Iterator[tuple[Frame, bool]]:
    """Yield frames as the model labels them, and whether it extrapolates there."""
    model = context.model
    by = _named(model.identity)
    kept: list[_Made] = []

    def noted() -> Iterator[Atoms]:
        for each in structures:
            kept.append(each)
            yield each.atoms

    stress = bool(context.atoms.pbc.all())
    answers = in_batches(model, noted(), context.resources, stress=stress)
    with as_progress(context.progress).task("structures labelled", count) as advance:
        for number, answer in enumerate(answers):
            if isinstance(answer, NearsightError):
                raise answer
            made = kept.pop(0)  # answers come in the order of structures
            frame = Frame(
                atoms=made.atoms,
                energy_eV=answer.energy_eV,
                forces_eV_per_A=forces_of(answer),
                stress_eV_per_A3=answer.stress_eV_per_A3,
                comment=f"{context.name}, {made.how}; labels of {by}",
                group=made.group,
            )
            beyond = answer.extrapolations
            yield frame, beyond is not None and bool(np.any(beyond))
            advance(number + 1, "")


def _named(identity: ModelIdentity) -> str:
    """Return model, precision and versions in a line."""
    options = {key: str(value) for key, value in identity.options.items()}
    versions = [f"{name} {version}" for name, version in versions_behind(identity).items()]
    name = join_options(identity.name, options)
    return f"{name}, {identity.dtype} on {identity.device}, {', '.join(versions)}"


@contextmanager
def _structures(
    context: Context, parent: Atoms, settings: SynthesizeSettings
) -> Iterator[Iterable[_Made]]:
    """Give the structures, and keep what they are read from for so long."""
    if not settings.sampling.temperatures_K:
        yield _distorted(parent, settings)
        return
    with tempfile.TemporaryDirectory() as folder:
        yield _moved(context, parent, settings, Path(folder))


def _distorted(parent: Atoms, settings: SynthesizeSettings) -> Iterator[_Made]:
    wanted = settings.distortion
    for number in range(settings.count):
        atoms = distorted(
            parent,
            displacement_A=wanted.displacement_A,
            strain=wanted.strain,
            random=np.random.default_rng([settings.seed, number]),
        )
        strain = f", strained by {wanted.strain:g}" if parent.pbc.all() else ""
        how = f"displaced by {wanted.displacement_A:g} Å{strain}"
        yield _Made(atoms, f"{how} (seed {settings.seed}, number {number})")


def _moved(
    context: Context, parent: Atoms, settings: SynthesizeSettings, folder: Path
) -> Iterator[_Made]:
    """Yield structures of a run at each temperature."""
    temperatures_K = settings.sampling.temperatures_K
    share, rest = divmod(settings.count, len(temperatures_K))
    for index, temperature_K in enumerate(temperatures_K):
        n_frames = share + (index < rest)
        file = _run(context, parent, settings, (temperature_K, n_frames), folder)
        how = f"at {temperature_K:g} K (seed {settings.seed})"
        for number, atoms in enumerate(_last(file, n_frames)):
            yield _Made(atoms, f"{how}, number {number}", group=f"{temperature_K:g} K")


def _run(
    context: Context,
    parent: Atoms,
    settings: SynthesizeSettings,
    asked: tuple[float, int],
    folder: Path,
) -> Path:
    """Move atoms at a temperature until there are so many frames, and return their file."""
    temperature_K, n_frames = asked
    sampling = settings.sampling
    output = OutputSettings(every_fs=sampling.every_fs)
    interval_ps = output.interval(sampling.timestep_fs) * sampling.timestep_fs / 1000
    n_before = int(np.ceil(sampling.equilibration_ps / interval_ps))
    dynamics = DynamicsSettings(
        temperature_K=temperature_K,
        timestep_fs=sampling.timestep_fs,
        time_ps=(n_before + n_frames) * interval_ps,
        seed=settings.seed,
    )
    decides = deciding(parent, dynamics, output, False)
    checkpoint = context.file(parent, "dynamics", time_ps=dynamics.time_ps, **decides)
    file = Path(f"{checkpoint or folder / f'{temperature_K:g}'}.extxyz")
    run_dynamics(
        parent,
        context.model,
        dynamics,
        output,
        trajectory=file,
        checkpoint=checkpoint,
        progress=context.progress,
    )
    context.unfinished.done(checkpoint, None if checkpoint is None else file)
    return file


def _last(file: Path, n_frames: int) -> Iterator[Atoms]:
    from ase.io import iread

    for atoms in iread(file, index=f"-{n_frames}:", format="extxyz"):
        yield Atoms(atoms.numbers, atoms.positions, cell=atoms.cell, pbc=atoms.pbc)
