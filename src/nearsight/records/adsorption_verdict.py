"""What speaks for and against a Henry coefficient: its certificate."""

from collections.abc import Iterator
from typing import Final

import numpy as np

from nearsight.adsorption.audit import audit_of
from nearsight.adsorption.offset import factor_of_offset
from nearsight.adsorption.quantum import LARGE_A, MOST_SECOND_ORDER, second_order_share
from nearsight.adsorption.result import FEWEST_SIGNIFICANT, HEAVY_SHARE, Adsorption
from nearsight.adsorption.wells import LARGEST_FORCE_EV_PER_A, NEAREST, NEAREST_TO_METAL
from nearsight.adsorption.widom import FEWEST_EFFECTIVE
from nearsight.adsorption.zero import WEAK_EV, BesideForceField, Zero
from nearsight.records.verdict import Check, Level, Verdict
from nearsight.remarks import Remark
from nearsight.units import BOLTZMANN_EV_PER_K

_BOX_EV: Final = 5e-3
"""What an empty box of 25 Å may do to a molecule: long-range forces between its images."""
_FAR_A: Final = 6.0
"""So far from all atoms dispersion makes 0.02 to 0.1 eV."""
_FROM_UFF_EV: Final = 0.15
"""What a model may differ from UFF without charges where both attract weakly: dispersion that one
of them lacks makes 0.1 eV."""
_REJECTED_SHARE: Final = 1e-3
_POCKETS_SHARE: Final = 0.01
_SMALL_CHANGE: Final = 0.02
_CHANGE_SIGMAS: Final = 3.0
"""Suspected insertions that change a Henry coefficient by less than 2 %, or than so many of the
standard errors of what is left, are not told from chance."""
_MISSED_SHARE: Final = 0.01
"""Of <W>, what overlapping insertions may have."""
_FEWEST_FRAMES: Final = 10


def adsorption_verdict(adsorption: Adsorption, warnings: tuple[Remark, ...]) -> Verdict:
    """Return what speaks for and against the numbers."""
    return Verdict.of(adsorption_checks(adsorption), warnings)


def adsorption_checks(adsorption: Adsorption) -> tuple[Check, ...]:
    """Return everything that was looked at."""
    return (
        _weight(adsorption),
        _halves(adsorption),
        *_frames(adsorption),
        *_numbers(adsorption),
        *_overlaps(adsorption),
        _zero(adsorption),
        _offset(adsorption),
        _wells(adsorption),
        _pockets(adsorption),
        *_quantum(adsorption),
    )


def _weight(adsorption: Adsorption) -> Check:
    first = adsorption.henry[0]
    effective = first.n_effective
    detail = (
        f"{effective:.3g} effective insertions of {first.n_trials}; the heaviest 1 % have "
        f"{first.heaviest_share:.0%} of the weight."
    )
    if not np.isfinite(first.log_weight.value):
        return Check(
            Level.BAD,
            "no-weight",
            "nothing fits",
            f"None of {first.n_trials} insertions has any weight: the molecule is too large for "
            f"the pore, or the overlap radii are.",
            said=False,
        )
    if effective < FEWEST_SIGNIFICANT:
        return Check(
            Level.BAD,
            "few-samples-carry",
            "few samples carry the weight",
            f"{detail} What these few say is no Henry coefficient; insert more, or let places be "
            f"learnt (`learning`).",
            said=False,
        )
    asked = adsorption.settings.error
    if asked is not None and not adsorption.precision.relative_error <= asked:
        return Check(
            Level.CAUTION,
            "error-not-reached",
            "error not reached",
            f"The relative error is {adsorption.precision.relative_error:.2g}, and `error` is "
            f"{asked:g}; allow more `insertions`, or let places be learnt (`learning`).",
            said=False,
        )
    if effective < FEWEST_EFFECTIVE:
        level, finding = Level.CAUTION, "few effective insertions"
        detail = f"{detail} Below {FEWEST_EFFECTIVE:g} an error is not to be believed."
        return Check(level, "few-effective", finding, detail, said=False)
    if first.heaviest_share > HEAVY_SHARE:
        return Check(Level.CAUTION, "heavy-weights", "heavy weights", detail, said=False)
    return Check(Level.GOOD, "few-effective", "enough effective insertions", detail)


