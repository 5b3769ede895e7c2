"""How far a fitted model may be trusted: its diagnostics in plain words."""

import streamlit as st

from mmm_core.domain.checks import Check, CheckReport, Status
from mmm_core.domain.fit import Run
from mmm_core.domain.identity import Actor
from mmm_core.domain.results import Results
from mmm_core.reports import wording as f
from pages.ui import charts, chrome, state
from pages.ui.data_checks import ORDER
from pages.ui.errors import shown
from pages.ui.figure import show
from pages.ui.palette import scheme
from server import notebook_files


def trust(actor: Actor, run: Run) -> None:
    with shown():
        results = state.results(actor, run.id)
        fit = results.fit
        with st.container(horizontal=True):
            st.metric(
                "Explained (R²)",
                f"{fit.r2:.2f}",
                border=True,
                help="Share of the KPI's movement that the model follows.",
            )
            st.metric(
                "Typical error", f.share(fit.mape, 1), border=True, help="Mean absolute error as a share of the KPI."
            )
            st.metric("R-hat", f"{fit.rhat_max:.3f}", border=True, help="Whether the chains agree; up to 1.01 is good.")
            st.metric(
                "Effective draws",
                f.whole(fit.ess_bulk_min),
                border=True,
                help="Independent draws of the least well known quantity.",
            )
            st.metric("Divergences", fit.divergences, border=True, help=f"Of {fit.chains * fit.draws:,} draws.")
        checks = sorted(results.checks, key=lambda c: ORDER[c.status])
        worst = CheckReport(tuple(checks)).status
        st.markdown(f"{chrome.status_badge(worst)} {_words(checks)}")
        for check in checks:
            if check.status is not Status.PASS:
                _finding(check, results)
        st.markdown("**Model and actuals**  :gray[line: the model; ribbon: its 90% interval; dots: actuals]")
        show(
            charts.predicted(results, scheme()),
            "chart_predicted",
            alt="The model's prediction with its 90% interval beside the actual KPI",
        )
        _passed([c for c in checks if c.status is Status.PASS], results)
        _notebook(actor, run)


def _notebook(actor: Actor, run: Run) -> None:
    """The posterior for other tools, made on request: it takes a process with PyMC some seconds."""
    key = f"netcdf_{run.id}"
    if key in st.session_state:
        name = "".join(c if c.isalnum() else "-" for c in run.name.lower()) or "model"
        st.download_button("Download the posterior", st.session_state[key], f"{name}.nc", "application/x-netcdf")
    elif st.button("Make the posterior file for ArviZ and PyMC-Marketing (NetCDF)", key=f"make_{key}"):
        with shown(), st.spinner("Writing the posterior (about ten seconds)"):
            st.session_state[key] = notebook_files.netcdf(state.services(), actor, run.id)
            st.rerun()


def _words(checks: list[Check]) -> str:
    failed = sum(c.status is Status.FAIL for c in checks)
    doubtful = sum(c.status is Status.REVIEW for c in checks)
    if failed:
        they = "it is" if failed == 1 else "they are"
        return f"{failed} of {len(checks)} checks failed: do not act on this model before {they} mended."
    if doubtful:
        return f"{doubtful} of {len(checks)} checks ask for a second look; converging is not the same as being right."
    return f"All {len(checks)} checks passed."


def _passed(checks: list[Check], results: Results) -> None:
    if not checks:
        return
    with st.expander(f"{len(checks)} check{'' if len(checks) == 1 else 's'} passed"):
        left, right = st.columns(2, gap="large")
        for i, check in enumerate(checks):
            with left if i < (len(checks) + 1) // 2 else right:
                st.markdown(f"{_title(check)}  \n:gray[{chrome.said(check.message, results)}]")


def _finding(check: Check, results: Results) -> None:
    with st.container(border=True, gap="small"):
        st.markdown(_title(check))
        st.markdown(chrome.said(check.message, results))


def _title(check: Check) -> str:
    return f"{chrome.status_badge(check.status)} **{f.safe(check.title)}**{chrome.measured(check)}"
