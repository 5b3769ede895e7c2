"""A second organisation sees nothing, by whatever it says on the application's own database role."""

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from sqlalchemy import Engine

from db import schema
from db.roles import DOOR_ROLE
from db.work import PostgresWork
from mmm_core.domain.errors import Conflict, NotFound
from mmm_core.domain.identity import Actor
from mmm_core.domain.project import CausalEdge, CausalNode, Diagram, NodeRole
from mmm_core.domain.remote_tasks import RemoteTask
from mmm_core.domain.report import Fact
from mmm_core.domain.runtime_tools import CodeSession
from mmm_core.domain.spec_draft import SpecDraft
from tests.db import some

SCHEMAS = ("carryover", "agents")
BOOKKEEPING = ("carryover.schema_version", "agents.checkpoint_migrations")
"""Which migrations were done: nobody's data, for the owner alone."""
TABLES = sorted(t.name for t in schema.metadata.tables.values())


@pytest.fixture(scope="module")
def filled(engine: Engine, actor: Actor, database: Any) -> dict[str, str]:
    """At least one row of the local organisation in every table."""
    with PostgresWork(engine, actor) as w:
        run = some.store_run(w)
        plan = some.plan(w.projects.get(run.project_id))
        w.projects.add_plan(plan)
        attempt = w.runs.begin_attempt(run.id)
        w.runs.add_chunk(run.id, attempt, some.chunk(0, 0))
        blob = w.blobs.put(b"secret", "text/html")
        w.runs.finish(run.id, attempt, some.results(), [Fact("roi", 1.0, "ratio")], blob)
        study = some.study(run)
        w.studies.add(study, some.steps())
        baseline = some.baseline(run)
        w.baselines.add(baseline)
        scenario, report = some.scenario(run), some.report(run, blob)
        w.scenarios.add(scenario)
        w.reports.add(report)
        link = some.link(report)
        w.reports.add_link(link, "digest", None)
        nodes = (CausalNode("tv", NodeRole.CHANNEL), CausalNode("sales", NodeRole.KPI))
        w.graph.save_diagram(Diagram(run.project_id, nodes, (CausalEdge("tv", "sales"),)))
        w.documents.put("plan", plan.id, "Secret plan", "secret", run.project_id)
        flow = some.workflow(run.project_id)
        w.workflows.add(flow)
        w.workflows.record(flow.id, [some.event()])
        w.workflows.add_act(flow.id, "fit:1", run.id)
        w.workflows.ask(some.approval(flow))
        w.workflows.answer(flow.id, "plan:1", some.answer())
        talk = some.talk(run.project_id, actor.user_id)
        w.conversations.add(talk)
        w.conversations.say(some.message(talk))
        proposal = some.proposal(run.project_id)
        w.proposals.add(proposal)
        w.routes.put(some.route())
        w.prices.put(some.price())
        w.usage.add(some.usage(run.project_id))
        w.answers.put("digest", "secret", some.NOW)
        w.routings.add(some.routed())
        w.routings.keep_learnt(b"weights", 1, some.NOW)
        w.tools.add(some.tool(run.project_id))
        w.code.put(CodeSession(run.project_id, actor.user_id), some.NOW)
        w.tokens.add(some.token(), "digest")
        asked = some.inquiry(run.project_id)
        w.inquiries.add(asked, "digest", None)
        w.inquiries.keep_accepted(some.accepted(run.project_id))
        planning = some.plan_talk(run.project_id)
        w.plan_talks.add(planning)
        w.remote_tasks.put(RemoteTask("t", "{}", some.NOW))
        w.spec_drafts.put(SpecDraft(run.project_id, "kpi: secret", "Ada", some.NOW))
        w.audit.record("tested", run.id)
    own = [actor.organisation_id]
    with psycopg.connect(database.admin) as owner:
        owner.execute(
            "INSERT INTO carryover.invitations VALUES (%s, 'a@b.c', 'viewer', 'Ada', now(), now(), null)", own
        )
        owner.execute("INSERT INTO carryover.allowed_domains VALUES (%s, 'b.c', 'viewer')", own)
        owner.execute("INSERT INTO carryover.share_views VALUES (%s, 'v', %s, '', true, now())", [*own, link.id])
        owner.execute("INSERT INTO carryover.inquiry_views VALUES (%s, 'v', %s, '', true, now())", [*own, asked.id])
        owner.execute(
            "INSERT INTO carryover.inquiry_replies VALUES (%s, 'r', %s, 1, '{}', '', now())", [*own, asked.id]
        )
        for table in TABLES:
            count = owner.execute(f"SELECT count(*) FROM carryover.{table} WHERE organisation_id = %s", own).fetchone()
            assert count is not None
            assert count[0] > 0, table
    return {
        "project": run.project_id, "dataset": run.dataset_version_id, "run": run.id, "study": study.id,
        "scenario": scenario.id, "report": report.id, "link": link.id, "blob": blob, "baseline": baseline.id,
        "talk": talk.id, "workflow": flow.id, "proposal": proposal.id, "planning": planning.id,
    }  # fmt: skip