def _halves(adsorption: Adsorption) -> Check:
    sigmas = adsorption.precision.halves_sigmas
    if not np.isfinite(sigmas):
        detail = "One of two halves of the insertions has no weight, or too little for an error."
        return Check(Level.UNKNOWN, "halves-differ", "halves not comparable", detail)
    detail = f"Two independent halves differ by {sigmas:.1f} standard errors."
    if adsorption.precision.halves_agree:
        return Check(Level.GOOD, "halves-differ", "halves agree", detail)
    return Check(Level.CAUTION, "halves-differ", "halves differ", detail, said=False)


def _frames(adsorption: Adsorption) -> Iterator[Check]:
    n_frames = len(adsorption.samplings)
    if n_frames == 1:
        return
    detail = f"Errors are those between {n_frames} snapshots, taken as independent of each other."
    if n_frames < _FEWEST_FRAMES:
        detail = f"{detail} Fewer than {_FEWEST_FRAMES} say little of it."
        yield Check(Level.CAUTION, "few-frames", "few snapshots", detail, said=False)
        return
    yield Check(Level.GOOD, "few-frames", "enough snapshots", detail)


def _numbers(adsorption: Adsorption) -> Iterator[Check]:
    trials = adsorption.trials
    rejected, computed = int(trials.rejected.sum()), int((~trials.overlapping).sum())
    if rejected > _REJECTED_SHARE * computed:
        yield Check(
            Level.CAUTION,
            "no-number",
            "no number for some",
            f"The model has no energy for {rejected} of {computed} insertions, which count with "
            f"weight zero.",
            said=False,
        )


def _overlaps(adsorption: Adsorption) -> Iterator[Check]:
    first = adsorption.henry[0]
    audit = audit_of(adsorption.trials, first.temperature_K)
    if not audit.n_overlapping:
        return
    if not audit.n_audited:
        detail = f"{audit.n_overlapping} insertions overlap, of which none was computed."
        yield Check(Level.UNKNOWN, "overlap-low", "overlaps not audited", detail)
        return
    detail = f"Of {audit.n_overlapping} overlapping insertions {audit.n_audited} were computed"
    if np.isfinite(audit.lowest_eV):
        detail += f"; the lowest has {audit.lowest_eV:.2f} eV."
    else:
        detail += ", and the model has no number for them."
    share = audit.share_of(first.log_weight.value)
    if share <= _MISSED_SHARE:
        yield Check(Level.GOOD, "overlap-low", "overlaps have no weight", detail)
        return
    missed = "have all of the weight"
    if np.isfinite(share):
        missed = f"add {share:.2g} ± {share * audit.relative_error:.1g} times the weight"
    yield Check(
        Level.CAUTION,
        "overlap-low",
        "low energies among overlaps",
        f"{detail} All would {missed}: a smaller `overlap_share` lets them in, as false wells or "
        f"as chemisorption.",
        said=False,
    )


def _zero(adsorption: Adsorption) -> Check:
    zero = adsorption.zero
    if adsorption.is_pairwise:
        detail = "The model is a sum over pairs of atoms, which vanishes as they part."
        return Check(Level.GOOD, "zero-suspect", "zero by construction", detail)
    box = zero.box_eV
    if box is not None and abs(box) > _BOX_EV:
        return Check(
            Level.CAUTION,
            "zero-depends-on-box",
            "zero depends on a box",
            f"An empty box of 25 Å changes the energy of the molecule by {box:+.3f} eV.",
            said=False,
        )
    suspicion = _zero_suspicion(adsorption)
    if suspicion is not None:
        detail = (
            f"{suspicion} The model may be wrong for the molecule alone, and every weight with it."
        )
        return Check(Level.CAUTION, "zero-suspect", "zero suspect", detail, said=False)
    if adsorption.beside is not None:
        detail = _said_of(adsorption.beside)
        return Check(Level.GOOD, "zero-suspect", "zero not suspect", detail)
    detail = _said_of_widest(zero)
    if zero.widest_uff_eV is None:
        detail = f"{detail} UFF, with which that would be compared, cannot be computed."
    elif abs(zero.widest_uff_eV) > WEAK_EV:
        detail = f"{detail} UFF has {zero.widest_uff_eV:+.3g} eV there: the pore is too narrow."
    else:
        detail = f"{detail} Too few insertions are weakly attracted."
    return Check(Level.UNKNOWN, "zero-suspect", "zero not examined", detail)


