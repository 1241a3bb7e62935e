"""Processes that other processes can recognise later, even after their number was given away again."""

import json
import os
import sys
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True)
class Process:
    """A process: the host it runs on, its number there, and when the kernel started it."""

    host: str
    machine: str
    pid: int
    started: str

    @classmethod
    def current(cls) -> "Process":
        """The calling process."""
        return cls(os.uname().nodename, _machine(), os.getpid(), _started(os.getpid()) or "")

    @classmethod
    def read(cls, text: str) -> "Process":
        """A process from its JSON; ValueError if the text is none."""
        try:
            return cls(**json.loads(text))
        except TypeError as error:
            raise ValueError(error) from None

    def to_json(self) -> str:
        """The process as one line of JSON."""
        return json.dumps(asdict(self))

    @property
    def is_here(self) -> bool:
        """Whether it is of this host, and of this container, so that its number says something."""
        return (self.host, self.machine) == (os.uname().nodename, _machine())

    @property
    def is_alive(self) -> bool:
        """Whether it still runs on this host; a later process of the same number is another one."""
        return self.is_here and _started(self.pid) in ("", self.started)


def _machine() -> str:
    """What tells apart hosts, and containers, of the same name."""
    if sys.platform != "linux":
        return ""
    identity = Path("/etc/machine-id")
    # The pid namespace: in another container of this host the same number is another process.
    return (
        f"{identity.read_text().strip() if identity.exists() else ''} {Path('/proc/self/ns/pid').readlink()}"
    )


def _started(pid: int) -> str | None:
    """When a process started; None if it has ended, empty if that is hidden from this user."""
    if sys.platform != "linux":
        return _started_elsewhere(pid)
    try:
        state, *fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return "" if _exists(pid) else None
    boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    # A killed process stays as a zombie until its parent asks for it.
    return None if state in "ZX" else f"{boot} {fields[18]}"


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # /proc may hide the processes of other users
        pass
    return True


def _started_elsewhere(pid: int) -> str | None:
    import psutil

    try:
        process = psutil.Process(pid)
        return None if process.status() == psutil.STATUS_ZOMBIE else str(process.create_time())
    except psutil.NoSuchProcess:
        return None
    except psutil.AccessDenied:
        return ""