@pytest.fixture
def raw(database: Any, stranger: Actor) -> Iterator[Any]:
    """The application's own role with the second organisation set, for any statement."""
    with psycopg.connect(database.app, autocommit=True) as link:
        link.execute("SELECT set_config('app.organisation', %s, false)", [stranger.organisation_id])
        yield link


@pytest.fixture
def owner(database: Any) -> Iterator[Any]:
    with psycopg.connect(database.admin) as link:
        yield link


@pytest.mark.parametrize("table", TABLES)
def test_raw_reads_see_nothing_of_another_organisation(
    raw: Any, filled: dict[str, str], actor: Actor, table: str
) -> None:
    own = [actor.organisation_id]
    assert raw.execute(f"SELECT * FROM carryover.{table} WHERE organisation_id = %s", own).fetchall() == []
    raw.execute("RESET app.organisation")
    assert raw.execute(f"SELECT * FROM carryover.{table}").fetchall() == []
    raw.execute("SELECT set_config('app.organisation', '', false)")
    assert raw.execute(f"SELECT * FROM carryover.{table}").fetchall() == []


@pytest.mark.parametrize("table", TABLES)
def test_raw_writes_change_nothing_of_another_organisation(
    raw: Any, owner: Any, filled: dict[str, str], actor: Actor, table: str
) -> None:
    digest = (
        f"SELECT md5(string_agg(t::text, ',' ORDER BY t::text)) FROM carryover.{table} t WHERE organisation_id = %s"
    )
    before = owner.execute(digest, [actor.organisation_id]).fetchone()
    owner.commit()
    for statement in (
        f"DELETE FROM carryover.{table}",
        f"UPDATE carryover.{table} SET organisation_id = current_setting('app.organisation')",
        f"TRUNCATE carryover.{table} CASCADE",
        f"ALTER TABLE carryover.{table} DISABLE ROW LEVEL SECURITY",
        f"DROP POLICY organisation ON carryover.{table}",
    ):
        try:
            raw.execute(statement)
        except psycopg.errors.InsufficientPrivilege:
            continue
        except psycopg.errors.ForeignKeyViolation:
            # The stranger's own rows hold each other; nobody else's are concerned.
            continue
    assert owner.execute(digest, [actor.organisation_id]).fetchone() == before


def test_rows_cannot_be_written_into_another_organisation(raw: Any, actor: Actor) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege, match="row-level security"):
        raw.execute("INSERT INTO carryover.projects VALUES (%s, 'x', 'x', '{}', now())", [actor.organisation_id])


def test_references_cannot_cross_organisations(raw: Any, stranger: Actor, filled: dict[str, str]) -> None:
    with pytest.raises(psycopg.errors.ForeignKeyViolation):
        raw.execute(
            "INSERT INTO carryover.plans VALUES (%s, 'p', %s, 1, '{}')", [stranger.organisation_id, filled["project"]]
        )


def test_the_application_role_cannot_rise(raw: Any) -> None:
    for statement in (
        f"SET ROLE {DOOR_ROLE}",
        "SET ROLE postgres",
        "SET SESSION AUTHORIZATION postgres",
        "ALTER ROLE carryover_app BYPASSRLS",
        "CREATE TABLE carryover.mine (x int)",
        "CREATE FUNCTION carryover.mine() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "INSERT INTO carryover.organisations VALUES ('x', 'x', null, now())",
        "UPDATE carryover.users SET email = 'x'",
        "COPY carryover.projects TO PROGRAM 'cat'",
        "SELECT pg_read_file('PG_VERSION')",
        "SELECT * FROM carryover.unfinished_runs()",
        "SELECT * FROM carryover.unfinished_studies()",
    ):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            raw.execute(statement)