def _zero_suspicion(adsorption: Adsorption) -> str | None:
    """Return what speaks for a wrong zero, in a sentence; None if nothing does."""
    zero, beside = adsorption.zero, adsorption.beside
    uff_eV = zero.widest_uff_eV
    if uff_eV is None:
        if zero.distance_A >= _FAR_A and abs(zero.widest_eV) > WEAK_EV:
            return f"{_said_of_widest(zero)} Dispersion makes some 0.1 eV of it at most."
    elif abs(uff_eV) <= WEAK_EV and abs(zero.widest_eV - uff_eV) > _FROM_UFF_EV:
        return f"{_said_of_widest(zero)} UFF has {uff_eV:+.3f} eV, and is right within 0.1 eV."
    if beside is not None and abs(beside.median_eV) - 3 * beside.error_eV > _FROM_UFF_EV:
        return f"{_said_of(beside)} UFF is right within 0.1 eV there."
    return None


def _said_of(beside: BesideForceField) -> str:
    return (
        f"At {beside.n_places} places of weak attraction the energy is {beside.median_eV:+.3f} ± "
        f"{beside.error_eV:.3f} eV (median) beside that of UFF."
    )


def _said_of_widest(zero: Zero) -> str:
    energy = "has no number"
    if np.isfinite(zero.widest_eV):
        energy = f"is {zero.widest_eV:+.3f} eV"
    return f"At {zero.distance_A:.1f} Å from all atoms the interaction energy {energy}."


def _offset(adsorption: Adsorption) -> Check:
    if adsorption.is_pairwise:
        detail = "A sum over pairs has none; how good it is elsewhere, its source says."
        return Check(Level.GOOD, "offset", "no offset", detail)
    if adsorption.offset is None:
        detail = "Nobody has compared interaction energies of this model and gas with a reference."
        return Check(Level.UNKNOWN, "offset", "offset unknown", detail)
    offset_eV = adsorption.offset.offset_eV
    temperature_K = adsorption.henry[0].temperature_K
    factor = factor_of_offset(offset_eV, temperature_K)
    detail = (
        f"Interaction energies are off by {offset_eV:+.3f} eV where attraction is weak, which "
        f"makes K_H {factor:.2g} times as large at {temperature_K:g} K."
    )
    if abs(offset_eV) < BOLTZMANN_EV_PER_K * temperature_K:
        return Check(Level.GOOD, "offset", "offset small", detail)
    return Check(Level.BAD, "offset", "offset of the model", detail, said=False)


def _wells(adsorption: Adsorption) -> Check:
    wells = [each.examined for each in adsorption.cleaned]
    n_examined = sum(len(each.trials) for each in wells)
    n_suspected = sum(each.n_suspected for each in adsorption.cleaned)
    if not n_suspected:
        return _no_wells(adsorption, n_examined)
    near, pushed, blocked = (
        sum(int(getattr(each, reason).sum()) for each in wells)
        for reason in ("near", "pushed", "blocked")
    )
    counts = [
        (near, "with atoms too near"),
        (pushed, "pushed hard"),
        (blocked, "in pockets"),
    ]
    reasons = ", ".join(f"{count} {reason}" for count, reason in counts if count)
    detail = (
        f"{n_suspected} of the {n_examined} insertions that carry the weight are suspected "
        f"({reasons})."
    )
    if not near + pushed:  # the model may be right there
        detail = f"{detail} What these have is said of pockets."
        return Check(Level.UNKNOWN, "false-wells", "no false wells outside of pockets", detail)
    return _counting_wells(adsorption, detail)


def _counting_wells(adsorption: Adsorption, detail: str) -> Check:
    """Return whether suspected insertions change the Henry coefficient."""
    change, sigmas = adsorption.wells_change, adsorption.wells_sigmas
    if change is None or change == -np.inf:
        detail = f"{detail} Without them nothing has weight."
        return Check(Level.BAD, "false-wells", "false wells", detail, said=False)
    if abs(np.expm1(change)) < _SMALL_CHANGE:
        finding = "false wells do not count"
        return Check(Level.GOOD, "false-wells", finding, f"{detail} They hardly count.")
    detail = f"{detail} Without them K_H is {np.exp(change):.2g} times as large"
    if sigmas is None:
        detail = f"{detail}, whose error is not known."
        return Check(Level.UNKNOWN, "false-wells", "false wells not told", detail)
    detail = f"{detail}, a change by {sigmas:.2g} of its standard errors."
    if sigmas < _CHANGE_SIGMAS:
        return Check(Level.UNKNOWN, "false-wells", "false wells within the error", detail)
    if not all(each.is_clean for each in adsorption.cleaned):
        detail = f"{detail} More may be left."
    return Check(Level.BAD, "false-wells", "false wells", detail, said=False)


