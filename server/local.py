"""What a command on this machine needs: running servers, a migrated database, services and the local person."""

import contextlib
from collections.abc import Callable, Iterator

from pydantic import SecretStr

from db import founding, migrate
from jobs import addresses
from mmm_core.domain.errors import BadInput
from mmm_core.domain.identity import Actor
from mmm_core.domain.ports import Services
from mmm_core.settings import Settings
from server import embedded, logs


@contextlib.contextmanager
def located(settings: Settings) -> Iterator[Settings]:
    """Settings with both servers' addresses, the embedded ones where none is set, and the schema up to date."""
    first = _first_admin(settings)
    with contextlib.ExitStack() as stack:
        if settings.database_url is None or settings.redis_url is None:
            urls = stack.enter_context(embedded.servers(settings.home))
            found = {
                "database_url": settings.database_url or SecretStr(urls.admin),
                "redis_url": settings.redis_url or SecretStr(urls.redis),
            }
            settings = settings.model_copy(update=found)
        migrate.upgrade(addresses.admin_url(settings))
        if first:
            founding.found(addresses.admin_url(settings), *first)
        yield settings


def _first_admin(settings: Settings) -> tuple[str, str] | None:
    """Organisation and e-mail address of the first way in, where the settings name one."""
    name, email = (settings.organisation or "").strip(), (settings.first_admin or "").strip()
    if not settings.sign_in or not (name or email):
        return None
    if not (name and email):
        raise BadInput("CARRYOVER_ORGANISATION and CARRYOVER_FIRST_ADMIN belong together; set both or neither.")
    from mmm_core.use_cases import team

    try:
        return name, team.checked_email(email)
    except BadInput as error:
        raise BadInput(f"CARRYOVER_FIRST_ADMIN: {error}") from None


def environment(settings: Settings) -> dict[str, str]:
    """What child processes are told about the servers."""
    return {"DATABASE_URL": addresses.admin_url(settings), "REDIS_URL": addresses.redis_url(settings)}


@contextlib.contextmanager
def local_services(
    *, say: Callable[[str], None] = lambda _: None, fits: bool = False
) -> Iterator[tuple[Services, Actor]]:
    """Services and the local person for a command; ``fits`` has the fit server load while the data are read."""
    # `mmm up` only starts processes that load it for themselves.
    from jobs import wiring

    logs.set_up(json=False, quiet=True)
    settings = Settings()
    process = wiring.fit_process(settings)
    if fits:
        process.start()
    if settings.database_url is None or settings.redis_url is None:
        say("Starting the database")
    with located(settings) as ready, wiring.opened(ready, process) as wired:
        yield wired.services, wired.people.local()
