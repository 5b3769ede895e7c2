"""Everything that can go wrong and that a person should read.

CarryoverError            one clear sentence for the person, never a traceback
├── BadInput              what was handed in cannot be used (exit code 2)
│   ├── DataError         a file, a table or a column
│   ├── SpecError         a model specification
│   └── PlanError         a budget, a scenario or a constraint
├── NotFound              no such thing here, or not for this organisation
├── NotAllowed            the person's role, or a checkpoint, forbids it
├── Conflict              somebody or something changed it in the meantime
├── ModelFailed           no language model gave a usable answer
├── FitFailed             a fit ended without a posterior
├── Cancelled             a person stopped it
└── Unavailable           database, queue or disk cannot be reached or is full; trying again may help
"""


class CarryoverError(Exception):
    """Root of the tree; ``str(error)`` is the sentence that the person reads."""


class BadInput(CarryoverError):
    pass


class DataError(BadInput):
    pass


class SpecError(BadInput):
    pass


class PlanError(BadInput):
    pass


class NotFound(CarryoverError):
    pass


class NotAllowed(CarryoverError):
    pass


class Conflict(CarryoverError):
    pass


class ModelFailed(CarryoverError):
    pass


class FitFailed(CarryoverError):
    pass


class Cancelled(CarryoverError):
    pass


class Unavailable(CarryoverError):
    pass
