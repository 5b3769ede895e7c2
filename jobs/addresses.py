"""Where database and queue are: all that starting other processes needs of the composition root."""

from mmm_core.domain.errors import BadInput
from mmm_core.settings import Settings


def admin_url(settings: Settings) -> str:
    """The database's address as its owner; the application itself uses a role derived from it."""
    if settings.database_url is None:
        raise BadInput("DATABASE_URL is not set; `mmm up` starts a database of its own.")
    return settings.database_url.get_secret_value()


def redis_url(settings: Settings) -> str:
    if settings.redis_url is None:
        raise BadInput("REDIS_URL is not set; `mmm up` starts a queue of its own.")
    return settings.redis_url.get_secret_value()
