import runpy
from pathlib import Path

import pytest

from nearsight.models.families import FAMILIES

EXAMPLES = sorted((Path(__file__).parents[1] / "examples").glob("[0-9]*.py"))
CHEAP = {"02_modes_of_a_molecule", "06_phonons_of_copper", "08_elastic_constants"}
"""Others are marked as slow."""


@pytest.mark.parametrize(
    "script",
    [
        pytest.param(path, marks=[] if path.stem in CHEAP else pytest.mark.slow, id=path.stem)
        for path in EXAMPLES
    ],
)
def test_example_runs_and_its_assertions_hold(
    script: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Slow: the first example takes phonons of quartz with a network."""
    if "sevennet" in script.read_text() and FAMILIES["sevennet"].obstacle is not None:
        pytest.skip("the example needs sevenn, which is not usable here")
    monkeypatch.chdir(tmp_path)
    runpy.run_path(str(script), run_name="__main__")
