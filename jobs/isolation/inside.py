"""What runs inside the walls: reads one program, runs it, writes what came of it. Started by ``runner`` alone.

Everything here may be overthrown by the code that it runs, so nothing outside relies on it: the walls are namespaces
and limits of the kernel, and what comes out is read as text and JSON only.
"""

import contextlib
import io
import json
import os
import resource
import sys
import traceback
from typing import Any

PROGRAM, TABLES = "/in/program.json", "/in/tables"


def main() -> None:
    with open(PROGRAM, encoding="utf-8") as file:
        program = json.load(file)
    seen = _names(program)
    _limit(program["memory_mb"], program["seconds"])
    out = int(sys.argv[1])
    os.write(out, b"\n")  # its time begins now
    answer: dict[str, Any] = {"status": "done", "result": None, "error": ""}
    try:
        exec(compile(program["source"], "<code>", "exec"), seen)  # noqa: S102 - this is what the walls are for
        answer["result"] = json.loads(json.dumps(seen.get("result"), default=_plain, allow_nan=False))
    except MemoryError:
        answer |= {"status": "stopped", "error": "It ran out of memory."}
    except BaseException as error:
        answer |= {"status": "failed", "error": _sentence(error)}
    with contextlib.suppress(OSError):
        sys.stdout.flush()
    with os.fdopen(out, "w", encoding="utf-8") as file:
        json.dump(answer, file)
    os._exit(0)


def _names(program: dict[str, Any]) -> dict[str, Any]:
    import numpy as np
    import pandas as pd

    tables = {}
    for name in program["tables"]:
        with open(f"{TABLES}/{name}.parquet", "rb") as file:
            tables[name] = pd.read_parquet(io.BytesIO(file.read()))
    return {"__name__": "code", "np": np, "pd": pd, "tables": tables, "arguments": program["arguments"], "result": None}


def _limit(memory_mb: int, seconds: float) -> None:
    """Limits that the process cannot lift again, counted from what is loaded by now."""
    with open("/proc/self/statm", encoding="ascii") as file:
        now = int(file.read().split()[0]) * os.sysconf("SC_PAGE_SIZE")
    memory, whole = now + memory_mb * 2**20, int(seconds) + 1
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (whole, whole))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))


def _plain(value: Any) -> Any:
    """NumPy and pandas values as JSON holds them."""
    import numpy as np
    import pandas as pd

    if isinstance(value, pd.DataFrame):
        return json.loads(value.to_json(orient="records", date_format="iso"))
    if isinstance(value, pd.Series):
        return json.loads(value.to_json(date_format="iso"))
    if isinstance(value, np.ndarray | np.generic | pd.Index):
        return value.tolist()
    return str(value)


def _sentence(error: BaseException) -> str:
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == "<code>"]
    lines += [error.lineno] if isinstance(error, SyntaxError) and error.lineno else []
    where = f" in line {lines[-1]}" if lines else ""
    said = str(error).strip().splitlines()
    return f"{type(error).__name__}{where}{f': {said[0][:300]}' if said else ''}."


if __name__ == "__main__":
    main()
