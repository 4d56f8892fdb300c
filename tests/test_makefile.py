import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
NETWORK = re.compile(r"\bnetwork(_float32)?: Model\b|getfixturevalue\(\"network|\btiny_mace")


def test_what_computes_with_a_network_is_tested_in_each_environment() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8").replace("\\\n", " ")
    [listed] = re.findall(r"^OF_NETWORKS = (.*)$", makefile, re.MULTILINE)
    found = [path for pattern in listed.split() for path in ROOT.glob(pattern)]
    files = {file for path in found for file in (path.rglob("*.py") if path.is_dir() else [path])}
    computing = {
        file
        for file in (ROOT / "tests").rglob("test_*.py")
        if file != Path(__file__) and NETWORK.search(file.read_text(encoding="utf-8"))
    }
    assert len(computing) > 5
    assert computing <= files
