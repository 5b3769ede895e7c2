"""Everything to store of a fit, computed in its own process."""

from mmm_core.analysis import results
from mmm_core.domain.ports import FitOutcome
from mmm_core.modeling import artifact, diagnostics, priors
from mmm_core.modeling.engine import Fitted


def outcome(fitted: Fitted) -> FitOutcome:
    """Checks, results, facts and the posterior as bytes."""
    spec, data, posterior = fitted.spec, fitted.data, fitted.posterior
    found = diagnostics.checks(posterior, data, spec, fitted.priors)
    summary = results.summarise(
        data,
        posterior,
        spec,
        found,
        roi_prior=priors.roi_prior(spec, data, fitted.priors),
        tested={test.channel for test in spec.lift_tests},
        share_prior=priors.share_prior(spec, data, fitted.priors),
    )
    return FitOutcome(results=summary, facts=results.facts(summary), draws=artifact.dump(posterior))