def test_repositories_find_nothing_of_another_organisation(
    engine: Engine, stranger: Actor, filled: dict[str, str]
) -> None:
    with PostgresWork(engine, stranger) as w:
        for look_up in (
            lambda: w.projects.get(filled["project"]),
            lambda: w.datasets.get(filled["dataset"]),
            lambda: w.runs.get(filled["run"]),
            lambda: w.runs.results(filled["run"]),
            lambda: w.runs.draws_blob(filled["run"]),
            lambda: w.runs.begin_attempt(filled["run"]),
            lambda: w.runs.heartbeat(filled["run"], 1),
            lambda: w.studies.get(filled["study"]),
            lambda: w.studies.begin_attempt(filled["study"]),
            lambda: w.studies.begin_step(filled["study"], 0, "step 0"),
            lambda: w.baselines.get(filled["baseline"]),
            lambda: w.scenarios.get(filled["scenario"]),
            lambda: w.scenarios.delete(filled["scenario"]),
            lambda: w.reports.get(filled["report"]),
            lambda: w.reports.revoke(filled["link"], some.NOW),
            lambda: w.blobs.get(filled["blob"]),
            lambda: w.workflows.get(filled["workflow"]),
            lambda: w.workflows.begin_attempt(filled["workflow"]),
            lambda: w.workflows.answer(filled["workflow"], "plan:1", some.answer()),
            lambda: w.conversations.get(filled["talk"]),
            lambda: w.conversations.delete(filled["talk"]),
            lambda: w.proposals.get(filled["proposal"]),
            lambda: w.plan_talks.get(filled["planning"]),
        ):
            with pytest.raises(NotFound):
                look_up()
        w.runs.drop_chunks(filled["run"])
        w.graph.remove_nodes(filled["project"], "causal_variable")
        assert w.projects.list() == []
        assert w.runs.facts(filled["run"]) == []
        assert w.runs.chunks(filled["run"]) == []
        assert w.studies.of_run(filled["run"]) == []
        assert w.studies.steps(filled["study"]) == []
        assert w.baselines.list(filled["project"]) == []
        assert w.reports.links(filled["report"]) == []
        assert w.graph.diagram(filled["project"]).nodes == ()
        assert w.documents.search("secret", 10) == []
        assert w.workflows.events(filled["workflow"]) == []
        assert w.workflows.approvals(filled["workflow"]) == []
        assert w.conversations.messages(filled["talk"]) == []
        assert w.plan_talks.latest(filled["project"]) is None
        assert w.remote_tasks.find("t") is None
        assert w.spec_drafts.find(filled["project"]) is None
        assert w.remote_tasks.list() == []
        assert w.usage.spent() == []
        assert w.prices.list() == []
        assert w.answers.get("digest", some.NOW) is None
        assert [action for _, _, action, _, _ in w.audit.list(10)] == ["member.joined"], "its own row alone"


def test_the_same_content_is_stored_apart(engine: Engine, actor: Actor, stranger: Actor) -> None:
    with PostgresWork(engine, actor) as w:
        name = w.blobs.put(b"the same bytes", "text/plain")
    with PostgresWork(engine, stranger) as w:
        with pytest.raises(NotFound):
            w.blobs.get(name)
        assert w.blobs.put(b"the same bytes", "text/plain") == name
        assert w.blobs.get(name) == b"the same bytes"


def test_the_same_id_in_two_organisations_is_two_things(engine: Engine, actor: Actor, stranger: Actor) -> None:
    mine = some.project("Mine")
    for who in (actor, stranger):
        with PostgresWork(engine, who) as w:
            w.projects.add(some.renamed(mine, who.name))
    with PostgresWork(engine, actor) as w:
        assert w.projects.get(mine.id).name == actor.name
        with pytest.raises(Conflict):
            _add_twice(engine, actor, mine)


def _add_twice(engine: Engine, actor: Actor, project: Any) -> None:
    with PostgresWork(engine, actor) as w:
        w.projects.add(project)


# ---- the catalogue: a new table without a policy fails here ----------------------------------------------------------


def test_every_table_has_row_level_security_forced_and_a_policy_on_the_organisation(owner: Any) -> None:
    rows = owner.execute(
        """
        SELECT n.nspname || '.' || c.relname, c.relrowsecurity, c.relforcerowsecurity,
               (SELECT array_agg(pg_get_expr(p.polqual, p.polrelid) || ' / ' || pg_get_expr(p.polwithcheck, p.polrelid))
                  FROM pg_policy p WHERE p.polrelid = c.oid
                   AND p.polpermissive
                   AND p.polroles = ARRAY[(SELECT oid FROM pg_roles WHERE rolname = 'carryover_app')])
          FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
         WHERE n.nspname = ANY(%s) AND c.relkind IN ('r', 'p')
        """,
        [list(SCHEMAS)],
    ).fetchall()
    found = {name for name, *_ in rows}
    assert found >= {*(f"carryover.{t}" for t in TABLES), "agents.checkpoints", "agents.checkpoint_writes"}
    for name, enabled, forced, policies in rows:
        if name in BOOKKEEPING:
            continue
        assert enabled, name
        assert forced, name
        assert policies is not None, name
        assert len(policies) == 1, name
        assert policies[0].count("current_setting('app.organisation'") == 2, name


