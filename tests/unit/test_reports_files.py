"""The folder of results on a disk that fills up: one sentence, no half file, and older files stay whole."""

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from mmm_core.domain.errors import Unavailable
from mmm_core.reports import files
from tests.fakes.some_results import some_plan, some_results

STYLES = ("base", "aggressive", "conservative")


@contextmanager
def small_files(limit: int) -> Iterator[None]:
    """As on a full disk, the system stops a write in the middle; Python ignores the signal that comes with it."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def write(folder: Path, html: str, netcdf: bytes) -> list[Path]:
    plans = [some_plan(s) for s in STYLES]
    return files.write_all(
        folder, some_results(), spec_yaml="version: 1\n", recipe=(), current=plans[0].outcome.plan, plans=plans,
        markdown="# Report", html=html, netcdf=netcdf,
    )  # fmt: skip


def test_a_write_that_stops_in_the_middle_leaves_the_older_file_whole(tmp_path: Path) -> None:
    assert {p.name for p in write(tmp_path, "<p>first</p>", b"first")} >= {"summary.json", "posterior.nc"}
    large = "x" * 2_000_000
    with small_files(1_000_000), pytest.raises(Unavailable, match=r"^report\.html could not be written to .+\.$"):
        write(tmp_path, large, b"second")
    assert (tmp_path / "report.html").read_text() == "<p>first</p>"
    assert (tmp_path / "posterior.nc").read_bytes() == b"first"
    assert [p.name for p in tmp_path.iterdir() if p.name.endswith(".partial")] == []


def test_a_folder_that_turned_into_a_file_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("")
    with pytest.raises(Unavailable, match="could not be written"):
        write(tmp_path / "out", "<p>", b"")
