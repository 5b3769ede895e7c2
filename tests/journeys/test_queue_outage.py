"""The queue goes away while somebody presses Fit: one sentence, a button, and the fit can be asked for again."""

import contextlib
import socket
import threading
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy.engine import make_url

from jobs import wiring
from mmm_core.data import simulate
from mmm_core.settings import Settings
from mmm_core.use_cases import datasets, plans, projects
from tests.conftest import Database
from tests.journeys.conftest import Web, free_port

pytestmark = [pytest.mark.browser, pytest.mark.slow]


class Wire:
    """What stands between the product and its queue, and can be cut."""

    def __init__(self, port: int, target: tuple[str, int]) -> None:
        self._port, self._target = port, target
        self._open: list[socket.socket] = []
        self._listener: socket.socket | None = None

    def join(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", self._port))
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def cut(self) -> None:
        assert self._listener is not None
        for end in (self._listener, *self._open):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()
        self._open.clear()

    def _accept(self, listener: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                near = listener.accept()[0]
                far = socket.create_connection(self._target)
                self._open += [near, far]
                for source, sink in ((near, far), (far, near)):
                    threading.Thread(target=_pour, args=(source, sink), daemon=True).start()


def _pour(source: socket.socket, sink: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while piece := source.recv(65536):
            sink.sendall(piece)


@pytest.fixture
def wire(redis_url: str) -> Iterator[tuple[Wire, str]]:
    url = make_url(redis_url)
    port = free_port()
    made = Wire(port, (url.host or "127.0.0.1", url.port or 6379))
    made.join()
    yield made, url.set(host="127.0.0.1", port=port).render_as_string(hide_password=False)
    made.cut()


def test_the_queue_goes_away_while_somebody_presses_fit(
    page: Page, web: Web, fresh_database: Database, wire: tuple[Wire, str]
) -> None:
    line, redis_url = wire
    content = simulate.company("national", 5).frame.to_csv(index=False).encode()
    with wiring.opened(Settings(DATABASE_URL=fresh_database.admin, REDIS_URL=redis_url)) as wired:
        services, actor = wired.services, wired.people.local()
        project = projects.create_project(services, actor, name="Outage")
        version = datasets.add_dataset(services, actor, project.id, [datasets.Upload(content, "weekly.csv")])
        target, channels, controls = plans.plan_columns(version.recognition)
        assert target
        plans.save_plan(services, actor, project.id, question="?", target=target, channels=channels, controls=controls)
        plans.approve_plan(services, actor, project.id)
    with web(free_port(), DATABASE_URL=fresh_database.admin, REDIS_URL=redis_url) as address:
        page.goto(f"{address}/model?project={project.id}")
        fit = page.get_by_role("button", name="Fit the model")
        expect(fit).to_be_visible()
        line.cut()
        fit.click()
        expect(page.get_by_text("The queue cannot be reached at the moment").first).to_be_visible()
        expect(page.get_by_text("Nothing you entered is lost.").first).to_be_visible()
        expect(page.get_by_text("Traceback")).to_have_count(0)
        line.join()
        page.get_by_role("button", name="Try again").first.click()
        expect(page.get_by_text("Nothing you entered is lost.")).to_have_count(0)
        page.goto(f"{address}/model?project={project.id}")
        page.get_by_role("button", name="Fit the model").click()
        expect(page.get_by_text("The queue cannot be reached at the moment")).to_have_count(0)
        expect(page.get_by_text("no worker is running").first).to_be_visible()
