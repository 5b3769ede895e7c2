"""Tools made at run time and code that goes on, in the real runner."""

import shutil
import uuid
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sqlalchemy import Engine

from db import identity
from db.shared_reports import PostgresSharedReports
from db.work import PostgresWork
from jobs.isolation.runner import Bubblewrap
from mmm_core.domain.code import CodeOutcome, CodeStatus, Program
from mmm_core.domain.errors import BadInput, Conflict, NotAllowed, NotFound, Unavailable
from mmm_core.domain.identity import Actor, TeamRole
from mmm_core.domain.ports import Services
from mmm_core.domain.runtime_tools import Parameter, ParameterKind, RuntimeTool, ToolStatus
from mmm_core.use_cases import code_analysis, datasets, projects, runtime_tools

SHARE = """
def tool(data, column, top=3):
    return data[column].nlargest(top).tolist()
"""
PARAMETERS = (Parameter("column", ParameterKind.TEXT), Parameter("top", ParameterKind.WHOLE, "How many", 3))
walled = pytest.mark.skipif(shutil.which("bwrap") is None, reason="needs bubblewrap")


class Unwalled:
    """Stands in for the runner where the rules around it are the question; it sees what it would have run."""

    def __init__(self) -> None:
        self.ran: list[Program] = []

    def run(self, program: Program) -> CodeOutcome:
        self.ran.append(program)
        return CodeOutcome(CodeStatus.DONE, [3, 2, 1], "", "", 0.1)


@pytest.fixture(scope="module")
def walls() -> Bubblewrap:
    return Bubblewrap()


@pytest.fixture
def services(engine: Engine) -> Services:
    return Services(
        work=lambda who: PostgresWork(engine, who), queue=None, fit_process=None,  # type: ignore[arg-type]
        shared_reports=PostgresSharedReports(engine), now=lambda: datetime.now(UTC), new_id=lambda: str(uuid.uuid4()),
        code=Unwalled(),
    )  # fmt: skip


@pytest.fixture
def project(services: Services, actor: Actor) -> str:
    made = projects.create_project(services, actor, name=f"Acme {uuid.uuid4()}")
    weeks = pd.date_range("2024-01-01", periods=60, freq="W-MON")
    rng = np.random.default_rng(1)
    frame = pd.DataFrame({"week": weeks, "sales": 100.0 + np.arange(60), "tv_spend": rng.uniform(1, 9, 60).round(2)})
    upload = datasets.Upload(frame.to_csv(index=False).encode(), "acme.csv")
    datasets.add_dataset(services, actor, made.id, [upload])
    return made.id


def propose(services: Services, actor: Actor, project: str, source: str = SHARE, **more: Any) -> RuntimeTool:
    given = {"name": "largest", "description": "The largest values.", "parameters": PARAMETERS, **more}
    return runtime_tools.propose_tool(services, actor, project, source=source, **given)


def test_a_tool_is_used_only_while_it_is_approved(services: Services, actor: Actor, project: str) -> None:
    tool = propose(services, actor, project, assistant="The assistant")
    assert (tool.status, tool.version, tool.written_by) == (ToolStatus.PROPOSED, 1, f"The assistant for {actor.name}")
    with pytest.raises(NotAllowed, match="approved"):
        runtime_tools.use_tool(services, actor, project, "largest", {"column": "sales"})
    runtime_tools.approve_tool(services, actor, tool.id)
    assert runtime_tools.use_tool(services, actor, project, "largest", {"column": "sales"}).result == [3, 2, 1]
    assert services.code.ran[-1].arguments == {"source": SHARE.strip(), "given": {"column": "sales", "top": 3}}  # type: ignore[union-attr]
    runtime_tools.remove_tool(services, actor, tool.id)
    with pytest.raises(NotFound, match="removed"):
        runtime_tools.use_tool(services, actor, project, "largest", {"column": "sales"})
    with services.work(actor) as work:
        trail = [(row[2], row[4]["version"]) for row in work.audit.list(20) if row[2].startswith("tool.")]
    assert trail == [("tool.removed", 1), ("tool.used", 1), ("tool.approved", 1), ("tool.proposed", 1)]


