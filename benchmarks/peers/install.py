"""Meridian's environment, apart from ours because its pins and ours exclude each other.

python -m benchmarks.peers.install
"""

import shutil
import subprocess
import sys
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[2] / ".carryover" / "peers" / "meridian"
REQUIREMENTS = Path(__file__).parent / "requirements.txt"


def python() -> Path:
    """The environment's interpreter.

    Raises
    ------
    FileNotFoundError
        When it is not installed.
    """
    found = FOLDER / "bin" / "python"
    if not found.exists():
        raise FileNotFoundError("Meridian is not installed; run: python -m benchmarks.peers.install")
    return found


def main() -> None:
    uv = shutil.which("uv")
    fresh, target = not (FOLDER / "bin" / "python").exists(), str(FOLDER / "bin" / "python")
    if uv:
        # Our own constraints are not for this environment.
        commands = [[uv, "venv", "--no-config", "--python", sys.executable, str(FOLDER)]] if fresh else []
        commands.append([uv, "pip", "install", "--no-config", "--python", target, "-r", str(REQUIREMENTS)])
    else:
        commands = [[sys.executable, "-m", "venv", str(FOLDER)]] if fresh else []
        commands.append([target, "-m", "pip", "install", "-r", str(REQUIREMENTS)])
    for command in commands:
        subprocess.run(command, check=True)
    print(f"Meridian is ready in {FOLDER}.")


if __name__ == "__main__":
    main()
