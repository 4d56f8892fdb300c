"""The study of CIFs on the small ones of the tests."""

from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

DATA = Path(__file__).parents[1] / "structures" / "data"


def test_files_are_counted_by_verdict_and_read_once(
    study: Callable[[str], ModuleType], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    again = tmp_path / "again.cif"
    again.write_bytes((DATA / "hm_underscore.cif").read_bytes())
    table = tmp_path / "table.md"
    monkeypatch.setattr("sys.argv", ["study", str(DATA), str(again), "--table", str(table)])
    study("read_cifs").main()
    text = table.read_text(encoding="utf-8")
    assert "12 different files: of 6 the composition of the cell is as gemmi has it, of 0" in text
    assert "2 are read only here, 4 are refused" in text
    assert "| data/hm_underscore.cif | O2Zn2 | O2Zn2 | agrees |" in text
    assert "| data/group_type_symbol.cif |  | Cu4X2 | refused | Site O1 has" in text
