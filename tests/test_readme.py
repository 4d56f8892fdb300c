import re
from pathlib import Path

import numpy as np
import pytest

from nearsight.hessian import Hessian
from nearsight.models.families import FAMILIES

ROOT = Path(__file__).parents[1]


@pytest.mark.skipif(FAMILIES["sevennet"].obstacle is not None, reason="the snippet needs sevenn")
def test_snippet_of_the_readme_does_what_it_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (snippet,) = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    exec(compile(snippet, "README.md", "exec"), names)
    saved = Hessian.load(tmp_path / "quartz.hessian.npz")
    assert np.array_equal(saved.matrix_eV_per_A2, names["H"].matrix_eV_per_A2)
    assert names["modes"].n_imaginary == 0
    assert names["thermal"].heat_capacity_J_per_g_K.shape == (3,)
    assert names["constants"].rows_needed == 5


def test_commands_of_the_readme_exist() -> None:
    makefile = (ROOT / "Makefile").read_text()
    for target in re.findall(r"`make (\w+)`", (ROOT / "README.md").read_text()):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE)
