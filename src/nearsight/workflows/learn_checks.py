"""What is decided and refused before crystals are learnt, so that no work is lost by it."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from ase.formula import Formula

from nearsight.errors import CheckpointError, ModelError, NearsightError, SettingError
from nearsight.fingerprint import fingerprint
from nearsight.models.contract import Model
from nearsight.records.questions import LocalityRecord
from nearsight.storage import write_text
from nearsight.training.proposing import Pair
from nearsight.training.settings import IRMOF_RADIUS_A
from nearsight.workflows.exploring import Crystal
from nearsight.workflows.learn_settings import LearnSettings


def with_radius(settings: LearnSettings, locality: LocalityRecord | None) -> LearnSettings:
    """Return settings that say radius and cutoff, which a record of locality tells.

    Without one, each is the other where only one is given.

    Raises
    ------
    SettingError
        They say something else than the record, or the cutoff is longer than the radius.
    """
    if locality is None:
        return _with_radius_or_cutoff(settings)
    radius_A = locality.cutoff_A
    for name, value in (
        ("fragment_radius_A", settings.rounds.fragment_radius_A),
        ("cutoff_A", settings.functions.cutoff_A),
    ):
        if value not in (None, radius_A):
            raise SettingError(
                f"`{name}` is {value:g} Å, and half of the range of forces in the record of "
                f"locality is {radius_A:g} Å; give one of them.",
                name,
            )
    return replace(
        settings,
        rounds=replace(settings.rounds, fragment_radius_A=radius_A),
        functions=replace(settings.functions, cutoff_A=radius_A),
    )


def _with_radius_or_cutoff(settings: LearnSettings) -> LearnSettings:
    given = settings.rounds.fragment_radius_A, settings.functions.cutoff_A
    radius_A = given[0] or given[1] or IRMOF_RADIUS_A
    cutoff_A = given[1] or radius_A
    if cutoff_A > radius_A:
        raise SettingError(
            f"`cutoff_A` is {cutoff_A:g} Å, and fragments of {radius_A:g} Å hold no atom's "
            f"surroundings as far as that: give a `fragment_radius_A` as long, or a shorter "
            f"`cutoff_A`.",
            "cutoff_A",
        )
    return replace(
        settings,
        rounds=replace(settings.rounds, fragment_radius_A=radius_A),
        functions=replace(settings.functions, cutoff_A=cutoff_A),
    )


def require_elements(crystals: Sequence[Crystal], locality: LocalityRecord | None) -> None:
    """Check that a record of locality is of the elements that are to be learnt.

    It may be of another crystal of the same kind, such as one with shorter linkers.

    Raises
    ------
    SettingError
        A crystal has an element that the record knows nothing of.
    """
    if locality is None:
        return
    known = Formula(locality.formula).count()
    for crystal in crystals:
        if others := [each for each in crystal.atoms.symbols.formula.count() if each not in known]:
            raise SettingError(
                f"the record of locality is of {locality.formula}, and {crystal.name} has "
                f"{', '.join(others)} too; give one of a crystal that has the same elements.",
                "locality",
            )


def require_room(crystals: Sequence[Crystal], settings: LearnSettings) -> None:
    """Check that first frames alone are not more than may be labelled.

    Raises
    ------
    SettingError
        They are.
    """
    most = settings.rounds.most_labels
    n_fragments = sum(len(each.cutter.at_rest()) for each in crystals)
    n_first = n_fragments * settings.first.first_frames
    if most is not None and n_first > most:
        raise SettingError(
            f"`most_labels` is {most}, and {n_fragments} fragments have {n_first} first frames; "
            f"give more, or fewer `first_frames`.",
            "most_labels",
        )


def require_labels(crystals: Sequence[Crystal], teacher: Model) -> None:
    """Check that the teacher can label a fragment of these crystals, before anything is spent.

    Raises
    ------
    ModelError
        It can label none, such as ones with a charge or spin that it does not compute.
    """
    refusals: dict[str, None] = {}
    for crystal in crystals:
        for fragment in crystal.cutter.at_rest():
            try:
                teacher.evaluate([fragment.atoms])
            except NearsightError as error:
                refusals[str(error)] = None
            else:
                return
    raise ModelError(
        f"{teacher.identity.name} has no number for any fragment: {'; '.join(refusals)}"
    )


def require_same(
    path: Path,
    crystals: Sequence[Crystal],
    teacher: Model,
    settings: LearnSettings,
    reaches: Mapping[Pair, float] | None,
) -> None:
    """Check that a folder is that of these crystals, this teacher and these settings.

    How many rounds and labels there are at most may be another number than before.
    """
    deciding = settings.to_json()
    for name in ("rounds", "most_labels"):
        deciding["rounds"] = {k: v for k, v in deciding["rounds"].items() if k != name}
    if reaches is not None:
        deciding["reaches_A"] = {"-".join(pair): reaches[pair] for pair in sorted(reaches)}
    prints = [fingerprint(each.atoms, teacher.identity, deciding) for each in crystals]
    digests: dict[str, Any] = {
        "crystals": [each["structure"] for each in prints],
        "teacher": prints[0]["model"],
        "settings": prints[0]["settings"],
    }
    if not path.exists():
        write_text(path, json.dumps(digests, indent=1))
        return
    try:
        before = json.loads(path.read_text(encoding="utf-8"))
        other = [name for name, value in digests.items() if before[name] != value]
    except (ValueError, KeyError, TypeError) as error:
        raise CheckpointError(f"{path} is damaged; give another folder.") from error
    if other:
        raise CheckpointError(
            f"{path.parent} was made with other {' and '.join(other)}; give another folder, or "
            f"delete that one to begin anew."
        )
