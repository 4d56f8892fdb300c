"""phonopy's YAML is read; what else a file asks for is refused, and nothing in it runs."""

import gzip
import lzma
from pathlib import Path

import pytest
import yaml

from nearsight.errors import CheckpointError
from nearsight.hessian.files.phonopy_results import read_phonopy
from nearsight.hessian.files.phonopy_yaml import is_phonopy_file, parse_yaml, read_yaml

HERE = Path("x.yaml")


def test_names_of_phonopy_files() -> None:
    assert all(map(is_phonopy_file, ("a.yaml", "b/phonopy.yml", Path("c.yaml.xz"), "d.yml.gz")))
    assert not any(map(is_phonopy_file, ("a.cif", "b.npz", "yaml")))


HOSTILE = [
    "x: !!python/object/apply:os.system [{command}]",
    "!!python/object/apply:os.system [{command}]",
    "- !!python/object/apply:subprocess.check_call [[sh, -c, {command}]]",
    "x: !!python/object/new:os.system [{command}]",
    "? !!python/object/apply:os.system [{command}]\n: 1",
    "x: !!python/name:os.system ''",
    "x: !!python/module:antigravity ''",
    "%TAG ! tag:yaml.org,2002:python/\n---\nx: !object/apply:os.system [{command}]",
    "x: !<tag:yaml.org,2002:python/object/apply:os.system> [{command}]",
    "x: &a !!python/object/apply:os.system [{command}]\ny: *a",
]


@pytest.mark.parametrize("packed", ["", ".xz", ".gz"])
@pytest.mark.parametrize("content", HOSTILE)
def test_no_code_of_a_file_runs(content: str, packed: str, tmp_path: Path) -> None:
    ran = tmp_path / "RAN"
    text = content.format(command=f'"touch {ran}"').encode()
    path = tmp_path / f"e.yaml{packed}"
    packers = {"": bytes, ".xz": lzma.compress, ".gz": gzip.compress}
    path.write_bytes(packers[packed](text))
    with pytest.raises(CheckpointError, match=r"line \d+ has (the tag|an anchor)"):
        read_phonopy(path)
    assert not ran.exists()


def test_hostile_content_is_hostile(tmp_path: Path) -> None:
    """The loader that phonopy uses runs what the test above holds up to ours."""
    ran = tmp_path / "RAN"
    yaml.load(HOSTILE[0].format(command=f'"touch {ran}"'), Loader=yaml.CLoader)
    assert ran.exists()


def test_aliases_that_grow_without_end_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "laughs.yaml"
    lines = ["a0: &a0 [1, 1, 1, 1, 1, 1, 1, 1, 1]"]
    lines += [f"a{i}: &a{i} [{', '.join(9 * [f'*a{i - 1}'])}]" for i in range(1, 12)]
    path.write_text("\n".join(lines))
    with pytest.raises(CheckpointError, match="line 1 has an anchor or an alias"):
        read_phonopy(path)


@pytest.mark.parametrize("packed", [".xz", ".gz"])
def test_packed_files_are_unpacked_up_to_a_limit(packed: str, tmp_path: Path) -> None:
    pack = {".xz": lzma.compress, ".gz": gzip.compress}[packed]
    path = tmp_path / f"bomb.yaml{packed}"
    path.write_bytes(pack(b"# " + 2**20 * b"0"))
    assert path.stat().st_size < 2000
    with pytest.raises(CheckpointError, match="more than 1 MiB of text"):
        read_yaml(path, largest_bytes=2**20)
    path.write_bytes(pack(b"a: 1"))
    assert read_yaml(path) == {"a": 1}


def test_numbers_without_end_are_refused_before_they_fill_the_memory(tmp_path: Path) -> None:
    """Packed, empty lists without end take a few kilobytes; each is an object once it is read."""
    path = tmp_path / "bomb.yaml.xz"
    path.write_bytes(lzma.compress(b"a:\n- [1, 2]\n- [" + 2000 * b"[]," + b"]"))
    assert path.stat().st_size < 200
    with pytest.raises(CheckpointError, match="line 3 goes beyond the numbers that any YAML"):
        read_yaml(path, most_nodes=1000)
    assert len(read_yaml(path, most_nodes=2010)["a"][1]) == 2000


def test_whole_numbers_that_python_refuses_are_infinite() -> None:
    assert parse_yaml(HERE, f"a: {5000 * '1'}") == {"a": float("inf")}


def test_collections_may_not_lie_arbitrarily_deep() -> None:
    with pytest.raises(CheckpointError, match="line 1 lies more than 12 collections deep"):
        parse_yaml(HERE, 20 * "[")


def test_values_are_what_phonopy_writes() -> None:
    found = parse_yaml(
        HERE,
        "points:\n- symbol: No # 1\n  mass: 259.0\n- {symbol: Y, mass: 1e-05}\n"
        'version: "4.10"\nshape: [ 2, -16 ]\nnothing:\nalso: ~\n',
    )
    assert found == {
        "points": [{"symbol": "No", "mass": 259.0}, {"symbol": "Y", "mass": 1e-5}],
        "version": "4.10",
        "shape": [2, -16],
        "nothing": None,
        "also": None,
    }
    assert found.lines == {"points": 1, "version": 5, "shape": 6, "nothing": 7, "also": 8}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: 1\nb: 2\na: 3\n", "line 3 has “a” for the second time"),
        ("a: 1\n---\nb: 2\n", "line 2 begins a second document"),
        ("a: [1, 2", r"line 1|line 2"),
        ("a: 1\n b: 2\n", "in line 2"),
        ("a: \x00", "not a readable YAML file"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(text: str, message: str) -> None:
    with pytest.raises(CheckpointError, match=message):
        parse_yaml(HERE, text)


def test_bytes_that_are_no_text_are_named(tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    path.write_bytes(b"a: \xff")
    with pytest.raises(CheckpointError, match="byte 4 is no text"):
        read_yaml(path)
    path = tmp_path / "x.yaml.xz"
    path.write_bytes(b"a: 1")
    with pytest.raises(CheckpointError, match="cannot be read or unpacked"):
        read_yaml(path)
