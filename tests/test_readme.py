import json
import re
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nearsight.cli.main import main
from nearsight.errors import NearsightWarning
from nearsight.hessian import Hessian
from nearsight.models.families import FAMILIES

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.mark.skipif(FAMILIES["sevennet"].obstacle is not None, reason="the snippet needs sevenn")
def test_snippet_of_the_readme_does_what_it_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (snippet,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    with warnings.catch_warnings(record=True) as raised:
        warnings.simplefilter("always", NearsightWarning)
        exec(compile(snippet, "README.md", "exec"), names)
    said = [str(each.message) for each in raised if each.category is NearsightWarning]
    assert said == list(names["phonons"].warnings)
    assert "modes of the Brillouin zone are imaginary" in said[0]
    saved = Hessian.load(tmp_path / "quartz.hessian.npz")
    assert np.array_equal(saved.matrix_eV_per_A2, names["H"].matrix_eV_per_A2)
    assert names["modes"].n_imaginary == 0
    assert names["thermal"].heat_capacity_J_per_g_K.shape == (3,)
    assert names["constants"].rows_needed == 5
    printed = re.search(r"\[([\d. ]+)\]", snippet)
    assert printed is not None
    shown = [float(value) for value in printed[1].split()]
    np.testing.assert_allclose(names["thermal"].heat_capacity_J_per_g_K, shown, atol=0.005)

    command = ["heat-capacity", "examples/structures/quartz.cif", "--json", "quartz.json"]
    assert main([*command, "--temperature", "250", "300", "350"]) == 0
    record = json.loads(Path("quartz.json").read_text(encoding="utf-8"))
    by_command = [row["J_per_g_K"] for row in record["heat_capacity"]]
    np.testing.assert_allclose(names["thermal"].heat_capacity_J_per_g_K, by_command, rtol=1e-9)
    console = re.search(r"300\.00 +([\d.]+)", README)
    assert console is not None
    assert float(console[1]) == pytest.approx(by_command[1], abs=2e-4)


def test_commands_of_the_readme_exist() -> None:
    makefile = (ROOT / "Makefile").read_text()
    for target in re.findall(r"`make (\w+)`", README):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE)