def test_new_code_needs_a_new_approval_and_the_old_runs_until_then(
    services: Services, actor: Actor, project: str
) -> None:
    runtime_tools.approve_tool(services, actor, propose(services, actor, project).id)
    second = propose(services, actor, project, source=SHARE.replace("nlargest", "nsmallest"))
    assert second.version == 2
    runtime_tools.use_tool(services, actor, project, "largest", {"column": "sales"})
    assert "nlargest" in services.code.ran[-1].arguments["source"]  # type: ignore[union-attr]
    runtime_tools.approve_tool(services, actor, second.id)
    runtime_tools.use_tool(services, actor, project, "largest", {"column": "sales"})
    assert "nsmallest" in services.code.ran[-1].arguments["source"]  # type: ignore[union-attr]
    assert [t.version for t in runtime_tools.list_tools(services, actor, project)] == [2]
    with pytest.raises(Conflict):
        runtime_tools.approve_tool(services, actor, second.id)
    third = propose(services, actor, project)
    runtime_tools.reject_tool(services, actor, third.id, "It reads too much.")
    assert [t.status for t in runtime_tools.list_tools(services, actor, project, removed=True)] == [
        ToolStatus.REJECTED, ToolStatus.APPROVED, ToolStatus.REMOVED,
    ]  # fmt: skip


def test_roles(services: Services, actor: Actor, project: str) -> None:
    tool = propose(services, actor, project)
    analyst, viewer = replace(actor, role=TeamRole.ANALYST), replace(actor, role=TeamRole.VIEWER)
    for act in (
        lambda: runtime_tools.approve_tool(services, analyst, tool.id),
        lambda: runtime_tools.reject_tool(services, analyst, tool.id, "no"),
        lambda: propose(services, viewer, project),
        lambda: runtime_tools.use_tool(services, viewer, project, "largest"),
        lambda: code_analysis.run_step(services, viewer, project, "1"),
    ):
        with pytest.raises(NotAllowed):
            act()


def test_another_organisation_sees_no_tool(services: Services, actor: Actor, project: str, engine: Engine) -> None:
    tool = propose(services, actor, project)
    stranger = identity.sign_in(engine, issuer="https://id.example", subject="y", organisation="others")
    assert stranger is not None
    assert runtime_tools.list_tools(services, stranger, project) == []
    for act in (runtime_tools.approve_tool, runtime_tools.remove_tool):
        with pytest.raises(NotFound):
            act(services, stranger, tool.id)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"name": "Rm -rf"}, "name"),
        ({"name": "x"}, "name"),
        ({"description": " "}, "what the tool does"),
        ({"source": "def other(data): pass"}, "define the function"),
        ({"source": "def tool(frame): pass"}, "called data"),
        ({"source": "def tool(data): pass"}, "in the parameters but not in the code"),
        ({"source": "def tool(data, column, top, more): pass"}, "in the code but not among"),
        ({"source": "def tool(data:"}, "not readable Python in line 1"),
        ({"source": "x" * 30_000}, "characters"),
        ({"parameters": (Parameter("top", ParameterKind.WHOLE, "", "three"),)}, "top has to be a whole number"),
    ],
)
def test_what_cannot_be_a_tool_is_refused(
    services: Services, actor: Actor, project: str, change: dict[str, Any], says: str
) -> None:
    with pytest.raises(BadInput, match=says):
        propose(services, actor, project, **change)


@pytest.mark.parametrize(
    "arguments", [{}, {"column": 1}, {"column": "a", "top": 2.5}, {"column": "a", "top": True}, {"column": "a", "x": 1}]
)
def test_arguments_that_do_not_fit_never_reach_the_code(
    services: Services, actor: Actor, project: str, arguments: dict[str, Any]
) -> None:
    runtime_tools.approve_tool(services, actor, propose(services, actor, project).id)
    with pytest.raises(BadInput):
        runtime_tools.use_tool(services, actor, project, "largest", arguments)
    assert services.code.ran == []  # type: ignore[union-attr]


