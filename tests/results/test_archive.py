"""An archive is what was packed, or it is refused by its name and leaves nothing behind."""

import gzip
import io
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from icgd.results.archive import SUMS, ArchiveError, Content, pack, unpack

Change = Callable[[dict[str, bytes]], object]


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    (tmp_path / "a").mkdir()
    (tmp_path / "a/table.csv").write_text("x\n1\n")
    members: dict[str, Content] = {"deep/er/table.csv": tmp_path / "a/table.csv", "note": b"of use" * 1000}
    pack(tmp_path / "run.tar.gz", "icgd-run", members)
    return tmp_path / "run.tar.gz"


def rewritten(archive: Path, change: Change) -> None:
    """An archive with other members, correctly packed."""
    with tarfile.open(archive) as tar:
        members = {m.name: tar.extractfile(m).read() for m in tar}  # type: ignore[union-attr]
    change(members)
    with tarfile.open(archive, "w:gz") as tar:
        for name, content in members.items():
            header = tarfile.TarInfo(name)
            header.size = len(content)
            tar.addfile(header, io.BytesIO(content))


def refused(archive: Path, match: str) -> None:
    """It is refused by name, nothing is written, and what was there before stays."""
    target = archive.parent / "out/there"
    target.mkdir(parents=True, exist_ok=True)
    (target / "old").write_text("kept")
    with pytest.raises(ArchiveError, match=match) as error:
        unpack(archive, target)
    assert str(error.value).startswith(f"{archive} ")
    assert [path.name for path in archive.parent.joinpath("out").rglob("*")] == ["there", "old"]


def test_what_was_packed_comes_out(archive: Path, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out/older").write_text("of another archive")
    unpack(archive, tmp_path / "out")
    found = {
        path.relative_to(tmp_path / "out").as_posix() for path in tmp_path.glob("out/**/*") if path.is_file()
    }
    assert found == {SUMS, "deep/er/table.csv", "note"}
    assert (tmp_path / "out/deep/er/table.csv").read_text() == "x\n1\n"
    assert (tmp_path / "out/note").read_bytes() == b"of use" * 1000


def test_same_files_make_the_same_bytes(archive: Path, tmp_path: Path) -> None:
    (tmp_path / "b.csv").write_text("x\n1\n")
    members: dict[str, Content] = {"deep/er/table.csv": tmp_path / "b.csv", "note": b"of use" * 1000}
    pack(tmp_path / "again.tar.gz", "icgd-run", members)
    assert (tmp_path / "again.tar.gz").read_bytes() == archive.read_bytes()


def test_checksums_are_those_of_sha256sum(archive: Path, tmp_path: Path) -> None:
    unpack(archive, tmp_path / "out")
    line = next(line for line in (tmp_path / "out" / SUMS).read_text().splitlines() if "table" in line)
    # printf 'x\n1\n' | sha256sum
    assert line == "daff832f802000e645771a60983c76c963f6ee602a6230e45237bd360e91cc1a  deep/er/table.csv"


@pytest.mark.parametrize("keep", [0.0, 0.3, 0.9, 0.999])
def test_truncated_archive_is_refused(archive: Path, keep: float) -> None:
    archive.write_bytes(archive.read_bytes()[: int(keep * archive.stat().st_size)])
    refused(archive, "is cut off, or no archive of a run")


def test_archive_that_ends_between_members_is_refused(archive: Path) -> None:
    whole = gzip.decompress(archive.read_bytes())
    cut = whole.index(b"icgd-run/note")  # the header of the last member
    archive.write_bytes(gzip.compress(whole[:cut]))
    refused(archive, "lacks note")


@pytest.mark.parametrize("place", [0.2, 0.5, 0.9])
def test_flipped_bit_is_found(archive: Path, place: float) -> None:
    content = bytearray(archive.read_bytes())
    content[int(place * len(content))] ^= 4
    archive.write_bytes(bytes(content))
    refused(archive, "Nothing of it was used")


@pytest.mark.parametrize(
    ("change", "match"),
    [
        (lambda m: m.update({"icgd-run/note": b"other"}), "was changed: note does not have the checksum"),
        (lambda m: m.pop("icgd-run/note"), "lacks note"),
        (lambda m: m.update({"icgd-run/more": b""}), "has, beside its list, more"),
        (lambda m: m.update({"other/note": b""}), "has 2 folders"),
        (
            lambda m: m.update({"icgd-run/SHA256SUMS": b"what\n"}),
            "a line in SHA256SUMS that is none: 'what'",
        ),
        (lambda m: m.pop("icgd-run/SHA256SUMS"), "it begins with 'icgd-run/deep/er/table.csv'"),
        (lambda m: m.update({"icgd-run/../../../escaped": b""}), "would be extracted to .* outside"),
        (lambda m: m.update({"../escaped": b""}), "outside the destination"),
    ],
)
def test_changed_and_foreign_archives_are_refused(archive: Path, change: Change, match: str) -> None:
    rewritten(archive, change)
    refused(archive, match)
    assert not list(archive.parent.rglob("escaped"))


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.DIRTYPE, tarfile.FIFOTYPE])
def test_links_and_devices_are_refused(archive: Path, kind: bytes) -> None:
    whole = gzip.decompress(archive.read_bytes())
    stream = io.BytesIO(whole)
    with tarfile.open(fileobj=stream, mode="a") as tar:
        header = tarfile.TarInfo("icgd-run/link")
        header.type, header.linkname = kind, "/etc/passwd"
        tar.addfile(header)
    archive.write_bytes(gzip.compress(stream.getvalue()))
    refused(archive, "'icgd-run/link' twice, or as something other than a file")


def test_other_files_are_refused(archive: Path) -> None:
    archive.write_bytes(b"PK\x03\x04 a zip")
    refused(archive, "is cut off, or no archive of a run")
    archive.unlink()
    refused(archive, "does not exist")
