"""How far a potential of Behler and Parrinello is off for labelled structures."""

import os
from collections.abc import Iterable, Iterator
from time import perf_counter

from nearsight.announcing import announces
from nearsight.errors import MethodError
from nearsight.hdnnp.files.reading import open_potential
from nearsight.hdnnp.frames import Frame
from nearsight.hdnnp.units import name_of, units_named
from nearsight.progress import Progress
from nearsight.provenance import ModelIdentity
from nearsight.records.hdnnp_test_record import HdnnpTestRecord
from nearsight.records.potential_results import HdnnpTestResults, hdnnp_test_record
from nearsight.records.shared_fields import Run
from nearsight.records.training_record import TrainingRecord
from nearsight.training.labelled import StructuresDigest
from nearsight.training.potential_errors import potential_errors
from nearsight.workflows.given import require_settings
from nearsight.workflows.labelled_frames import Data, named_frames
from nearsight.workflows.potential_settings import HdnnpTestSettings

_DEFAULT = HdnnpTestSettings()


@announces
def hdnnp_test(
    folder: str | os.PathLike[str],
    data: Data,
    settings: HdnnpTestSettings = _DEFAULT,
    *,
    training: TrainingRecord | None = None,
    progress: Progress | bool | None = None,
) -> HdnnpTestRecord:
    """Predict labelled structures, and tell the errors by set, group and element.

    Parameters
    ----------
    folder
        A potential as n2p2 and LAMMPS have it.
    data
        Files of labelled structures (extended XYZ or `input.data`), or frames. One structure is in
        memory at a time.
    settings
        Units, and whether mean energy errors of groups are taken off.
    training
        The record of the training on the same data, which knows what was kept for tests; without it
        the data says so, or nobody does.
    progress
        As for `nearsight.workflows.heat_capacity`.

    Returns
    -------
    HdnnpTestRecord
        Its ``results.errors`` have every number.

    Raises
    ------
    ModelError
        The potential cannot be read, or has no network for an element.
    StructureError
        The data cannot be read, or no structure has a label.
    MethodError
        The training was on other data.

    Examples
    --------
    >>> from ase.build import bulk
    >>> from nearsight.training import FunctionSettings, StoppingSettings
    >>> from nearsight.workflows import SynthesizeSettings, TrainSettings, synthesize
    >>> from nearsight.workflows import hdnnp_test, train
    >>> copper = bulk("Cu", cubic=True)
    >>> asked = SynthesizeSettings(count=20)
    >>> data = synthesize(copper, "ase:emt", asked, target="copper.extxyz")
    >>> functions, stopping = FunctionSettings(cutoff_A=4.0), StoppingSettings(epochs=1)
    >>> settings = TrainSettings(functions=functions, stopping=stopping)
    >>> trained = train("copper.extxyz", settings, out="potential")
    >>> record = hdnnp_test("potential/best", "copper.extxyz", training=trained)
    >>> record.n_structures
    20
    """
    require_settings(settings, HdnnpTestSettings)
    start = perf_counter()
    units = settings.potential_units
    files = open_potential(folder, None if units is None else units_named(units))
    name, frames = named_frames(data, settings.units)
    of_training = None if training is None else _FramesOfTraining(training, frames)
    errors = potential_errors(
        files.potential,
        frames if of_training is None else of_training,
        test_frames=None if training is None else training.members[0].test_frames,
        without_offsets=settings.offsets,
        progress=progress,
    )
    if of_training is not None:
        of_training.require_the_same(name)
    results = HdnnpTestResults(
        name,
        files.potential,
        ModelIdentity(
            name=f"hdnnp:{folder}",
            family="hdnnp",
            checkpoint_sha256=files.sha256,
            dtype="float64",
            device="cpu",
            options={"units": name_of(files.potential.units)},
        ),
        errors,
        training=None if training is None else training.structure,
    )
    return hdnnp_test_record(results, Run(perf_counter() - start, asked=settings))


class _FramesOfTraining:
    """Frames, of which those are noted that a training kept for tests."""

    def __init__(self, training: TrainingRecord, frames: Iterable[Frame]) -> None:
        self._training, self._frames = training, frames
        self._expected = frozenset(training.members[0].test_frames)
        self._digest = StructuresDigest()

    def __iter__(self) -> Iterator[Frame]:
        for number, frame in enumerate(self._frames):
            if number in self._expected:
                self._digest.add(frame)
            yield frame

    def require_the_same(self, name: str) -> None:
        """Check that these are the structures that the training kept.

        Raises
        ------
        MethodError
            They are not.
        """
        if self._digest.hexdigest() != self._training.members[0].test_sha256:
            raise MethodError(
                f"{name} has other structures where those are that the training on "
                f"{self._training.structure} kept for tests; give the data of that training, or "
                f"leave its record out."
            )
