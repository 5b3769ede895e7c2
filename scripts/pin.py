"""Pin every dependency without naming a registry: constraints in pyproject.toml and a hashed requirements.lock.

``python scripts/pin.py`` resolves anew to the newest versions; ``--keep`` leaves what is pinned and adds what is new;
``--check`` says whether both files agree with what pyproject.toml asks for, and changes nothing.
"""

import re
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PYPROJECT = ROOT / "pyproject.toml"
LOCK = ROOT / "requirements.lock"
BLOCK = re.compile(r"constraint-dependencies = \[.*?\n\]\n", re.DOTALL)


def main() -> int:
    if "--check" in sys.argv[1:]:
        return check()
    keep = "--keep" in sys.argv[1:]
    if set(sys.argv[1:]) - {"--keep"}:
        sys.exit("usage: python scripts/pin.py [--keep | --check]")
    text = PYPROJECT.read_text()
    bare = BLOCK.sub("", text)
    PYPROJECT.write_text(text if keep else bare)
    try:
        run("uv", "lock", *([] if keep else ["--upgrade"]))
        PYPROJECT.write_text(with_constraints(bare, resolved()))
    except subprocess.CalledProcessError:
        PYPROJECT.write_text(text)
        raise
    run("uv", "lock")
    LOCK.write_text(exported())
    print(f"{len(resolved())} packages pinned")
    return 0


def check() -> int:
    """Resolve under the constraints and compare: every package must be pinned, and the hashes must be the same."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder)
        for name in ("pyproject.toml", ".python-version", "README.md"):
            (copy / name).write_bytes((ROOT / name).read_bytes())
        run("uv", "lock", "--project", folder)
        found = resolved(copy)
        export = exported(copy)
    pinned = set(tomllib.loads(PYPROJECT.read_text())["tool"]["uv"]["constraint-dependencies"])
    wrong = sorted(set(found) ^ pinned)
    if wrong:
        print(f"pyproject.toml and its constraints disagree: {', '.join(wrong)}. Run python scripts/pin.py.")
        return 1
    if export != LOCK.read_text():
        print("requirements.lock is out of step with pyproject.toml. Run python scripts/pin.py.")
        return 1
    if re.search(r"https?://", LOCK.read_text()):
        print("requirements.lock names an address.")
        return 1
    print(f"{len(found)} packages pinned, both files agree")
    return 0


def resolved(root: Path = ROOT) -> list[str]:
    lock = tomllib.loads((root / "uv.lock").read_text())
    return sorted(f"{p['name']}=={p['version']}" for p in lock["package"] if "registry" in p["source"])


def exported(root: Path = ROOT) -> str:
    """What the image installs: the product without its development tools, hashed, no index lines."""
    out = run(
        "uv", "export", "--project", str(root), "--no-default-groups", "--no-emit-project", "--no-header",
        "--no-annotate", "--frozen",
    )  # fmt: skip
    return out


def with_constraints(text: str, pins: list[str]) -> str:
    lines = "\n".join(f'  "{pin}",' for pin in pins)
    return text.rstrip("\n") + f"\nconstraint-dependencies = [\n{lines}\n]\n"


def run(*command: str) -> str:
    return subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout


if __name__ == "__main__":
    sys.exit(main())
