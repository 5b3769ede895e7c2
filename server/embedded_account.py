"""As whom the embedded servers run: Postgres refuses root."""

import ctypes
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

NOBODY = 65534
LIBC = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None
PR_SET_PDEATHSIG = 1


class CannotStartError(Exception):
    """``str(error)`` is the sentence for the person."""


def account() -> str:
    """As whom the servers run: Postgres refuses root."""
    if os.geteuid() != 0:
        return "own"
    if _can_map_user():
        return "mapped"
    return "nobody"


def _can_map_user() -> bool:
    if not hasattr(os, "unshare"):
        return False
    child = os.fork()
    if child == 0:
        try:
            _map_user()
            os._exit(0)
        except BaseException:
            os._exit(1)
    return os.waitpid(child, 0)[1] == 0


def _map_user() -> None:
    """Become user 1000 in a user namespace of one's own; files still belong to root outside of it."""
    os.unshare(os.CLONE_NEWUSER)
    for name, line in (("setgroups", "deny"), ("uid_map", "1000 0 1"), ("gid_map", "1000 0 1")):
        Path("/proc/self", name).write_text(line)


def hand_over(*folders: Path) -> None:
    for folder in folders:
        for path in (folder, *folder.rglob("*")):
            os.chown(path, NOBODY, NOBODY, follow_symlinks=False)
        _check_reachable(folder)


def _check_reachable(folder: Path) -> None:
    closed = [p for p in folder.resolve().parents if not p.stat().st_mode & 0o001]
    if closed:
        raise CannotStartError(
            f"The database cannot run as root and the user nobody may not enter {closed[-1]}; "
            "set CARRYOVER_HOME to a folder that everybody may enter, or start as another user."
        )


def before(who: str, parent: int, death_signal: signal.Signals) -> Callable[[], None]:
    """What a server does between fork and exec: drop root, and die with the keeper."""

    def prepare() -> None:
        os.setsid()
        if who == "mapped":
            _map_user()
        elif who == "nobody":
            os.setgroups([])
            os.setgid(NOBODY)
            os.setuid(NOBODY)
        # After the change of account, which clears it.
        if LIBC is not None:
            LIBC.prctl(PR_SET_PDEATHSIG, int(death_signal), 0, 0, 0)
            if os.getppid() != parent:
                os._exit(1)

    return prepare