def test_without_isolation_nothing_runs(services: Services, actor: Actor, project: str) -> None:
    runtime_tools.approve_tool(services, actor, propose(services, actor, project).id)
    for bare in (replace(services, code=None), replace(services, code=Bubblewrap(command=None))):
        with pytest.raises(Unavailable, match="cannot be run here"):
            runtime_tools.use_tool(bare, actor, project, "largest", {"column": "sales"})
        with pytest.raises(Unavailable, match="cannot be run here"):
            code_analysis.run_step(bare, actor, project, "1 + 1")


# ---- in the real walls ----------------------------------------------------------------------------------------------


@walled
@pytest.mark.slow
def test_an_approved_tool_runs_on_the_data(services: Services, actor: Actor, project: str, walls: Bubblewrap) -> None:
    real = replace(services, code=walls)
    runtime_tools.approve_tool(real, actor, propose(real, actor, project).id)
    found = runtime_tools.use_tool(real, actor, project, "largest", {"column": "sales", "top": 2})
    assert found.result == [159.0, 158.0]
    failed = runtime_tools.use_tool(real, actor, project, "largest", {"column": "nothing"})
    assert failed.status is CodeStatus.FAILED
    assert "KeyError in line 2" in failed.error


@walled
@pytest.mark.slow
def test_a_tool_that_reaches_out_finds_nothing(
    services: Services, actor: Actor, project: str, walls: Bubblewrap
) -> None:
    source = """
def tool(data):
    import os, socket
    found = {"environment": sorted(os.environ), "pids": len([p for p in os.listdir("/proc") if p.isdigit()])}
    try:
        socket.create_connection(("127.0.0.1", 5432), 1)
        found["network"] = True
    except OSError:
        found["network"] = False
    return found
"""
    real = replace(services, code=walls)
    tool = propose(real, actor, project, source=source, parameters=())
    runtime_tools.approve_tool(real, actor, tool.id)
    found = runtime_tools.use_tool(real, actor, project, "largest").result
    assert found["network"] is False
    assert found["pids"] <= 3
    assert not any("URL" in name or "KEY" in name for name in found["environment"])


@walled
@pytest.mark.slow
def test_variables_stay_for_the_next_step(services: Services, actor: Actor, project: str, walls: Bubblewrap) -> None:
    real = replace(services, code=walls)
    first = code_analysis.run_step(
        real, actor, project,
        "import scipy.stats as stats\nbig = data[data.sales > 150]\nshare = np.array([0.25, 0.5])\n"
        "n = len(big)\nname = 'tv'\ndef f(): pass\nprint('hello')\nn * 2",
    )  # fmt: skip
    assert first.error == ""
    assert (first.result, first.output.strip()) == (18, "hello")
    assert first.names == ("big", "n", "name", "share", "stats")
    assert first.lost == ("f",)
    second = code_analysis.run_step(
        real, actor, project, "[n, name, share.sum(), big.sales.max(), str(big.week.dtype)]"
    )
    assert second.result[:4] == [9, "tv", 0.75, 159.0]
    assert second.result[4].startswith("datetime64")
    broken = code_analysis.run_step(real, actor, project, "n = 100\n1 / 0")
    assert broken.error == "ZeroDivisionError in line 2: division by zero."
    assert code_analysis.run_step(real, actor, project, "n").result == 9
    assert len(code_analysis.get_session(real, actor, project).steps) == 4
    big = code_analysis.run_step(real, actor, project, "huge = list(range(1_000_000))")
    assert big.lost == ("huge",)
    code_analysis.end_session(real, actor, project)
    assert "NameError" in code_analysis.run_step(real, actor, project, "n").error
