"""Code of agents in a bubblewrap of its own: no network, no files but what it is handed, no other process.

Refused where the walls cannot be built, or do not hold when they are tried before the first program.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import sysconfig
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from jobs.isolation import inside, seccomp
from mmm_core.domain.code import CodeOutcome, CodeStatus, Program
from mmm_core.domain.errors import BadInput, Unavailable

MISSING = "Code cannot be run here: this machine has no bubblewrap, which keeps it away from everything else."
MISSING_FILTER = "Code cannot be run here: its system calls cannot be kept in check on this kind of processor."
LEAKY = "Code cannot be run here: the walls around it did not hold when they were tried ({found})."
START_SECONDS = 30.0
"""Python, NumPy and pandas are loaded in this time before the program's own begins."""
MOST_SOURCE = 100_000
MOST_MEMORY_MB = 4096
NOBODY = "65534"
SCRATCH = "/scratch"
QUIET = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "ARROW_NUM_THREADS")
"""Libraries that would start threads of their own."""
PROBE = """
import os, socket
found = []
try:
    socket.create_connection(("127.0.0.1", 1), 1)
except OSError:
    pass
else:
    found.append("network")
try:
    socket.socket(socket.AF_UNIX)
except OSError:
    pass
else:
    found.append("sockets")
if set(os.environ) - {"PATH", "HOME", "TMPDIR", "LANG", "LC_CTYPE", "PWD", *arguments["quiet"]}:
    found.append("environment")
if os.path.exists(arguments["secret"]):
    found.append("files")
if len([p for p in os.listdir("/proc") if p.isdigit()]) > 3:
    found.append("processes")
if os.getuid() == 0:
    found.append("root")
try:
    if os.fork() == 0:
        os._exit(0)
except OSError:
    pass
else:
    found.append("fork")
for place in ("/", "/usr", "/in"):
    try:
        open(os.path.join(place, "written"), "w")
    except OSError:
        pass
    else:
        found.append("writing")
result = found
"""


@dataclass
class Bubblewrap:
    """``mmm_core.domain.code.CodeRunner`` by Linux namespaces and limits."""

    command: str | None = field(default_factory=lambda: shutil.which("bwrap"))
    _tried: bool = False
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def run(self, program: Program) -> CodeOutcome:
        """Run a program and give what came of it, whatever it did.

        Raises
        ------
        Unavailable
            Where no isolation is to be had.
        BadInput
            Where the program is too long, or asks for more than anybody gets.
        """
        if len(program.source) > MOST_SOURCE:
            raise BadInput(f"The code is longer than {MOST_SOURCE:,} characters.")
        if not 0 < program.limits.memory_mb <= MOST_MEMORY_MB:
            raise BadInput(f"Code may have up to {MOST_MEMORY_MB:,} MB of memory.")
        if any(not name.isidentifier() for name in program.tables):
            raise BadInput("A table of the code needs a name that Python knows.")
        self._hold()
        return self._run(program)

    def _hold(self) -> None:
        """Try the walls once, with code that looks for a way out."""
        if self.command is None:
            raise Unavailable(MISSING)
        with self._lock:
            if self._tried:
                return
            with tempfile.NamedTemporaryFile(prefix="carryover-secret-") as secret:
                probe = Program(PROBE, arguments={"secret": secret.name, "quiet": list(QUIET)})
                found = self._run(probe)
            if found.status is not CodeStatus.DONE or found.result:
                said = ", ".join(found.result) if found.result else found.error or found.output.strip()[-200:]
                raise Unavailable(LEAKY.format(found=said or "nothing came back"))
            self._tried = True

    def _run(self, program: Program) -> CodeOutcome:
        began = time.monotonic()
        with tempfile.TemporaryDirectory(prefix="carryover-code-") as folder:
            handed = _hand_over(Path(folder), program)
            reader, writer = os.pipe()
            rules = _filter()
            try:
                process = subprocess.Popen(  # noqa: S603 - bubblewrap and our own interpreter
                    [*self._walls(handed, rules), sys.executable, "-I", "-X", "utf8", "/code/inside.py", str(writer)],
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.STDOUT,
                    pass_fds=(writer, rules),
                    env={},
                    start_new_session=True,
                )
            finally:
                os.close(writer)
                os.close(rules)
            with os.fdopen(reader, "rb") as results:
                output, answer, late = _listen(process, results, program)
        return _outcome(process.returncode, output, answer, late, program, time.monotonic() - began)

    def _walls(self, handed: Path, rules: int) -> Iterator[str]:
        assert self.command is not None
        yield from (
            self.command,
            "--unshare-all",
            "--die-with-parent",
            "--new-session",
            "--clearenv",
            "--cap-drop",
            "ALL",
        )
        yield from ("--uid", NOBODY, "--gid", NOBODY, "--hostname", "code", "--seccomp", str(rules))
        yield from ("--tmpfs", "/", "--proc", "/proc", "--dev", "/dev", "--ro-bind", "/usr", "/usr")
        for link in ("lib", "lib64", "bin"):
            if Path(f"/{link}").is_symlink():
                yield from ("--symlink", f"usr/{link}", f"/{link}")
            elif Path(f"/{link}").exists():
                yield from ("--ro-bind", f"/{link}", f"/{link}")
        for place in _python():
            yield from ("--ro-bind", place, place)
        yield from ("--ro-bind", str(handed), "/in", "--ro-bind", str(Path(inside.__file__)), "/code/inside.py")
        yield from ("--size", str(64 * 2**20), "--tmpfs", SCRATCH, "--chdir", SCRATCH)
        yield from ("--remount-ro", "/", "--remount-ro", "/dev")
        for name in QUIET:
            yield from ("--setenv", name, "1")
        yield from ("--setenv", "PATH", "/usr/bin", "--setenv", "HOME", SCRATCH, "--setenv", "TMPDIR", SCRATCH)
        yield "--"


