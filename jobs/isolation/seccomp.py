"""A filter of system calls for code of agents, as the kernel reads it: no new process, no socket, no namespace.

References
----------
Linux: Documentation/userspace-api/seccomp_filter.rst; numbers of arch/x86/entry/syscalls/syscall_64.tbl and
include/uapi/asm-generic/unistd.h (AArch64).
"""

import errno
import platform
import struct
from dataclasses import dataclass

LOAD, AND, EQUAL, AT_LEAST, RETURN = 0x20, 0x54, 0x15, 0x35, 0x06
NUMBER, ARCHITECTURE, FIRST_ARGUMENT = 0, 4, 16
"""Offsets in ``struct seccomp_data``."""
ALLOW, KILL, REFUSE = 0x7FFF0000, 0x80000000, 0x00050000
CLONE_THREAD = 0x00010000
OTHER_ABI = 0x40000000
"""Calls of x32, which have the same numbers plus this."""


@dataclass(frozen=True)
class Machine:
    audit: int
    clone: int
    clone3: int
    refused: tuple[int, ...]


MACHINES = {
    "x86_64": Machine(
        0xC000003E,
        clone=56,
        clone3=435,
        # fork vfork socket ptrace process_vm_readv/writev mount umount2 pivot_root unshare setns add_key request_key
        # keyctl bpf perf_event_open io_uring_setup userfaultfd personality init_module finit_module kexec_load
        refused=(
            *(57, 58, 41, 101, 310, 311, 165, 166, 155, 272, 308, 248, 249, 250),
            *(321, 298, 425, 323, 135, 175, 313, 246),
        ),
    ),
    "aarch64": Machine(
        0xC00000B7,
        clone=220,
        clone3=435,
        refused=(198, 117, 270, 271, 40, 39, 41, 97, 268, 217, 218, 219, 280, 241, 425, 282, 92, 105, 273, 104),
    ),
}


def filter_of(machine: str | None = None) -> bytes | None:
    """The filter for this kind of processor, or None where its numbers are not known."""
    found = MACHINES.get(machine or platform.machine())
    if found is None:
        return None
    refuse = _line(RETURN, REFUSE | errno.EPERM)
    lines = [
        _line(LOAD, ARCHITECTURE),
        _line(EQUAL, found.audit, yes=1),
        _line(RETURN, KILL),
        _line(LOAD, NUMBER),
        *(_line(AT_LEAST, OTHER_ABI, no=1), refuse),
        # Threads are clones too; the C library asks again by the older call where the newer is not there.
        *(_line(EQUAL, found.clone3, no=1), _line(RETURN, REFUSE | errno.ENOSYS)),
    ]
    for number in found.refused:
        lines += [_line(EQUAL, number, no=1), refuse]
    lines += [
        _line(EQUAL, found.clone, yes=1),
        _line(RETURN, ALLOW),
        _line(LOAD, FIRST_ARGUMENT),
        _line(AND, CLONE_THREAD),
        *(_line(EQUAL, 0, no=1), refuse),
        _line(RETURN, ALLOW),
    ]
    return b"".join(lines)


def _line(code: int, value: int, yes: int = 0, no: int = 0) -> bytes:
    """One ``struct sock_filter``: how many lines to skip where a comparison holds, and where not."""
    return struct.pack("=HBBI", code, yes, no, value)
