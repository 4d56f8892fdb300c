"""What is decided and refused before anything is computed: radius, cutoff, crystals, settings."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from ase import Atoms
from ase.build import molecule
from ase.constraints import FixAtoms

from nearsight.cli.commands import command_parser
from nearsight.cli.request import requested
from nearsight.errors import MethodError, ModelError, SettingError, StructureError
from nearsight.models import load_model
from nearsight.training import DataSettings, FunctionSettings
from nearsight.workflows import FirstFramesSettings, LearnSettings, RoundsSettings, learn
from nearsight.workflows.learn_checks import (
    require_calculable_fragments,
    require_elements,
    with_radius,
)

LOCALITY: Any = SimpleNamespace(cutoff_A=3.25, formula="C2H4")


def crystal(symbols: str) -> Any:
    return SimpleNamespace(name="given.cif", atoms=Atoms(symbols))


def test_a_record_of_other_elements_is_refused() -> None:
    require_elements([crystal("C4H8"), crystal("CH2")], LOCALITY)
    require_elements([crystal("ZnO")], None)
    with pytest.raises(SettingError, match=r"is of C2H4, and given\.cif has O, Zn too; give one"):
        require_elements([crystal("C2H4"), crystal("CO2Zn")], LOCALITY)


def test_radius_and_cutoff_are_half_of_the_range() -> None:
    settings = with_radius(LearnSettings(), LOCALITY)
    assert settings.rounds.fragment_radius_A == settings.functions.cutoff_A == 3.25
    assert with_radius(settings, LOCALITY) == settings
    alone = with_radius(LearnSettings(), None)
    assert alone.rounds.fragment_radius_A == alone.functions.cutoff_A == 4.359


def test_radius_and_cutoff_are_the_same_where_one_is_given() -> None:
    for settings in (
        LearnSettings(rounds=RoundsSettings(fragment_radius_A=3.0)),
        LearnSettings(functions=FunctionSettings(cutoff_A=3.0)),
    ):
        complete = with_radius(settings, None)
        assert complete.rounds.fragment_radius_A == complete.functions.cutoff_A == 3.0
    wide = replace(complete, rounds=RoundsSettings(fragment_radius_A=6.0))
    assert with_radius(wide, None) == wide


def test_a_cutoff_beyond_the_fragments_is_refused() -> None:
    settings = LearnSettings(
        functions=FunctionSettings(cutoff_A=4.0), rounds=RoundsSettings(fragment_radius_A=3.9)
    )
    with pytest.raises(SettingError, match=r"`cutoff_A` is 4 Å, and fragments of 3\.9 Å hold no"):
        with_radius(settings, None)


@pytest.mark.parametrize(
    "settings",
    [
        LearnSettings(rounds=RoundsSettings(fragment_radius_A=4.359)),
        LearnSettings(functions=FunctionSettings(cutoff_A=4.0)),
        LearnSettings(functions=FunctionSettings(cutoff_A=4.359)),  # the default, but given
    ],
)
def test_two_answers_are_refused(settings: LearnSettings, tmp_path: Path) -> None:
    """Before anything is read or written."""
    with pytest.raises(SettingError, match=r"half of the range of forces in the .* is 3\.25"):
        learn(["no.cif"], "gfn1-xtb", settings, out=tmp_path / "out", locality=LOCALITY)
    assert not (tmp_path / "out").exists()


def test_an_option_that_says_the_default_is_given() -> None:
    command = ["learn", "no.cif", "--teacher", "gfn1-xtb", "--out", "out"]
    for options, refused in (([], False), (["--cutoff", "4.359"], True)):
        arguments = command_parser().parse_args([*command, *options])
        settings = requested(arguments, LearnSettings()).settings
        if refused:
            with pytest.raises(SettingError, match=r"`cutoff_A` is 4\.359 Å"):
                with_radius(settings, LOCALITY)
        else:
            assert with_radius(settings, LOCALITY).functions.cutoff_A == 3.25


def chain() -> Atoms:
    positions = [[0.42, 0, 0], [-0.42, 0, 1.27], [1.05, 0.88, 0], [1.05, -0.88, 0]]
    positions += [[-1.05, 0.88, 1.27], [-1.05, -0.88, 1.27]]
    return Atoms("C2H4", positions, cell=[5.0, 5.2, 2.54], pbc=True)


def slab() -> Atoms:
    atoms = chain()
    atoms.pbc = (True, False, True)
    return atoms


def held() -> Atoms:
    atoms = chain()
    atoms.set_constraint(FixAtoms([0]))
    return atoms


@pytest.mark.parametrize(
    ("atoms", "data", "kind", "said"),
    [
        (molecule("C2H6"), {}, StructureError, "C2H6 is not periodic in three directions"),
        (slab(), {}, StructureError, "not periodic in three directions"),
        (held(), {}, StructureError, r"has constraints, .* atoms\.set_constraint"),
        (chain(), {"test_share": 0.05}, SettingError, "none of 8 first frames is tested"),
        (chain(), {"split": "file"}, SettingError, "`split` file goes by what data say"),
        (chain(), {"split": "group"}, SettingError, "first frames are all of C2H4 C0"),
        (
            chain(),
            {"atomic_energies": ("C=-1028.1",)},
            SettingError,
            "`atomic_energies` are of C, and fragments have C, H; give one for each",
        ),
    ],
)
def test_what_could_not_be_learnt_is_refused_at_first(
    tmp_path: Path, atoms: Atoms, data: dict[str, Any], kind: type[Exception], said: str
) -> None:
    """Before the teacher is even loaded: there is none of this name."""
    settings = LearnSettings(
        data=DataSettings(**{"test_share": 0.3, **data}),
        first=FirstFramesSettings(first_frames=8),
        rounds=RoundsSettings(fragment_radius_A=3.0),
    )
    with pytest.raises(kind, match=said):
        learn([atoms], "no-such-teacher", settings, out=tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_folder_that_no_model_could_be_named_after_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MethodError, match="has a question mark"):
        learn([chain()], "no-such-teacher", out=tmp_path / "which?")


def test_the_fragment_of_each_kind_of_site_is_asked_for() -> None:
    fragments = [SimpleNamespace(centre=f"{each}0", atoms=molecule(each)) for each in ("CO", "NH3")]
    fragments[1].atoms.info["charge"] = 1
    one = SimpleNamespace(
        name="given.cif",
        cutter=SimpleNamespace(at_rest=lambda: fragments[:1], of_kinds=lambda: fragments),
    )
    crystals: Any = [one]
    emt = load_model("ase:emt")
    capabilities = replace(emt.capabilities, takes_charge=False)
    neutral: Any = SimpleNamespace(identity=emt.identity, capabilities=capabilities)
    with pytest.raises(ModelError, match=r"the fragment around NH30 of given\.cif: H3N has the"):
        require_calculable_fragments(crystals, neutral)