def _no_wells(adsorption: Adsorption, n_examined: int) -> Check:
    if not n_examined:
        detail = "No insertion carries any weight."
        return Check(Level.UNKNOWN, "false-wells", "no weight to look at", detail)
    share = min(each.share_examined for each in adsorption.cleaned)
    detail = (
        f"None of the {n_examined} heaviest insertions ({share:.0%} of the weight) has "
        f"nonmetals at less than {NEAREST:g} of the sum of covalent radii, a metal at less than "
        f"{NEAREST_TO_METAL:g}, or a force above {LARGEST_FORCE_EV_PER_A:g} eV/Å."
    )
    n_unknown = sum(int(each.examined.unknown.sum()) for each in adsorption.cleaned)
    if n_unknown:
        detail = f"{detail} Forces of {n_unknown} of them could not be computed."
        return Check(Level.UNKNOWN, "false-wells", "no false wells seen", detail)
    return Check(Level.GOOD, "false-wells", "no false wells", detail)


def _pockets(adsorption: Adsorption) -> Check:
    pockets = adsorption.pockets
    if pockets is None:
        detail = f"Nobody has looked for them: {adsorption.no_pockets}"
        return Check(Level.UNKNOWN, "pockets", "pockets not looked for", detail)
    if not pockets.n_channels:
        detail = (
            f"By {pockets.method} the gas comes to no part of the pore from outside: "
            f"{pockets.share_blocked:.1%} of the weight is in {pockets.n_pockets} pockets."
        )
        return Check(Level.CAUTION, "pockets", "no way in", detail, said=False)
    share = pockets.share_blocked
    if share < _POCKETS_SHARE:
        detail = f"By {pockets.method} {share:.1%} of the weight is where the gas cannot come to."
        return Check(Level.GOOD, "pockets", "no weight in pockets", detail)
    if pockets.is_blocked:
        detail = f"{share:.1%} of the weight was in pockets, and was left out."
        return Check(Level.GOOD, "pockets", "pockets blocked", detail)
    detail = (
        f"By {pockets.method} {share:.1%} of the weight is in pockets that the gas cannot enter; "
        f"`block_pockets` leaves it out."
    )
    return Check(Level.CAUTION, "pockets", "weight in pockets", detail, said=False)


def _quantum(adsorption: Adsorption) -> Iterator[Check]:
    if adsorption.samplings[0].interaction.model.capabilities.temperature_K is not None:
        yield _second_order(adsorption)
        return
    for result, wavelength_A in zip(adsorption.henry, adsorption.wavelengths_A, strict=True):
        if wavelength_A > LARGE_A:
            yield Check(
                Level.CAUTION,
                "quantum-gas",
                "quantum effects",
                f"The thermal wavelength of {adsorption.gas.name} at {result.temperature_K:g} K is "
                f"{wavelength_A:.2f} Å, and nuclei are classical here: the Henry coefficient is "
                f"too large. A force field has them to second order in ħ by feynman_hibbs_K.",
                said=False,
            )
            return


def _second_order(adsorption: Adsorption) -> Check:
    """Return whether quantum effects to second order in ħ are small enough to end there."""
    first = adsorption.henry[0]
    share = second_order_share(adsorption)
    detail = (
        f"Energies are those of quantum nuclei at {first.temperature_K:g} K to second order in ħ "
        f"(Feynman and Hibbs)"
    )
    if not np.isfinite(share):
        return Check(Level.UNKNOWN, "quantum-gas", "quantum effects", f"{detail}.")
    detail = f"{detail}, which changes the mean energy by {share:+.2g} k_B T."
    if abs(share) > MOST_SECOND_ORDER:
        return Check(
            Level.CAUTION,
            "quantum-gas",
            "quantum effects beyond second order",
            f"{detail} Higher orders count too.",
            said=False,
        )
    return Check(Level.GOOD, "quantum-gas", "quantum effects to second order", detail)
