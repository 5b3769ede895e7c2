"""NumPyro's NUTS as one compiled program: take a chain's state and go on with it for any number of iterations.

The number of iterations is an argument, so that however a chain is cut into chunks its draws are the same to the bit.
A chain's whole state (position, step size, mass matrix, averages of the warm-up, random key) is a flat list of arrays.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import numpy.typing as npt
from numpyro.infer.hmc import HMCState, hmc

from mmm_core.modeling.compile_cache import load_or_compile

Leaves = list[npt.NDArray[Any]]
CAPACITY = 500
"""Most iterations that one call returns."""
MAX_DEPTH = 10
STATISTICS = ("energy", "steps", "diverging", "accept")


@dataclass(frozen=True)
class Target:
    """Any log density of one vector, in a form that can be compiled once for many data sets."""

    log_density: Callable[[Any, Any], Any]
    """(z (D,), expanded inputs) -> log density of ``z`` up to a constant."""
    inputs: Any
    """Pytree of arrays: everything that changes from one data set to the next."""
    start: npt.NDArray[np.float64]
    """(chains, D) where each chain starts."""
    expand: Callable[[Any], Any] = lambda inputs: inputs
    """Applied to the inputs once per call, outside of the loop."""
    kept: Callable[[Any, Any], Any] = lambda z, inputs: z
    """(z (D,), expanded inputs) -> what is kept (D,) of a draw, where the sampler moves in coordinates of its own."""
    name: str = ""
    """Says all that the functions depend on beside their arguments; a target without one is compiled anew each time."""

    @property
    def size(self) -> int:
        return int(self.start.shape[1])


@dataclass(frozen=True)
class Program:
    """Compiled for one device; with ``batched`` every argument but the inputs has a leading axis of chains."""

    advance: Callable[..., Any]
    """(leaves, iterations, inputs) -> leaves, draws (CAPACITY, D), statistics (CAPACITY, 4)."""
    shapes: Any
    """``HMCState`` of shapes and types."""
    batched: bool

    def state(self, leaves: Leaves) -> HMCState:
        return jax.tree.unflatten(jax.tree.structure(self.shapes), leaves)

    def fresh(self, key: npt.NDArray[np.uint32], z: npt.NDArray[np.float64]) -> Leaves:
        """A chain before its first iteration: the program fills in the rest of its state."""
        empty = jax.tree.map(lambda s: np.zeros(s.shape, s.dtype), self.shapes)
        return [np.asarray(a) for a in jax.tree.leaves(empty._replace(rng_key=key, z=z))]


def compile_program(
    target: Target,
    tune: int,
    target_accept: float,
    device: jax.Device,
    chains: int,
    batched: bool,
    programs: Path | None = None,
) -> Program:
    """Trace and compile, or take the compiled code from where an earlier fit left it.

    Parameters
    ----------
    batched
        Advance all chains in one call, as a GPU needs it; otherwise each is called on its own, from its own thread.
    programs
        Folder of compiled code for targets that have a name.
    """
    begin, kernel = hmc(potential_fn_gen=lambda big: lambda z: -target.log_density(z, big), algo="NUTS")

    def initial(key: Any, z: Any, big: Any) -> Any:
        return begin(
            z,
            num_warmup=tune,
            target_accept_prob=target_accept,
            max_tree_depth=MAX_DEPTH,
            model_args=(big,),
            rng_key=key,
        )

    with jax.default_device(device):
        # Tracing the start also fixes what the kernel remembers of its settings; it has to come first.
        key = jax.ShapeDtypeStruct((2,), np.uint32)
        shapes = jax.eval_shape(lambda k, z, x: initial(k, z, target.expand(x)), key, target.start[0], target.inputs)

        def advance(leaves: Any, iterations: Any, inputs: Any) -> Any:
            big = target.expand(inputs)
            state = jax.tree.unflatten(jax.tree.structure(shapes), leaves)
            state = jax.lax.cond(state.i == 0, lambda s: initial(s.rng_key, s.z, big), lambda s: s, state)

            def body(k: Any, carry: Any) -> Any:
                state, draws, statistics = carry
                state = kernel(state, (big,))
                row = jnp.stack([state.energy, state.num_steps, state.diverging, state.accept_prob])
                return state, draws.at[k].set(target.kept(state.z, big)), statistics.at[k].set(row)

            empty = jnp.zeros((CAPACITY, target.size)), jnp.zeros((CAPACITY, len(STATISTICS)))
            state, draws, statistics = jax.lax.fori_loop(0, iterations, body, (state, *empty))
            return jax.tree.leaves(state), draws, statistics

        each: Any = (jax.tree.leaves(shapes), jax.ShapeDtypeStruct((), np.int64))
        function = advance
        if batched:
            function = jax.vmap(advance, in_axes=(0, 0, None))
            each = jax.tree.map(lambda s: jax.ShapeDtypeStruct((chains, *s.shape), s.dtype), each)
        inputs = jax.tree.map(lambda a: jax.ShapeDtypeStruct(np.shape(a), np.asarray(a).dtype), target.inputs)
        arguments = (*each, inputs)
        made_of = (target.name, tune, target_accept, batched)
        folder = programs if target.name and device.platform == "cpu" else None
        compiled = load_or_compile(lambda: jax.jit(function).lower(*arguments), arguments, made_of, device, folder)
        return Program(compiled, shapes, batched)


def chain_key(seed: int, chain: int) -> npt.NDArray[np.uint32]:
    """A chain's random key (2,), which does not depend on how many chains there are."""
    return np.random.SeedSequence([seed, chain]).generate_state(2, np.uint32).astype(np.uint32)
