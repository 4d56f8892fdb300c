"""Settings of space groups against spglib's tables, which are another program's."""

import numpy as np
import pytest
import spglib

from cif_text import cif_text
from nearsight.errors import StructureError
from nearsight.structures.cif.document import parse
from nearsight.structures.cif.operations import Operations, from_hall
from nearsight.structures.cif.settings import named_settings
from nearsight.structures.operations import exceptions_from_spglib


def names_of(*header: str) -> list[str]:
    [block] = parse(cif_text([], header=header).encode()).blocks
    return [each.name for each in named_settings(block).settings]


def by_symbol(symbol: str) -> list[str]:
    return names_of(f'_space_group_name_H-M_alt "{symbol}"')


def spglib_operations(hall_number: int) -> Operations:
    with exceptions_from_spglib():
        found = spglib.get_symmetry_from_database(hall_number)
    shifts = np.round(found["translations"] * 24).astype(int) % 24
    codes = np.hstack([found["rotations"].reshape(-1, 9), shifts])
    return Operations(frozenset(map(tuple, codes.tolist())))


def spglib_type(hall_number: int) -> spglib.SpaceGroupType:
    with exceptions_from_spglib():
        found = spglib.get_spacegroup_type(hall_number)
    assert found is not None
    return found


@pytest.mark.parametrize("hall_number", range(1, 531, 3))
def test_hall_symbols_give_the_operations_of_spglibs_tables(hall_number: int) -> None:
    symbol = spglib_type(hall_number).hall_symbol.replace("=", '"')
    operations = from_hall(symbol)
    assert operations == spglib_operations(hall_number)
    assert operations.number == spglib_type(hall_number).number


@pytest.mark.parametrize(
    ("hall_number", "symbol"),
    [
        (228, "P n n n :1"),
        (229, "P n n n :2"),
        (294, "P b n m"),
        (292, "P n m a"),
        (525, "F d -3 m :1"),
        (526, "F d -3 m :2"),
        (526, "F d -3 m (origin choice 2)"),
        (525, "F d 3 m S"),
        (525, "F d -3 m O1"),
        (526, "'F d -3 m :2'"),
        (526, "Fd-3mZ"),
        (426, "I 41/a m d :1"),
        (427, "I 41/a m d :2"),
        (460, "R -3 c :H"),
        (460, "R-3cH"),
        (461, "R -3 c :R"),
        (461, "R -3 c R"),
        (452, "R 3 c :H"),
        (453, "R_3_c_:R"),
        (212, "F d d 2"),
        (81, "P 1 21/c 1"),
        (81, "P 1 2~1~/c 1"),
        (82, "P 1 21/n 1"),
        (83, "P 1 21/a 1"),
        (84, "P 1 1 21/a"),
        (488, "P 63/m m c"),
        (488, "P 6_3/m m c"),
        (488, "P6(3)/mmc"),
        (480, "P_63_m_c"),
        (523, "F m -3 m"),
        (523, "F m 3 m"),
        (523, "FM3M"),
        (523, "F 4/m -3 2/m"),
        (292, "P 21/n 21/m 21/a"),
        (304, "C m c e"),
        (304, "C m c a"),
    ],
)
def test_symbols_in_any_style_give_one_setting(hall_number: int, symbol: str) -> None:
    [block] = parse(cif_text([], header=[f'_space_group_name_H-M_alt "{symbol}"']).encode()).blocks
    [setting] = named_settings(block).settings
    assert setting.operations == spglib_operations(hall_number)
    assert setting.number == spglib_type(hall_number).number


@pytest.mark.parametrize(
    ("symbol", "settings"),
    [
        ("F d -3 m", ["F d -3 m:1", "F d -3 m:2"]),
        ("R -3 c", ["R -3 c:H", "R -3 c:R"]),
        ("P 21/c", ["P 1 21/c 1", "P 21/c 1 1"]),
        ("P 21/n", ["P 1 21/n 1", "P 1 1 21/n", "P 21/n 1 1"]),
        ("C c c e", ["C c c a:1", "C c c a:2"]),
        ("C m m e", ["C m m a"]),
        ("P 32", ["P 32"]),
        ("P 3 2 1", ["P 3 2 1"]),
        ("P 1", ["P 1"]),
        ("Q 7", []),
        ("P n m a :1", []),
    ],
)
def test_a_symbol_stands_for_all_settings_that_it_does_not_tell_apart(
    symbol: str, settings: list[str]
) -> None:
    assert by_symbol(symbol) == settings


def test_a_number_stands_for_its_settings_in_the_tables() -> None:
    assert names_of("_space_group_IT_number 225") == ["F m -3 m"]
    assert names_of("_space_group_IT_number 1") == ["P 1"]
    assert len(names_of("_space_group_IT_number 62")) == 6


def test_names_narrow_each_other_down() -> None:
    symbol = "_space_group_name_H-M_alt 'F d -3 m'"
    assert names_of(symbol, "_space_group_name_Hall '-F 4vw 2vw 3'") == ["F d -3 m:2"]
    assert names_of(symbol, "_space_group_IT_coordinate_system_code 2") == ["F d -3 m:2"]
    code = "_space_group_IT_coordinate_system_code b2"
    assert names_of("_space_group_name_H-M_alt 'P 21/n'", code) == ["P 1 21/n 1"]


def test_hall_symbols_may_have_underscores_and_shifted_origins() -> None:
    assert names_of("_space_group_name_Hall -F_4vw_2vw_3") == ["F d -3 m:2"]
    header = ["_space_group_name_Hall '-P 2ybc (x+1/4,y,z)'"]
    [block] = parse(cif_text([], header=header).encode()).blocks
    [setting] = named_settings(block).settings
    assert setting.number == 14
    assert len(setting.operations) == 4
    assert setting.operations != from_hall("-P 2ybc")


def test_names_of_different_groups_are_a_conflict() -> None:
    header = ["_space_group_IT_number 62", "_space_group_name_H-M_alt 'F m -3 m'"]
    [block] = parse(cif_text([], header=header).encode()).blocks
    conflict = named_settings(block).conflict
    assert conflict is not None
    assert "'F m -3 m' is of space group 225" in conflict
    assert "number 62 of 62" in conflict


def test_a_number_of_no_group_is_refused() -> None:
    with pytest.raises(StructureError, match="'231'; give one of 1 to 230"):
        names_of("_space_group_IT_number 231")
