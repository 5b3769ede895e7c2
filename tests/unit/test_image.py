"""The image is in step with the code: its steps, done by hand in a clean folder, install and start the product."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
DOCKERFILE = (ROOT / "Dockerfile").read_text()
COMPOSE = yaml.safe_load((ROOT / "compose.yaml").read_text())


def copied() -> list[str]:
    """Everything that the image copies from the checkout."""
    lines = re.findall(r"^COPY (.+)$", DOCKERFILE, re.MULTILINE)
    return [source for line in lines for source in line.split()[:-1]]


def test_every_package_of_the_product_is_in_the_image() -> None:
    packages = {p.parent.name for p in ROOT.glob("*/__init__.py")} - {"tests", "scripts"}
    assert packages <= set(copied())
    assert all((ROOT / source).exists() for source in copied())


def test_compose_and_image_agree_on_port_and_commands() -> None:
    port = re.search(r"^EXPOSE (\d+)$", DOCKERFILE, re.MULTILINE)
    assert port
    assert COMPOSE["services"]["web"]["ports"][0].endswith(f":{port[1]}")
    web = re.search(r"^CMD (\[.+\])$", DOCKERFILE, re.MULTILINE)
    assert web
    assert yaml.safe_load(web[1]) == COMPOSE["services"]["web"]["command"]
    assert COMPOSE["services"]["worker"]["command"] == ["mmm", "worker"]


def test_compose_keeps_secrets_out_of_the_file() -> None:
    environment = COMPOSE["services"]["web"]["environment"]
    secrets = [v for k, v in environment.items() if "SECRET" in k or "URL" in k]
    assert all("${" in value for value in secrets)


@pytest.mark.slow
def test_the_images_steps_install_and_start_in_a_clean_folder(tmp_path: Path) -> None:
    srv, venv = tmp_path / "srv", tmp_path / "venv"
    srv.mkdir()
    for source in copied():
        if (ROOT / source).is_dir():
            shutil.copytree(ROOT / source, srv / source, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / source, srv / source)
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "UV_", "VIRTUAL"))}
    environment |= {"VIRTUAL_ENV": str(venv), "PATH": f"{venv}/bin:{os.environ['PATH']}"}
    environment |= {"CARRYOVER_HOME": str(tmp_path / "home")}

    def run(*command: str) -> str:
        done = subprocess.run(command, cwd=srv, env=environment, capture_output=True, text=True, timeout=500)
        assert done.returncode == 0, done.stderr[-2000:]
        return done.stdout

    run("uv", "venv", "--python", "3.12", str(venv))
    run("uv", "pip", "sync", "--require-hashes", "requirements.lock")
    run("uv", "pip", "install", "--no-deps", "--editable", ".")
    assert "worker" in run("mmm", "--help")
    assert "True" in run("python", "-c", "import app; print(app.app is not None)")
