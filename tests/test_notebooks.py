import re
from dataclasses import dataclass, field, replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk

from nearsight import workflows
from nearsight.adsorption.henry import WithError
from nearsight.models import AseModel, load_model
from nearsight.notebooks import ShownInNotebooks
from nearsight.records.questions import HeatCapacityRecord
from nearsight.remarks import Remark

SOURCE = Path(__file__).parents[1] / "src"
HOSTILE = "<script>alert(1)</script>&<b>\x1b[31m"


@dataclass(frozen=True)
class Row:
    temperature_K: float
    henry_mol_per_kg_Pa: WithError


@dataclass(frozen=True)
class Answer(ShownInNotebooks):
    name: str
    energies_eV: np.ndarray
    tensor_GPa: np.ndarray
    matrix: np.ndarray
    rows: tuple[Row, ...]
    first: Row
    atoms: Atoms
    settings: dict[str, object] = field(default_factory=dict)
    warnings: tuple[Remark, ...] = ()

    def __repr__(self) -> str:
        return f"<Answer of {self.name}>"


def answer(name: str = "quartz.cif") -> Answer:
    row = Row(300.0, WithError(1.23456789e-5, 4.2e-7))
    return Answer(
        name, np.array([1.5, 2.5]), np.eye(2), np.zeros((9, 9)), (row, row), row, bulk("Cu")
    )


class Tags(HTMLParser):
    """What is opened, and what is not closed again."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.opened: set[str] = set()
        self.open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.opened.add(tag)
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_fields_are_shown_by_name_and_long_arrays_by_shape() -> None:
    shown = answer()._repr_html_()
    assert shown.startswith("<p>Answer of quartz.cif</p>")
    assert "<tr><th>energies_eV</th></tr><tr><td>1.5</td></tr><tr><td>2.5</td></tr>" in shown
    assert "<p>tensor_GPa</p><table><tr><td>1</td><td>0</td></tr>" in shown
    assert "<td>matrix</td><td>array of 9 × 9</td>" in shown
    assert shown.count("<tr><td>300</td><td>1.23457e-05 ± 4.2e-07</td></tr>") == 2
    assert "<details><summary>first</summary><table><tr><td>temperature_K" in shown
    assert "<td>atoms</td><td>Cu</td>" in shown


def test_long_tables_say_how_many_rows_are_left() -> None:
    shown = replace(answer(), energies_eV=np.arange(100.0))._repr_html_()
    assert "<td>19</td>" in shown
    assert "<td>20</td>" not in shown
    assert "<p>and 80 more</p>" in shown


def test_what_comes_from_files_is_text() -> None:
    """Names, values and keys of files may hold anything; a page acts upon none of it."""
    hostile = replace(
        answer(HOSTILE),
        settings={HOSTILE: HOSTILE},
        warnings=(Remark("one-of-several", HOSTILE),),
    )
    tags = Tags(hostile._repr_html_())
    assert tags.open == []
    assert tags.opened == {"p", "table", "tr", "th", "td", "details", "summary"}
    assert "\x1b" not in hostile._repr_html_()


@pytest.fixture(scope="module")
def emt() -> AseModel:
    model = load_model("ase:emt")
    assert isinstance(model, AseModel)
    return model


def test_a_record_and_what_is_behind_it_show_their_numbers(emt: AseModel) -> None:
    settings = workflows.HeatCapacitySettings(phonons=workflows.PhononSettings(mesh=4.0))
    record = workflows.heat_capacity(bulk("Cu"), emt, settings, progress=False)
    assert isinstance(record, HeatCapacityRecord)
    value = f"{record.heat_capacity[0].J_per_g_K:.6g}"
    heat = record.results.thermodynamics
    for each in (record, heat):
        assert f"<td>300</td><td>{value}</td>" in each._repr_html_()
    results = record.results
    for each in (results, results.hessian, results.relaxation, results.phonons, results.vibrations):
        tags = Tags(each._repr_html_())
        assert tags.open == []
        assert {"p", "table"} <= tags.opened


def test_all_that_says_in_a_line_what_it_is_of_is_shown_in_notebooks() -> None:
    shown = 0
    for file in SOURCE.rglob("*.py"):
        classes = re.split(r"^class ", file.read_text(encoding="utf-8"), flags=re.MULTILINE)
        for text in classes[1:]:
            if "paragraph(self" in text:
                assert "ShownInNotebooks" in text.partition(":")[0], (file, text[:40])
                shown += 1
    assert shown > 40