def _filter() -> int:
    """Descriptor from which bubblewrap reads the filter of system calls."""
    found = seccomp.filter_of()
    if found is None:
        raise Unavailable(MISSING_FILTER)
    descriptor = os.memfd_create("filter")
    os.write(descriptor, found)
    os.lseek(descriptor, 0, os.SEEK_SET)
    return descriptor


def _python() -> list[str]:
    """Folders that hold the interpreter and its packages, outermost only, those of /usr left out."""
    wanted = {Path(p).resolve() for p in (sys.prefix, sys.base_prefix, *sysconfig.get_paths().values()) if p}
    wanted = {p for p in wanted if p.exists() and not p.is_relative_to("/usr")} | {Path(sys.prefix)}
    return sorted(str(p) for p in wanted if not any(q in p.parents for q in wanted))


def _hand_over(folder: Path, program: Program) -> Path:
    tables = folder / "tables"
    tables.mkdir()
    for name, content in program.tables.items():
        (tables / f"{name}.parquet").write_bytes(content)
    limits = program.limits
    head = {
        "source": program.source,
        "arguments": program.arguments,
        "tables": sorted(program.tables),
        "memory_mb": limits.memory_mb,
        "seconds": limits.seconds + START_SECONDS,
    }
    (folder / "program.json").write_text(json.dumps(head), encoding="utf-8")
    for path in (folder, tables, *tables.iterdir(), folder / "program.json"):
        path.chmod(0o755 if path.is_dir() else 0o644)
    return folder


def _listen(process: subprocess.Popen[bytes], results: BinaryIO, program: Program) -> tuple[bytes, bytes, bool]:
    """What it prints and its result, each cut at its limit; kill it when its time is over or it floods."""
    limits = program.limits
    assert process.stdout is not None
    kept: dict[str, bytes] = {}
    begun, printed = threading.Event(), threading.Event()
    readers = [
        threading.Thread(target=_read, args=(kept, "output", process.stdout, 4 * limits.output_characters, printed)),
        threading.Thread(target=_read, args=(kept, "answer", results, limits.result_bytes, begun)),
    ]
    for thread in readers:
        thread.start()
    late = False
    try:
        begun.wait(START_SECONDS)
        process.wait(limits.seconds)
    except subprocess.TimeoutExpired:
        late = True
    finally:
        _kill(process)
    for thread in readers:
        thread.join(5.0)
    process.stdout.close()
    return kept.get("output", b""), kept.get("answer", b""), late


def _read(kept: dict[str, bytes], name: str, stream: BinaryIO, most: int, first: threading.Event) -> None:
    """Keep ``most`` bytes and one more, and throw the rest away: a flood neither blocks nor fills memory."""
    held = bytearray()
    while chunk := stream.read1(65536):  # type: ignore[attr-defined]
        first.set()
        held += chunk[: max(0, most + 1 - len(held))]
    first.set()
    kept[name] = bytes(held)


def _kill(process: subprocess.Popen[bytes]) -> None:
    """bubblewrap's death takes everything in its process namespace along."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _outcome(code: int, output: bytes, answer: bytes, late: bool, program: Program, seconds: float) -> CodeOutcome:
    limits = program.limits
    text = output.decode("utf-8", "replace")
    if len(text) > limits.output_characters or len(output) > 4 * limits.output_characters:
        text = text[: limits.output_characters] + "\n[cut: it printed more]"

    def stopped(why: str) -> CodeOutcome:
        return CodeOutcome(CodeStatus.STOPPED, None, text, why, seconds)

    if late:
        return stopped(f"It was stopped after {limits.seconds:g} seconds.")
    if len(answer) > limits.result_bytes:
        return stopped(f"Its result is larger than {limits.result_bytes / 1e6:g} MB.")
    try:
        read: Any = json.loads(answer)
        status, result, error = CodeStatus(read["status"]), read["result"], str(read["error"])[:500]
    except (ValueError, KeyError, TypeError):
        return stopped(f"It was killed{f' by signal {-code}' if code < 0 else ''} and left no result.")
    return CodeOutcome(status, result if status is CodeStatus.DONE else None, text, error, seconds)
