"""First module that the fork server imports: ties its life to its owner before the slow imports begin."""

import ctypes
import os
import signal
import sys

OWNER = "CARRYOVER_FIT_OWNER"
_PR_SET_PDEATHSIG = 1


def die_with_parent(parent: int | None = None, number: signal.Signals = signal.SIGKILL) -> None:
    """Have the kernel kill this process when its parent ends; at once where the parent is gone already."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, int(number))
    if parent is not None and os.getppid() != parent:
        os._exit(1)


def _settle(owner: int) -> None:
    # Ctrl-C reaches the whole terminal group; the owner decides what ends.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    die_with_parent(owner)
    # A fit prints into the log, never into the output that `mmm run --json` promises.
    os.dup2(2, 1)


if OWNER in os.environ:
    _settle(int(os.environ.pop(OWNER)))
