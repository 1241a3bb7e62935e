"""A run in one file: a compressed tar with checksums, packed reproducibly and unpacked without being trusted.

The first member, SHA256SUMS, lists all others in the format of sha256sum(1). The same files make the same
bytes. Nothing in an archive is run; what it says of itself counts only after its checksums have been found
right.
"""

import contextlib
import gzip
import hashlib
import io
import re
import shutil
import tarfile
import tempfile
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path

from icgd.results.store import replacing

FORMAT = "icgd archive 1"
SUMS = "SHA256SUMS"
LINE = re.compile(r"([0-9a-f]{64})  (\S[^\n]*)")
BLOCK = 1 << 20
"""Bytes that are read at once."""
Content = Path | bytes
"""A file, or what it holds."""


class ArchiveError(Exception):
    """A file is no archive of this project, or no longer the one that was made; the message names it."""


def pack(path: Path, top: str, members: Mapping[str, Content]) -> None:
    """Write the members, by their place below the folder `top`, and their checksums."""
    lines = (f"{_digest(_opened(content))}  {place}\n" for place, content in members.items())
    whole: dict[str, Content] = {SUMS: "".join(lines).encode(), **members}
    with (
        replacing(path) as temporary,
        temporary.open("wb") as raw,
        gzip.GzipFile("", "wb", fileobj=raw, mtime=0) as stream,
        tarfile.open(fileobj=stream, mode="w", format=tarfile.PAX_FORMAT) as tar,
    ):
        for place, content in whole.items():
            header = tarfile.TarInfo(f"{top}/{place}")  # of nobody, of 1970
            header.size = content.stat().st_size if isinstance(content, Path) else len(content)
            with _opened(content) as file:
                tar.addfile(header, file)


def unpack(archive: Path, folder: Path) -> None:
    """Make `folder`, also anew, from an archive; if it is not right, `ArchiveError` and nothing new there."""
    if not hasattr(tarfile, "data_filter"):
        raise ArchiveError("this Python cannot unpack archives safely; 3.11.4 or newer can")
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".unpacking-") as scratch:
        with _named(archive):
            top = _extracted(archive, Path(scratch))
            _check(top)
        if folder.exists():
            shutil.rmtree(folder)
        top.rename(folder)


@contextlib.contextmanager
def _named(archive: Path) -> Iterator[None]:
    """Whatever is wrong with an archive, the message begins with its name and ends with what to do."""
    advice = "Nothing of it was used; get it again, and compare it with the checksum that it was given with"
    try:
        yield
    except FileNotFoundError:
        raise ArchiveError(f"{archive} does not exist") from None
    except (tarfile.FilterError, ArchiveError) as error:
        raise ArchiveError(f"{archive} {error}. {advice}") from None
    except (EOFError, zlib.error, tarfile.TarError, OSError, ValueError) as error:
        raise ArchiveError(f"{archive} is cut off, or no archive of a run ({error}). {advice}") from None


def _extracted(archive: Path, scratch: Path) -> Path:
    """Its members, as files below `scratch`; the folder that they are in."""
    seen: set[str] = set()
    with gzip.open(archive) as stream:
        with tarfile.open(fileobj=stream, mode="r:") as tar:
            for member in tar:
                if not seen and not member.name.endswith(f"/{SUMS}"):
                    raise ArchiveError(f"is no archive of a run: it begins with {member.name!r}, not {SUMS}")
                if not member.isfile() or member.name in seen:
                    raise ArchiveError(f"holds {member.name!r} twice, or as something other than a file")
                seen.add(member.name)
                tar.extract(member, scratch, set_attrs=False, filter="data")
        while stream.read(BLOCK):  # to its end, where the checksum of the whole is
            pass
    tops = list(scratch.iterdir())
    if len(tops) != 1:
        raise ArchiveError(f"is no archive of a run: it has {len(tops)} folders where one was expected")
    return tops[0]


def _check(top: Path) -> None:
    found = {path.relative_to(top).as_posix(): path for path in top.rglob("*") if path.is_file()}
    sums: dict[str, str] = {}
    for line in found.pop(SUMS).read_text("utf-8").splitlines():
        if not (parts := LINE.fullmatch(line)):
            raise ArchiveError(f"has a line in {SUMS} that is none: {line[:100]!r}")
        sums[parts[2]] = parts[1]
    for place in sums.keys() ^ found.keys():
        raise ArchiveError(f"{'lacks' if place in sums else 'has, beside its list,'} {place}")
    for place, path in found.items():
        if _digest(path.open("rb")) != sums[place]:
            raise ArchiveError(f"was changed: {place} does not have the checksum of {SUMS}")


def _opened(content: Content) -> io.BufferedReader | io.BytesIO:
    return content.open("rb") if isinstance(content, Path) else io.BytesIO(content)


def _digest(file: io.BufferedReader | io.BytesIO) -> str:
    with file:
        return hashlib.file_digest(file, "sha256").hexdigest()
