"""From a database's error to the sentence that a person reads."""

from psycopg import errors
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, InterfaceError, InternalError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from mmm_core.domain.errors import BadInput, CarryoverError, Conflict, NotAllowed, NotFound, Unavailable

GONE = "The database cannot be reached right now; nothing was lost, try again in a moment."


def translate(error: BaseException) -> CarryoverError | None:
    """The error to raise in its place, or None where it is not the database's."""
    if isinstance(error, PoolTimeout):
        return Unavailable("The database is very busy right now; try again in a moment.")
    if not isinstance(error, DBAPIError):
        return None
    cause = error.orig
    if isinstance(cause, errors.UniqueViolation):
        return Conflict("Somebody else has just saved the same thing; reload and try again.")
    if isinstance(cause, errors.ForeignKeyViolation):
        return NotFound("What this belongs to is no longer there; reload and try again.")
    if isinstance(cause, errors.InsufficientPrivilege):
        return NotAllowed("The database does not allow this change.")
    if isinstance(error, IntegrityError | DataError):
        return BadInput("This holds a value that cannot be stored, such as an empty name or a character of no script.")
    if isinstance(error, OperationalError | InterfaceError | InternalError):
        return as_unavailable(error)
    return None


def as_unavailable(error: DBAPIError) -> Unavailable:
    cause = error.orig
    if isinstance(cause, errors.DiskFull):
        return Unavailable("The database's disk is full; nothing was lost, free some space and try again.")
    if isinstance(cause, errors.DeadlockDetected | errors.SerializationFailure | errors.LockNotAvailable):
        return Unavailable("Somebody else changed the same thing at the same moment; try again.")
    if isinstance(cause, errors.QueryCanceled):
        return Unavailable("The database took too long to answer; try again in a moment.")
    # A refused connection carries no error code, just the server's words.
    words = str(cause)
    if "authentication failed" in words or "no pg_hba.conf entry" in words:
        return Unavailable("The database refuses the user name or password of DATABASE_URL.")
    if 'database "' in words and "does not exist" in words:
        return Unavailable("The database that DATABASE_URL names does not exist on its server.")
    if "No space left on device" in words:
        return Unavailable("The database's disk is full; nothing was lost, free some space and try again.")
    return Unavailable(GONE)
