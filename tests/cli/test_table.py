"""Tables: what is printed, and that files have the same numbers with all their digits."""

import csv
from pathlib import Path

import numpy as np
import pytest

from nearsight.tables.csv_files import CsvOutput, csv_file
from nearsight.tables.table import Column, Table


def a_table() -> Table:
    return Table(
        (
            Column("temperature_K", np.array([300.0, 0.1 + 0.2]), "T / K", "9.2f"),
            Column("element", ["Mg", "O"], "element", "<7"),
            Column("error_bar", [None, 1e-30], "± / J/(g K)", "11.5f"),
            Column("further", [1, 2]),
        )
    )


def read(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_printed_columns_stand_below_their_headings(capsys: pytest.CaptureFixture[str]) -> None:
    assert a_table().print() == 0
    assert capsys.readouterr().out.splitlines() == [
        "      T / K   element   ± / J/(g K)",
        "     300.00   Mg                  -",
        "       0.30   O             0.00000",
    ]


def test_rows_beyond_those_that_are_shown_are_counted(capsys: pytest.CaptureFixture[str]) -> None:
    assert a_table().print(1) == 1
    assert len(capsys.readouterr().out.splitlines()) == 2


def test_files_have_every_digit_and_every_column(tmp_path: Path) -> None:
    output = CsvOutput(str(tmp_path / "r.csv"))
    output.add("a, b.cif", "ase:emt", [a_table()])
    output.finish()
    first, second = read(tmp_path / "r.csv")
    assert list(first) == [
        "structure",
        "model",
        "temperature_K",
        "element",
        "error_bar",
        "further",
    ]
    assert (first["structure"], first["model"], first["error_bar"]) == ("a, b.cif", "ase:emt", "")
    assert float(second["temperature_K"]) == 0.1 + 0.2
    assert float(second["error_bar"]) == 1e-30


def test_structures_with_other_columns_and_failures_are_rows_too(tmp_path: Path) -> None:
    output = CsvOutput(str(tmp_path / "r.csv"))
    output.add("one", "m", [Table((Column("x_A", [1.5]),))])
    output.add_failure("two", "it is empty,\nand more")
    output.add("three", None, [Table((Column("x_A", [2.5]), Column("y_eV", [3.5])))])
    output.finish()
    rows = read(tmp_path / "r.csv")
    assert list(rows[0]) == ["structure", "model", "x_A", "y_eV", "error"]
    assert [row["x_A"] for row in rows] == ["1.5", "", "2.5"]
    assert [row["error"] for row in rows] == ["", "it is empty,\nand more", ""]


def test_tables_of_another_kind_are_beside_the_first(tmp_path: Path) -> None:
    target = str(tmp_path / "phonons.csv")
    output = CsvOutput(target)
    output.add("one", "m", [Table((Column("x", [1]),)), Table((Column("q", [2]),), "bands")])
    output.finish()
    assert read(tmp_path / "phonons.csv")[0]["x"] == "1"
    assert read(Path(csv_file(target, "bands")))[0]["q"] == "2"
    assert csv_file(target, "bands") == str(tmp_path / "phonons.bands.csv")


def test_without_a_file_nothing_is_kept() -> None:
    output = CsvOutput(None)
    output.add("one", "m", [a_table()])
    output.add_failure("two", "no")
    output.finish()
