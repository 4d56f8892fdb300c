"""What is decided and refused before crystals are learnt, so that no work is lost by it."""

from collections.abc import Sequence
from dataclasses import replace

from ase.formula import Formula

from nearsight.errors import (
    MethodError,
    ModelError,
    NearsightError,
    SettingError,
    StructureError,
)
from nearsight.models.contract import Model
from nearsight.models.evaluable import require_calculable
from nearsight.records.questions import LocalityRecord
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


def require_crystals(crystals: Sequence[Crystal]) -> None:
    """Check that all are crystals that can be moved at a pressure.

    Raises
    ------
    MethodError
        There is none.
    StructureError
        One is not periodic in three directions, or has constraints.
    """
    if not crystals:
        raise MethodError("there is no crystal to learn; give at least one.")
    for crystal in crystals:
        if not crystal.atoms.pbc.all():
            raise StructureError(
                f"{crystal.name} is not periodic in three directions, and what is learnt moves it "
                f"at a pressure; give a crystal."
            )
        if crystal.atoms.constraints:
            raise StructureError(
                f"{crystal.name} has constraints, and what is learnt moves all of it at a "
                f"pressure; remove them with atoms.set_constraint()."
            )


def require_calculable_fragments(crystals: Sequence[Crystal], teacher: Model) -> None:
    """Check that a teacher has elements, charge and spin of the fragment of each kind of site.

    Raises
    ------
    ModelError
        It has not; naming the fragment.
    """
    for crystal in crystals:
        for fragment in crystal.cutter.of_kinds():
            try:
                require_calculable(fragment.atoms, teacher)
            except ModelError as error:
                raise ModelError(
                    f"the fragment around {fragment.centre} of {crystal.name}: {error}"
                ) from error


def require_trainable(crystals: Sequence[Crystal], settings: LearnSettings) -> None:
    """Check that first frames can be divided and have the elements that settings name.

    Raises
    ------
    SettingError
        No structure would be tested, or energies of free atoms are those of other elements.
    """
    fragments = [
        (f"{crystal.stem} {each.centre}", each.atoms)
        for crystal in crystals
        for each in crystal.cutter.at_rest()
    ]
    n_first = len(fragments) * settings.first.first_frames
    asked = settings.data
    if asked.split == "file":
        raise SettingError(
            "`split` file goes by what data say of themselves, and fragments that are labelled "
            "here say nothing; give another one.",
            "split",
        )
    if asked.split == "group" and len({name for name, _ in fragments}) < 2:
        raise SettingError(
            f"`split` group tests whole groups, and the first frames are all of "
            f"{fragments[0][0]}; give another one.",
            "split",
        )
    if asked.split != "group" and int(asked.test_share * n_first) < 1:
        raise SettingError(
            f"`test_share` is {asked.test_share:g}, of which none of {n_first} first frames is "
            f"tested; give a larger share, or more `first_frames`.",
            "test_share",
        )
    given = asked.given_atomic_energies_eV()
    symbols = sorted({symbol for _, atoms in fragments for symbol in atoms.symbols})
    if given and set(given) != set(symbols):
        raise SettingError(
            f"`atomic_energies` are of {', '.join(given)}, and fragments have "
            f"{', '.join(symbols)}; give one for each of the latter, or none.",
            "atomic_energies",
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
