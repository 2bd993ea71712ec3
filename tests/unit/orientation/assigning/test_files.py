"""Files of instances, as others publish them, and what is none."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
import pytest

from orientation.assigning.files import NotAnInstanceError, read_instances

GENERALISED = "2 3\n 8 6 4\n 3 9 7\n 1 2 3\n 4 5 6\n 7 8\n"


def written(tmp_path: Path, content: str | bytes) -> Path:
    path = tmp_path / "instance"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def test_a_square_of_costs(tmp_path: Path) -> None:
    (one,) = read_instances(written(tmp_path, "2\n 5 6\n 7 8\n"))
    assert (one.agents, one.jobs) == (2, 2)
    by_pair = {(int(a), int(j)): c for a, j, c in zip(one.agent, one.job, one.cost, strict=True)}
    # Its rows are what is to be assigned.
    assert by_pair == {(0, 0): 5, (1, 0): 6, (0, 1): 7, (1, 1): 8}
    assert one.capacity.tolist() == one.size[:2].tolist() == [1, 1]


def test_pairs_of_a_sparse_one(tmp_path: Path) -> None:
    (one,) = read_instances(written(tmp_path, "3\n1 1 10\n1 2 20\n2 3 30\n3 1 40\n"))
    assert list(zip(one.job, one.agent, one.cost, strict=True)) == [(0, 0, 10), (0, 1, 20), (1, 2, 30), (2, 0, 40)]


def test_a_generalised_one_and_its_sign(tmp_path: Path) -> None:
    (one,) = read_instances(written(tmp_path, GENERALISED), most=True)
    assert one.cost.reshape(3, 2).T.tolist() == [[-8, -6, -4], [-3, -9, -7]]
    assert one.size.reshape(3, 2).T.tolist() == [[1, 2, 3], [4, 5, 6]]
    assert one.capacity.tolist() == [7, 8]


def test_several_in_one_file(tmp_path: Path) -> None:
    found = read_instances(written(tmp_path, f"2\n{GENERALISED}{GENERALISED}"))
    assert [(one.agents, one.jobs) for one in found] == [(2, 3), (2, 3)]
    assert np.array_equal(found[0].cost, found[1].cost)


def test_in_an_archive(tmp_path: Path) -> None:
    path = tmp_path / "one.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("one", GENERALISED)
    assert read_instances(path)[0].jobs == 3
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("two", GENERALISED)
    with pytest.raises(NotAnInstanceError, match=r"must hold one file .* holds 2 files"):
        read_instances(path)


def test_a_broken_archive(tmp_path: Path) -> None:
    path = tmp_path / "one.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("one", GENERALISED * 50)
    content = bytearray(path.read_bytes())
    content[40:60] = b"\xff" * 20
    path.write_bytes(content)
    with pytest.raises(NotAnInstanceError, match="cannot be read"):
        read_instances(path)


@pytest.mark.parametrize("most, kept", [(False, [3.0, 4.0, 1.0]), (True, [-9.0, -4.0, -1.0])])
def test_of_a_pair_that_is_named_twice_the_better_one_counts(tmp_path: Path, most: bool, kept: list[float]) -> None:
    (one,) = read_instances(written(tmp_path, "2\n1 1 9\n1 2 4\n1 1 3\n2 2 1\n"), most=most)
    assert sorted(zip(one.job.tolist(), one.agent.tolist(), one.cost.tolist(), strict=True)) == [
        (0, 0, kept[0]), (0, 1, kept[1]), (1, 1, kept[2]),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "content, said",
    [
        ("", "holds 0 numbers"),
        ("2 5 6 7", "holds 4 numbers, beginning with 2 5 6 7"),
        (GENERALISED + "9", "is no assignment instance"),
        (GENERALISED.replace("7 8", "7 -8"), "is no assignment instance"),
        ("2.5 3", "is no assignment instance"),
        ("1e18 1e18 1", "is no assignment instance"),
        ("2 5 6 seven 8", "no number: 'seven'"),
        ("1 nan", "too large, or none"),
        (b"\x00\xff\xfe\x01", "no number"),
    ],
)
def test_nonsense_is_said_in_a_sentence(tmp_path: Path, content: str | bytes, said: str) -> None:
    with pytest.raises(NotAnInstanceError, match=said):
        read_instances(written(tmp_path, content))
