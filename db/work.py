"""One transaction of one organisation: every repository on one connection, under the organisation's policies."""

from types import TracebackType
from typing import Self

from sqlalchemy import Connection, Engine, text

from db.audit import Audit
from db.baselines import Baselines
from db.blobs import Blobs
from db.conversations import Conversations, Proposals
from db.datasets import Datasets
from db.documents import Documents
from db.elicitation import Inquiries
from db.failures import translate
from db.graph import Graph
from db.knowledge import Knowledge
from db.llm_usage import AnswerCache, PriceList, Routes, UsageLog
from db.plan_talks import PlanTalks
from db.projects import Projects
from db.remote_tasks import RemoteTasks
from db.reports import Reports
from db.routings import Routings
from db.runs import Runs
from db.scenarios import Scenarios
from db.spec_drafts import SpecDrafts
from db.studies import Studies
from db.team import Team
from db.tokens import PersonalTokens
from db.tools import CodeSessions, RuntimeTools
from db.workflows import Workflows
from mmm_core.domain import (
    conversation,
    elicitation,
    knowledge,
    llm,
    plan_talk,
    ports,
    remote_tasks,
    routing,
    runtime_tools,
    spec_draft,
    tokens,
    workflow,
)
from mmm_core.domain.errors import NotAllowed
from mmm_core.domain.identity import Actor
from mmm_core.domain.knowledge import Embedder

BEGIN = text("""
    SELECT set_config('app.organisation', :organisation, true),
           set_config('app.user', :person, true),
           set_config('statement_timeout', '60s', true),
           set_config('lock_timeout', '20s', true),
           set_config('idle_in_transaction_session_timeout', '15min', true)
""")


class PostgresWork:
    """``with PostgresWork(engine, actor) as work:`` commits at the end of the block, rolls back on an exception.

    Whatever the database says on the way leaves the block as one sentence of ``domain.errors``.
    """

    projects: ports.Projects
    datasets: ports.Datasets
    runs: ports.Runs
    studies: ports.Studies
    baselines: ports.Baselines
    scenarios: ports.Scenarios
    reports: ports.Reports
    graph: ports.Graph
    documents: ports.Documents
    knowledge: knowledge.Knowledge
    blobs: ports.Blobs
    audit: ports.Audit
    team: ports.Team
    routings: routing.Routings
    tools: runtime_tools.RuntimeTools
    code: runtime_tools.CodeSessions
    tokens: tokens.PersonalTokens
    conversations: conversation.Conversations
    proposals: conversation.Proposals
    workflows: workflow.Workflows
    routes: llm.Routes
    prices: llm.PriceList
    usage: llm.UsageLog
    answers: llm.AnswerCache
    inquiries: elicitation.Inquiries
    plan_talks: plan_talk.PlanTalks
    remote_tasks: remote_tasks.RemoteTasks
    spec_drafts: spec_draft.SpecDrafts

    def __init__(self, engine: Engine, actor: Actor, embedder: Embedder | None = None) -> None:
        self._engine, self._actor, self._embedder = engine, actor, embedder
        self._connection: Connection | None = None

    def __enter__(self) -> Self:
        if not self._actor.organisation_id:
            raise NotAllowed("You belong to no organisation; ask an administrator for an invitation.")
        try:
            connection = self._connection = self._engine.connect()
            connection.begin()
            who = {"organisation": self._actor.organisation_id, "person": self._actor.user_id}
            connection.execute(BEGIN, who)
        except Exception as error:
            self._close()
            _raise(error)
            raise
        self._open(connection)
        return self

    def _open(self, connection: Connection) -> None:
        place = (connection, self._actor)
        self.projects = Projects(*place)
        self.datasets = Datasets(*place)
        self.runs = Runs(*place)
        self.studies = Studies(*place)
        self.baselines = Baselines(*place)
        self.scenarios = Scenarios(*place)
        self.reports = Reports(*place)
        self.graph = Graph(*place)
        self.documents = Documents(*place, self._embedder)
        self.knowledge = Knowledge(*place, self._embedder)
        self.blobs = Blobs(*place)
        self.audit = Audit(*place)
        self.team = Team(*place)
        self.routings = Routings(*place)
        self.tools = RuntimeTools(*place)
        self.code = CodeSessions(*place)
        self.tokens = PersonalTokens(*place)
        self.workflows = Workflows(*place)
        self.conversations = Conversations(*place)
        self.proposals = Proposals(*place)
        self.routes = Routes(*place)
        self.prices = PriceList(*place)
        self.usage = UsageLog(*place)
        self.answers = AnswerCache(*place)
        self.inquiries = Inquiries(*place)
        self.plan_talks = PlanTalks(*place)
        self.remote_tasks = RemoteTasks(*place)
        self.spec_drafts = SpecDrafts(*place)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        connection = self._connection
        assert connection is not None
        try:
            if error is None:
                connection.commit()
        except Exception as failure:
            _raise(failure)
            raise
        finally:
            # Closing rolls back what was not committed; on a broken connection it only forgets it.
            self._close()
        if error is not None:
            _raise(error)

    def _close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()


def _raise(error: BaseException) -> None:
    known = translate(error)
    if known is not None:
        raise known from error
