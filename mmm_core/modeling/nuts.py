"""NumPyro's NUTS as two compiled programs: start a chain, and go on with it for any number of iterations.

The number of iterations is an argument, so that however a chain is cut into chunks its draws are the same to the bit.
A chain's whole state (position, step size, mass matrix, averages of the warm-up, random key) is a flat list of arrays.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import numpy.typing as npt
from numpyro.infer.hmc import HMCState, hmc

Leaves = list[npt.NDArray[Any]]
CAPACITY = 500
"""Most iterations that one call returns."""
WARMUP_DEPTH, DEPTH = 10, 10
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

    @property
    def size(self) -> int:
        return int(self.start.shape[1])


@dataclass(frozen=True)
class Programs:
    """Compiled for one device. With ``batched`` every argument but the inputs has a leading axis of chains."""

    start: Callable[..., Any]
    advance: Callable[..., Any]
    structure: Any
    batched: bool

    def state(self, leaves: Leaves) -> HMCState:
        return jax.tree.unflatten(self.structure, leaves)


def compile_programs(
    target: Target, tune: int, target_accept: float, device: jax.Device, chains: int, batched: bool
) -> Programs:
    """Trace and compile, or take the compiled code from the cache on disk.

    ``batched`` advances all chains in one call, as a GPU needs it; otherwise each is called on its own, from a thread
    of its own.
    """
    begin, kernel = hmc(potential_fn_gen=lambda big: lambda z: -target.log_density(z, big), algo="NUTS")

    def initial(key: Any, z: Any, inputs: Any) -> Any:
        return begin(
            z,
            num_warmup=tune,
            target_accept_prob=target_accept,
            max_tree_depth=(WARMUP_DEPTH, DEPTH),
            model_args=(target.expand(inputs),),
            rng_key=key,
        )

    def start(key: Any, z: Any, inputs: Any) -> Any:
        return jax.tree.leaves(initial(key, z, inputs))

    key, z = jax.random.PRNGKey(0), target.start[0]
    with jax.default_device(device):
        # Tracing the start also fixes what the kernel remembers of its settings; it has to come first.
        state = jax.eval_shape(initial, key, z, target.inputs)
        shapes, structure = jax.tree.flatten(state)

        def advance(leaves: Any, iterations: Any, inputs: Any) -> Any:
            big = target.expand(inputs)

            def body(k: Any, carry: Any) -> Any:
                state, draws, statistics = carry
                state = kernel(state, (big,))
                row = jnp.stack([state.energy, state.num_steps, state.diverging, state.accept_prob])
                return state, draws.at[k].set(state.z), statistics.at[k].set(row)

            empty = jnp.zeros((CAPACITY, target.size)), jnp.zeros((CAPACITY, len(STATISTICS)))
            state, draws, statistics = jax.lax.fori_loop(
                0, iterations, body, (jax.tree.unflatten(structure, leaves), *empty)
            )
            return jax.tree.leaves(state), draws, statistics

        one = (jax.ShapeDtypeStruct(key.shape, key.dtype), jax.ShapeDtypeStruct(z.shape, z.dtype))
        many = (shapes, jax.ShapeDtypeStruct((), np.int64))
        first, on = start, advance
        if batched:
            first = jax.vmap(start, in_axes=(0, 0, None))
            on = jax.vmap(advance, in_axes=(0, 0, None))
            one, many = _stacked(one, chains), _stacked(many, chains)
        return Programs(
            jax.jit(first).lower(*one, target.inputs).compile(),
            jax.jit(on).lower(*many, target.inputs).compile(),
            structure,
            batched,
        )


def _stacked(shapes: Any, chains: int) -> Any:
    return jax.tree.map(lambda s: jax.ShapeDtypeStruct((chains, *s.shape), s.dtype), shapes)


def chain_keys(seed: int, chains: int) -> npt.NDArray[np.uint32]:
    """(chains, 2) random keys; a chain's key does not depend on how many chains there are."""
    root = jax.random.PRNGKey(seed)
    return np.stack([np.asarray(jax.random.fold_in(root, chain)) for chain in range(chains)])
