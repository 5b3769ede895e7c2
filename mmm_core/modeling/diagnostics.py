"""Did the sampler converge, and is the answer worth believing: every check with its number and plain words.

Convergence is not validity, so both kinds stand side by side: this module asks about the draws, ``validity`` about the
model and the data.
"""

import numpy as np

from mmm_core.domain.checks import Check, Status
from mmm_core.domain.fit import Array, ModelData, Posterior
from mmm_core.modeling import validity
from mmm_core.modeling.limits import Limits
from mmm_core.modeling.priors import Priors, resolve
from mmm_core.modeling.spec import ModelSpec

PARTS = {
    "adstock": "the memory of {channel}",
    "saturation_beta": "the effect of {channel}",
    "saturation": "the saturation of {channel}",
    "y_sigma": "the noise",
    "shock": "the shocks that geos share",
    "intercept": "the baseline",
    "gamma_fourier": "the season",
    "gamma_control": "a control",
    "baseline_drift": "the drift of the baseline",
    "media_drift": "the drift of media",
}
"""Beginnings of parameters' names, the longer ones first, and what they are about."""
OF_EACH_GEO = frozenset(("saturation_beta", "intercept_contribution", "gamma_control", "gamma_fourier", "y_sigma"))
"""What each geo of a panel has of its own; the geo is the first place."""


def checks(
    posterior: Posterior,
    data: ModelData,
    spec: ModelSpec,
    priors: Priors | None = None,
    limits: Limits | None = None,
) -> tuple[Check, ...]:
    """Every diagnostic of a fit, convergence first.

    Parameters
    ----------
    priors
        Resolved from the specification where left out.
    limits
        Where PASS, REVIEW and FAIL part.
    """
    limits = limits or Limits()
    picture = validity.look(posterior, data, spec, priors or resolve(spec, data))
    asked = (*validity.CHECKS, validity.lift_agreement) if picture.tests else validity.CHECKS
    return (*convergence(posterior, limits, data), *(check(picture, limits) for check in asked))


def convergence(posterior: Posterior, limits: Limits, data: ModelData | None = None) -> tuple[Check, ...]:
    """R-hat, effective sample sizes, divergences and (where the sampler kept energies) E-BFMI.

    ``data`` names channels and geos.
    """
    names, draws = _moving(posterior, data)
    found = [
        _rhat(names, draws, limits),
        _ess(names, draws, limits, "bulk"),
        _ess(names, draws, limits, "tail"),
        _divergences(posterior, limits),
    ]
    if posterior.energy is not None and posterior.energy.shape[1] > 2:
        found.append(_energy(posterior.energy, limits))
    return tuple(found)


def called(parameter: str, at: tuple[int, ...] = (), data: ModelData | None = None) -> str:
    """What a parameter is about, in the words of the pages; ``at`` is its place along geos and channels or columns."""
    words = next((words for stem, words in PARTS.items() if parameter.startswith(stem)), "a parameter")
    if data is None or not at:
        return words.format(channel="a channel")
    said = words.format(channel=dict(enumerate(data.channels)).get(at[-1], "a channel"))
    by_geo = parameter in OF_EACH_GEO and len(data.geos) > 1
    return f"{said} in {data.geos[at[0]]}" if by_geo else said


def _moving(posterior: Posterior, data: ModelData | None) -> tuple[list[str], Array]:
    """Every parameter that ever changes: what it is and its draws (chains, draws, parameters)."""
    names: list[str] = []
    columns: list[Array] = []
    for name, values in posterior.draws.items():
        flat = values.reshape((*values.shape[:2], -1))
        for index in np.flatnonzero(np.ptp(flat, axis=(0, 1)) > 0):
            at = tuple(int(i) for i in np.unravel_index(index, values.shape[2:])) if values.ndim > 2 else ()
            names.append(called(name, at, data))
            columns.append(flat[:, :, index])
    return names, np.stack(columns, axis=-1)


def _rhat(names: list[str], draws: Array, limits: Limits) -> Check:
    # arviz_stats brings JAX, which the web process must not load when it merely imports this module.
    from arviz_stats.base import array_stats

    values = np.asarray(array_stats.rhat(draws, chain_axis=0, draw_axis=1))
    worst = int(np.argmax(values))
    status = limits.above(values[worst], limits.rhat_review, limits.rhat_fail)
    words = {
        Status.PASS: f"The chains agree: R-hat is at most {values[worst]:.3f}.",
        Status.REVIEW: f"The chains do not quite agree on {names[worst]}: R-hat {values[worst]:.3f}; sample longer.",
        Status.FAIL: f"The chains disagree on {names[worst]}, R-hat {values[worst]:.2f}: these results are unusable.",
    }
    return Check("rhat", "Chains agree", status, words[status], float(values[worst]), limits.rhat_review)


def _ess(names: list[str], draws: Array, limits: Limits, kind: str) -> Check:
    from arviz_stats.base import array_stats

    extra = {"prob": (0.05, 0.95)} if kind == "tail" else {}
    values = np.asarray(array_stats.ess(draws, chain_axis=0, draw_axis=1, method=kind, **extra))
    worst = int(np.argmin(values))
    status = limits.below(values[worst], limits.ess_review, limits.ess_fail)
    what = "averages" if kind == "bulk" else "interval ends"
    words = {
        Status.PASS: f"Enough independent draws for {what}: at least {values[worst]:.0f}.",
        Status.REVIEW: f"Few independent draws for {what}: {values[worst]:.0f} for {names[worst]}; sample longer.",
        Status.FAIL: f"Too few independent draws for {what}: {values[worst]:.0f} for {names[worst]}; sample longer.",
    }
    title = f"Independent draws ({what})"
    return Check(f"ess_{kind}", title, status, words[status], float(values[worst]), limits.ess_review)


def _divergences(posterior: Posterior, limits: Limits) -> Check:
    draws = posterior.chains * posterior.draws_per_chain
    share = posterior.divergences / draws
    status = limits.above(share, limits.divergences_review, limits.divergences_fail)
    counted = f"{posterior.divergences} of {draws} draws diverged"
    words = {
        Status.PASS: f"{counted}: the sampler explored the posterior freely."
        if posterior.divergences
        else "No draw diverged: the sampler explored the posterior freely.",
        Status.REVIEW: f"{counted}; raise target_accept or give weak channels a belief.",
        Status.FAIL: f"{counted}, so parts of the posterior were missed; raise target_accept or simplify the model.",
    }
    return Check(
        "divergences",
        "Divergences",
        status,
        words[status],
        float(posterior.divergences),
        limits.divergences_review * draws,
    )


def _energy(energy: Array, limits: Limits) -> Check:
    variance = energy.var(axis=1)
    moved = np.mean(np.diff(energy, axis=1) ** 2, axis=1)
    lowest = float(np.min(np.where(variance > 0, moved / np.where(variance > 0, variance, 1.0), 0.0)))
    status = limits.below(lowest, limits.energy_review, limits.energy_fail)
    words = {
        Status.PASS: f"The sampler moved well through all energies (E-BFMI {lowest:.2f}).",
        Status.REVIEW: f"The sampler moved slowly through energies (E-BFMI {lowest:.2f}); tails may be thin.",
        Status.FAIL: f"The sampler got stuck at some energies (E-BFMI {lowest:.2f}); tails are missing.",
    }
    return Check("energy", "Energy", status, words[status], lowest, limits.energy_review)
