import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
from sqlalchemy import Engine

from db import connect
from db.shared_reports import PostgresSharedReports
from db.work import PostgresWork
from mmm_core.domain.errors import CarryoverError, NotAllowed, NotFound, Unavailable
from mmm_core.domain.identity import Actor
from mmm_core.domain.report import Report, ShareLink
from mmm_core.use_cases.reports import hash_passcode, hash_token
from tests.db import some

Open = Callable[[], PostgresWork]
HTML = "<h1>Größe</h1>".encode()


@pytest.fixture
def report(work: Open) -> Report:
    with work() as w:
        made = some.report(some.store_run(w), w.blobs.put(HTML, "text/html"))
        w.reports.add(made)
        return made


@pytest.fixture
def doors(engine: Engine) -> PostgresSharedReports:
    return PostgresSharedReports(engine)


def _share(work: Open, report: Report, *, days: int = 30, passcode: str | None = None) -> tuple[str, ShareLink]:
    link = some.link(report, days, passcode=passcode is not None)
    with work() as w:
        w.reports.add_link(link, hash_token(link.id), hash_passcode(passcode, link.id) if passcode else None)
    return link.id, link


def test_reports_come_back_equal(work: Open, report: Report) -> None:
    with work() as w:
        assert w.reports.get(report.id) == report
        assert w.reports.list(report.project_id) == [report]


def test_a_link_opens_the_report_and_counts_views(work: Open, report: Report, doors: PostgresSharedReports) -> None:
    token, link = _share(work, report)
    assert doors.open(token, None, "10.0.0.1") == HTML
    assert doors.open(token, "needless", "v" * 5000) == HTML
    with work() as w:
        assert w.reports.links(report.id) == [replace(link, views=2)]


@pytest.mark.parametrize("token", ["", "wrong", "'; --", "\x00", "\ud800x", "x" * 100_000])
def test_a_wrong_token_opens_nothing(work: Open, report: Report, doors: PostgresSharedReports, token: str) -> None:
    _share(work, report)
    with pytest.raises(NotFound, match="opens no report"):
        doors.open(token, None, "")


def test_an_expired_link_says_so(work: Open, report: Report, doors: PostgresSharedReports) -> None:
    token, _ = _share(work, report, days=-1)
    with pytest.raises(NotAllowed, match="expired"):
        doors.open(token, None, "")


def test_a_revoked_link_says_so_and_the_first_revocation_counts(
    work: Open, report: Report, doors: PostgresSharedReports
) -> None:
    token, link = _share(work, report)
    first = datetime.now(UTC)
    for at in (first, first + timedelta(days=1)):
        with work() as w:
            w.reports.revoke(link.id, at)
    with pytest.raises(NotAllowed, match="revoked"):
        doors.open(token, None, "")
    with work() as w:
        assert w.reports.links(report.id) == [replace(link, revoked_at=first)]


def test_a_passcode_is_asked_for_and_checked(work: Open, report: Report, doors: PostgresSharedReports) -> None:
    token, link = _share(work, report, passcode="spring")
    for wrong, sentence in ((None, "asks for a passcode"), ("", "asks for a passcode"), ("summer", "is not right")):
        with pytest.raises(NotAllowed, match=sentence):
            doors.open(token, wrong, "")
    assert doors.open(token, "spring", "") == HTML
    with work() as w:
        assert w.reports.links(report.id) == [replace(link, views=1)]


def test_passcodes_cannot_be_tried_for_ever_even_at_once(
    work: Open, report: Report, doors: PostgresSharedReports, database: Any
) -> None:
    token, link = _share(work, report, passcode="spring")
    said: list[str] = []

    def guess(n: int) -> None:
        try:
            doors.open(token, f"guess {n}", "")
        except CarryoverError as error:
            said.append(str(error))

    threads = [threading.Thread(target=guess, args=(n,)) for n in range(14)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert sum("not right" in s for s in said) == 10
    assert sum("too many" in s for s in said) == 4
    with pytest.raises(NotAllowed, match="too many wrong passcodes"):
        doors.open(token, "spring", "")
    with psycopg.connect(database.admin) as owner:
        owner.execute("UPDATE carryover.share_views SET at = at - interval '16 minutes' WHERE link_id = %s", [link.id])
    assert doors.open(token, "spring", "") == HTML


def test_a_link_of_another_organisation_opens_its_own_report(
    engine: Engine, stranger: Actor, doors: PostgresSharedReports
) -> None:
    def theirs() -> PostgresWork:
        return PostgresWork(engine, stranger)

    with theirs() as w:
        made = some.report(some.store_run(w), w.blobs.put(b"<h1>Theirs</h1>", "text/html"))
        w.reports.add(made)
    token, _ = _share(theirs, made)
    assert doors.open(token, None, "") == b"<h1>Theirs</h1>"


def test_the_token_itself_is_nowhere_in_the_database(work: Open, report: Report, database: Any) -> None:
    token, _ = _share(work, report)
    with psycopg.connect(database.admin) as owner:
        rows = owner.execute("SELECT token_hash, passcode_hash FROM carryover.share_links").fetchall()
    assert token not in str(rows)
    assert hash_token(token) in str(rows)


def test_a_database_that_is_gone_is_one_sentence() -> None:
    with pytest.raises(Unavailable, match="cannot be reached"):
        PostgresSharedReports(connect.engine("postgresql://a:b@127.0.0.1:9/none")).open("t", None, "")