@pytest.mark.parametrize("table", BOOKKEEPING)
def test_the_bookkeeping_of_migrations_is_closed_to_the_application(raw: Any, table: str) -> None:
    for statement in (f"SELECT * FROM {table}", f"DELETE FROM {table}"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            raw.execute(statement)


def test_the_policy_expressions_have_not_drifted(owner: Any) -> None:
    rows = owner.execute(
        "SELECT DISTINCT schemaname, qual, with_check FROM pg_policies WHERE policyname = 'organisation'"
        " AND schemaname = ANY(%s)",
        [list(SCHEMAS)],
    ).fetchall()
    assert {schema for schema, *_ in rows} == set(SCHEMAS)
    assert len(rows) == 2
    assert all(qual == check for _, qual, check in rows)


def test_no_policy_is_for_everybody_and_only_the_known_ones_see_all(owner: Any) -> None:
    rows = owner.execute(
        "SELECT policyname, tablename, cmd, roles::text[] FROM pg_policies"
        " WHERE schemaname = ANY(%s) AND policyname <> 'organisation' AND permissive = 'PERMISSIVE'",
        [list(SCHEMAS)],
    ).fetchall()
    doors = {"organisations", "users", "memberships", "invitations", "allowed_domains", "share_links", "audit"}
    doors |= {"personal_tokens"}
    assert {(name, table) for name, table, *_ in rows} == {
        ("door", t) for t in doors | {"runs", "studies", "workflows", "inquiries"}
    }
    assert all(roles == [DOOR_ROLE] for *_, roles in rows)
    assert [command for _, table, command, _ in rows if table in ("runs", "studies", "inquiries")] == ["SELECT"] * 3


def test_the_application_role_owns_nothing_and_has_no_powers(owner: Any) -> None:
    powers = owner.execute(
        "SELECT rolname, rolsuper, rolbypassrls, rolcreaterole, rolcreatedb, rolreplication, rolcanlogin FROM pg_roles"
        " WHERE rolname LIKE 'carryover%' ORDER BY 1"
    ).fetchall()
    assert powers == [("carryover_app", *[False] * 5, True), ("carryover_door", *[False] * 5, False)]
    owned = "SELECT count(*) FROM pg_class WHERE relowner IN (SELECT oid FROM pg_roles WHERE rolname LIKE 'carryover%')"
    assert owner.execute(owned).fetchone() == (0,)
    members = (
        "SELECT count(*) FROM pg_auth_members WHERE member = (SELECT oid FROM pg_roles WHERE rolname = 'carryover_app')"
    )
    assert owner.execute(members).fetchone() == (0,)


def test_there_are_exactly_seven_doors_with_their_search_path_pinned(owner: Any) -> None:
    doors = owner.execute(
        "SELECT p.proname, p.proconfig, r.rolname, p.proacl::text FROM pg_proc p JOIN pg_roles r ON r.oid = p.proowner"
        " JOIN pg_namespace n ON n.oid = p.pronamespace WHERE p.prosecdef AND n.nspname !~ '^pg_' ORDER BY 1"
    ).fetchall()
    assert [(name, config, role) for name, config, role, _ in doors] == [
        ("find_inquiry", ["search_path=pg_catalog, pg_temp"], DOOR_ROLE),
        ("find_share_link", ["search_path=pg_catalog, pg_temp"], DOOR_ROLE),
        ("sign_in", ["search_path=pg_catalog, pg_temp"], DOOR_ROLE),
        ("token_owner", ["search_path=pg_catalog, pg_temp"], DOOR_ROLE),
        ("unfinished_runs", ["search_path=pg_catalog, pg_temp"], DOOR_ROLE),
        ("unfinished_studies", ["search_path=pg_catalog, pg_temp"], DOOR_ROLE),
        ("unfinished_workflows", ["search_path=pg_catalog, pg_temp"], DOOR_ROLE),
    ]
    callers = {name: {entry.split("=")[0] for entry in acl.strip("{}").split(",")} for name, *_, acl in doors}
    assert callers["find_share_link"] == callers["sign_in"] == callers["token_owner"] == {DOOR_ROLE, "carryover_app"}
    for name in ("unfinished_runs", "unfinished_studies", "unfinished_workflows"):
        assert callers[name] == {DOOR_ROLE, "postgres"}


def test_every_row_has_its_organisation() -> None:
    for table in schema.metadata.tables.values():
        column = table.columns["organisation_id"]
        assert not column.nullable, table.name
        assert column.primary_key, table.name
