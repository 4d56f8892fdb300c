"""What must be known before a number is used: a sentence with a code and a severity.

Programs go by the code, people by the sentence: a `Remark` is a string, and is printed, compared
and raised as one.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Self


class Severity(StrEnum):
    """How much a remark matters, in the order of the levels of a verdict."""

    NOTE = "note"
    """Something was done that changes no number, or that was meant."""
    CAUTION = "caution"
    """The numbers may be off, or mean something else than one may think."""
    PROBLEM = "problem"
    """The numbers are not to be relied on as they are."""


@dataclass(frozen=True)
class Code:
    """What a code stands for.

    Examples
    --------
    >>> from nearsight.remarks import CODES
    >>> print(CODES["asymmetric-hessian"].meaning)
    The Hessian differs from its transpose.
    """

    severity: Severity
    """That of its remarks, unless one says otherwise."""
    meaning: str


CODE_PATTERN = "[a-z0-9]+(-[a-z0-9]+)*"
_CODE = re.compile(CODE_PATTERN)

_NOTE, _CAUTION, _PROBLEM = Severity

CODES: Mapping[str, Code] = {
    # files
    "cut-off-line": Code(_CAUTION, "The last record of a file was being written."),
    "one-of-several": Code(_NOTE, "The file holds several structures, of which one was taken."),
    "line-left-out": Code(_NOTE, "A line that breaks the syntax of the file was left out."),
    "dummy-sites": Code(_NOTE, "Sites that are no atoms were left out."),
    "setting-inferred": Code(_NOTE, "One setting of the space group agrees with the file."),
    "formula-not-understood": Code(_NOTE, "The formula in the file was not compared."),
    "initial-moments": Code(_NOTE, "Initial charges or magnetic moments were kept."),
    "moved-to-special-position": Code(_CAUTION, "A site was moved onto a special position."),
    "setting-mismatch": Code(_CAUTION, "Operations and name are of different settings."),
    "no-space-group": Code(_CAUTION, "Without a space group the file was read as P 1."),
    "density-mismatch": Code(_CAUTION, "The density in the file is not that of its atoms."),
    "contradiction": Code(_CAUTION, "The file contradicts itself, which was accepted."),
    "elements-guessed": Code(_CAUTION, "The file does not name its elements plainly."),
    "left-out-of-file": Code(_CAUTION, "Something in the file that may matter is not used."),
    "rounded-by-format": Code(_CAUTION, "The format of a file written rounds positions."),
    "left-out-by-format": Code(_CAUTION, "The format of a file written does not hold all."),
    "reader-warning": Code(_CAUTION, "The reader of the format warned."),
    # Hessians and force constants
    "ghost-centres": Code(_NOTE, "Centres without a mass are no atoms and were left out."),
    "model-not-asked": Code(_NOTE, "The numbers are those of the file, not of the model."),
    "damaged-work": Code(_NOTE, "The damaged end of kept work is computed again."),
    "frequencies-only": Code(_CAUTION, "The file has frequencies, but no force constants."),
    "masses-assumed": Code(_CAUTION, "The masses are not those of the program."),
    "odd-masses": Code(_CAUTION, "Masses are those of no isotope."),
    "born-charges-adjusted": Code(_CAUTION, "Born charges were made neutral and symmetric."),
    "forces-left-over": Code(_CAUTION, "Force constants do not explain the forces in the file."),
    "sum-rule-violated": Code(_CAUTION, "Moving everything together changes forces."),
    "asymmetric-hessian": Code(_CAUTION, "The Hessian differs from its transpose."),
    "loose-pieces": Code(_CAUTION, "No pair holds parts of the structure to each other."),
    "products-by-differences": Code(_CAUTION, "Products are differences of forces."),
    "saved-without-code": Code(_CAUTION, "A warning of a file from before warnings had codes."),
    # models
    "extrapolated": Code(_CAUTION, "Atoms are outside of what the model was trained on."),
    # dynamics
    "velocities-of-file": Code(_NOTE, "The atoms begin with the velocities in the file."),
    "interval-rounded": Code(_NOTE, "Samples are not as far apart as was asked for."),
    "timestep-long": Code(_CAUTION, "The timestep is long for the lightest atom."),
    # training
    "frames-unlabelled": Code(_CAUTION, "Frames without energy or forces were left out."),
    "frames-repeated": Code(_CAUTION, "Frames that repeat earlier ones were left out."),
    "labels-contradict": Code(_PROBLEM, "Equal structures have different energies."),
    "units-mixed": Code(_PROBLEM, "Labels look as if they were in different units."),
    "functions-left-out": Code(_NOTE, "Symmetry functions that tell nothing were left out."),
    "atomic-energies-unknown": Code(_CAUTION, "What is learnt says no energy of some free atoms."),
    "training-diverged": Code(_PROBLEM, "The training diverged; the best potential was kept."),
    "still-learning": Code(_CAUTION, "Learning ended while something new was still found."),
    "cut-short": Code(_CAUTION, "A crystal did not hold in the last dynamics by what was learnt."),
    "not-labelled": Code(_CAUTION, "The teacher had no number for some fragments."),
    "nothing-learnt": Code(_PROBLEM, "No epoch of the training was better than its beginning."),
    "overfitted": Code(_CAUTION, "Errors on the test structures are far above those learnt."),
    "pairs-fall": Code(_CAUTION, "Energies fall where atoms come closer than in the data."),
    # relaxation
    "unrelaxed": Code(_CAUTION, "The structure was not relaxed by the model."),
    "not-converged": Code(_PROBLEM, "The relaxation did not reach its threshold."),
    "held-by-symmetry": Code(_CAUTION, "The forces vanish under the imposed symmetry only."),
    "energy-rose": Code(_PROBLEM, "The energy is higher after the relaxation."),
    "space-group-changed": Code(_CAUTION, "The space group is another one after relaxing."),
    "large-volume-change": Code(_CAUTION, "The volume changed by more than a model is off by."),
    "imaginary-modes-followed": Code(_CAUTION, "The relaxation left a saddle point."),
    "refining-raised-energy": Code(_CAUTION, "Refining onto a space group raised the energy."),
    "trajectory-incomplete": Code(_NOTE, "The file of steps lacks some that were taken before."),
    "flat-mode": Code(_CAUTION, "An imaginary mode is left that lowers no energy."),
    # vibrations
    "saddle-point": Code(_CAUTION, "The structure may be a saddle point of first order."),
    "imaginary-modes": Code(_PROBLEM, "The structure is not at a minimum."),
    "rigid-body-modes": Code(_CAUTION, "Rigid-body modes are far from zero."),
    "modes-left-out": Code(_CAUTION, "The modes that are left out would count notably."),
    "rigid-body-modes-counted": Code(_CAUTION, "Rigid-body modes count with k_B or with noise."),
    "symmetry-number-given": Code(_CAUTION, "The symmetry number is not that of the molecule."),
    "symmetry-number-doubtful": Code(_CAUTION, "The molecule nearly has more rotations."),
    "vibrations-only": Code(_CAUTION, "Translation and rotation of a gas are not counted."),
    "coarse-interpolation": Code(_CAUTION, "The supercell of the force constants is small."),
    "supercell-not-converged": Code(_CAUTION, "The supercells that were tried do not agree."),
    "path-not-definite": Code(_CAUTION, "The path of bands depends on the last digits."),
    "modes-not-converged": Code(_CAUTION, "Lowest modes did not converge."),
    "error-bar": Code(_CAUTION, "The error bar of a probed heat capacity is not small."),
    # trajectories
    "positions-jump": Code(_CAUTION, "Positions that count as unwrapped seem to be wrapped."),
    "host-energy-missing": Code(_CAUTION, "A heat of adsorption lacks the energy of the host."),
    "units-doubtful": Code(_CAUTION, "Numbers of a file seem to be in other units."),
    "drifting": Code(_CAUTION, "A series drifts, and what fluctuates is not in equilibrium."),
    "images-counted": Code(_NOTE, "Pairs with periodic images repeat what the cell has."),
    "size-not-corrected": Code(_NOTE, "Diffusion was not corrected for the size of the cell."),
    "not-diffusive": Code(_CAUTION, "Displacements do not grow as those of diffusion do."),
    "few-independent": Code(_CAUTION, "A series has too few independent values for its error."),
    "sparse-frames": Code(_CAUTION, "Frames are too far apart for the fastest vibrations."),
    # heat at constant pressure
    "volumes-left-out": Code(_CAUTION, "Volumes with imaginary modes have no free energy."),
    "temperatures-left-out": Code(_CAUTION, "A crystal expands beyond the volumes computed."),
    "routes-differ": Code(_CAUTION, "Two routes to a thermal expansion do not agree."),
    # elasticity
    "under-stress": Code(_CAUTION, "Stress is left: these are no elastic constants."),
    "forces-left": Code(_CAUTION, "Forces are left on the atoms."),
    "free-modes": Code(_CAUTION, "Modes beside the translations have no restoring force."),
    "no-stiffness": Code(_CAUTION, "There is no stiffness that could be judged."),
    "unstable": Code(_PROBLEM, "A strain lowers the energy."),
    "not-drawn": Code(_NOTE, "A figure does not show this structure."),
    # adsorption
    "charges-equilibrated": Code(_CAUTION, "Charges of a framework are of an approximate method."),
    "charges-replaced": Code(_NOTE, "Charges in the file were not used, as was asked for."),
    "framework-not-empty": Code(_CAUTION, "A framework holds loose molecules."),
    "no-weight": Code(_PROBLEM, "No insertion has any weight."),
    "few-samples-carry": Code(_PROBLEM, "Few insertions carry all the weight."),
    "error-not-reached": Code(_CAUTION, "The error that was asked for was not reached."),
    "not-in-equilibrium": Code(_CAUTION, "A loading or energy of an isotherm still drifts."),
    "few-samples": Code(_CAUTION, "Few effective samples: an interval is not to be believed."),
    "levels-apart": Code(_PROBLEM, "A cheap level does not go where the model does."),
    "henry-differs": Code(_CAUTION, "The lowest loading is not that of insertions."),
    "heats-differ": Code(_CAUTION, "Several routes to a heat of adsorption do not agree."),
    "fugacity-differs": Code(_CAUTION, "What was sampled has another fugacity than imposed."),
    "few-effective": Code(_CAUTION, "Few effective insertions: the error is not to be believed."),
    "heavy-weights": Code(_CAUTION, "One per cent of the insertions have most of the weight."),
    "halves-differ": Code(_CAUTION, "Two independent halves of the insertions differ."),
    "no-number": Code(_CAUTION, "The model had no number for some insertions."),
    "overlap-low": Code(_CAUTION, "Insertions that count as overlaps have low energies."),
    "zero-depends-on-box": Code(_CAUTION, "An empty box changes the energy of the molecule."),
    "zero-suspect": Code(_CAUTION, "Far from all atoms the interaction energy is not small."),
    "offset": Code(_PROBLEM, "Interaction energies of the model are off by a constant."),
    "false-wells": Code(_PROBLEM, "What carries the weight is where no molecule would be."),
    "pockets": Code(_CAUTION, "There is weight in pockets that the gas cannot enter."),
    "quantum-gas": Code(_CAUTION, "Nuclei of the gas are not classical at this temperature."),
    "few-frames": Code(_CAUTION, "Few snapshots: the error between them is not to be believed."),
    # locality
    "fragments-not-converged": Code(_PROBLEM, "No smaller fragment than the reference is enough."),
    "reference-small": Code(_CAUTION, "The reference fragment may be too small."),
    "sees-less-far": Code(_CAUTION, "The model sees less far than its reference."),
}
"""Every code there is."""


class Remark(str):
    """A sentence that must be known before a number is used.

    Parameters
    ----------
    code
        One of `CODES`.
    message
        The sentence.
    severity
        By default that of the code.

    Raises
    ------
    KeyError
        There is no such code.

    Examples
    --------
    >>> from nearsight.remarks import Remark
    >>> remark = Remark("sum-rule-violated", "moving all atoms changes forces")
    >>> print(remark.severity, remark.code, remark, sep=": ")
    caution: sum-rule-violated: moving all atoms changes forces
    """

    code: str
    severity: Severity

    def __new__(cls, code: str, message: str, severity: Severity | None = None) -> Self:
        """Make a remark, with the severity of its code unless another is given."""
        return cls._made(code, message, severity or CODES[code].severity)

    @classmethod
    def _made(cls, code: str, message: str, severity: Severity) -> Self:
        remark = super().__new__(cls, message)
        remark.code, remark.severity = code, severity
        return remark

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self)._made, (self.code, str(self), self.severity)

    def to_json(self) -> dict[str, str]:
        """Return it as JSON values."""
        return {"code": self.code, "severity": self.severity.value, "message": str(self)}

    @classmethod
    def from_json(cls, values: Any) -> Self:
        """Rebuild a remark from what `to_json` returned; a later version may have more codes.

        Raises
        ------
        ValueError
            It is none.
        """
        if not isinstance(values, Mapping) or set(values) != {"code", "severity", "message"}:
            raise ValueError(f"{values!r:.60} is no warning with code, severity and message")
        code, severity, message = (values[name] for name in ("code", "severity", "message"))
        if not (isinstance(code, str) and _CODE.fullmatch(code) and isinstance(message, str)):
            raise ValueError(f"{code!r:.60} is no code of a warning, or it says nothing")
        if severity not in list(Severity):
            raise ValueError(f"{severity!r:.60} is no severity; known are {', '.join(Severity)}")
        return cls._made(code, message, Severity(severity))


def remarks_to_json(remarks: Iterable[Remark]) -> list[dict[str, str]]:
    """Return the ``warnings`` list of JSON output and of headers of files.

    Examples
    --------
    >>> from nearsight.remarks import Remark, remarks_to_json
    >>> remarks_to_json([Remark("reader-warning", "a line was odd")])
    [{'code': 'reader-warning', 'severity': 'caution', 'message': 'a line was odd'}]
    """
    return [remark.to_json() for remark in remarks]


def remarks_from_json(values: Iterable[Any]) -> tuple[Remark, ...]:
    """Rebuild what `remarks_to_json` returned; earlier versions saved sentences alone.

    Raises
    ------
    ValueError
        One is no remark.

    Examples
    --------
    >>> from nearsight.remarks import Remark, remarks_from_json, remarks_to_json
    >>> values = remarks_to_json([Remark("reader-warning", "a line was odd")])
    >>> remarks_from_json(values)
    ('a line was odd',)
    """
    return tuple(
        Remark("saved-without-code", value) if isinstance(value, str) else Remark.from_json(value)
        for value in values
    )
