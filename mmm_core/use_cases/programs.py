"""What runs around code of people and assistants inside the walls: calling a tool, and a step that keeps variables.

Nothing here is trusted once it runs: the walls are the runner's, and what comes back is plain values.
"""

import ast
import re
from collections.abc import Sequence

from mmm_core.domain.errors import BadInput
from mmm_core.domain.runtime_tools import Parameter

NAME = re.compile(r"[a-z][a-z0-9_]{2,59}")
FUNCTION = "tool"
LONGEST_SOURCE = 20_000
KEPT_BYTES = 1_000_000

CALL = """
space = {"__name__": "code", "np": np, "pd": pd}
exec(compile(arguments["source"], "<code>", "exec"), space)
result = space["tool"](tables["data"], **arguments["given"])
"""

STEP = """
import ast, importlib, io, json, types

def opened(kept):
    if kept["kind"] == "frame":
        return pd.read_json(io.StringIO(kept["value"]), orient="table", precise_float=True)
    if kept["kind"] == "array":
        return np.array(kept["value"], dtype=kept["type"])
    if kept["kind"] == "module":
        return importlib.import_module(kept["value"])
    return kept["value"]

def closed(value):
    if isinstance(value, types.ModuleType):
        return {"kind": "module", "value": value.__name__}
    if isinstance(value, pd.DataFrame):
        text = value.to_json(orient="table", double_precision=15)
        same = opened({"kind": "frame", "value": text})
        return {"kind": "frame", "value": text} if same.shape == value.shape else None
    if isinstance(value, np.ndarray) and value.dtype.kind in "biuf":
        return {"kind": "array", "value": value.tolist(), "type": str(value.dtype)}
    if isinstance(value, np.generic):
        value = value.item()
    text = json.dumps(value, allow_nan=False)
    return {"kind": "plain", "value": value} if json.loads(text) == value else None

space = {"__name__": "code", "np": np, "pd": pd, "data": tables["data"]}
given = set(space)
for name, kept in arguments["kept"].items():
    space[name] = opened(kept)
tree = ast.parse(arguments["source"], "<code>")
last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
exec(compile(tree, "<code>", "exec"), space)
found = eval(compile(ast.Expression(last.value), "<code>", "eval"), space) if last else space.get("result")
kept, lost, room = {}, [], arguments["room"]
for name, value in space.items():
    if name in given or name.startswith("_"):
        continue
    try:
        made = closed(value)
        size = len(json.dumps(made))
    except Exception:
        made, size = None, 0
    if made is None or size > room:
        lost.append(name)
    else:
        kept[name], room = made, room - size
if isinstance(found, (pd.DataFrame, pd.Series)):
    found = found.head(200)
result = {"result": found, "kept": kept, "lost": lost}
"""
"""The last expression is the answer, as in a notebook; variables go to the next step as plain values or not at all."""


def checked_source(source: str, parameters: Sequence[Parameter]) -> str:
    """A courtesy to whoever writes a tool; the walls do not rely on it."""
    text = source.strip()
    if not text or len(text) > LONGEST_SOURCE:
        raise BadInput(f"A tool needs code of up to {LONGEST_SOURCE:,} characters.")
    tree = parsed(text)
    made = next((n for n in tree.body if isinstance(n, ast.FunctionDef) and n.name == FUNCTION), None)
    if made is None:
        raise BadInput(f"The code has to define the function {FUNCTION}(data, ...) that does the work.")
    takes = [a.arg for a in (*made.args.posonlyargs, *made.args.args)]
    if not takes or takes[0] != "data":
        raise BadInput(f"The function {FUNCTION} takes the project's data as its first argument, called data.")
    named = {*takes[1:], *(a.arg for a in made.args.kwonlyargs)}
    wanted = {p.name for p in parameters}
    if named != wanted:
        odd = sorted(named ^ wanted)[0]
        where = "the code but not among the parameters" if odd in named else "the parameters but not in the code"
        raise BadInput(f"{odd} is in {where}.")
    return text


def parsed(source: str) -> ast.Module:
    try:
        return ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        where = f" in line {error.lineno}" if isinstance(error, SyntaxError) and error.lineno else ""
        raise BadInput(f"This is not readable Python{where}.") from None
