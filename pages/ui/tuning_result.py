"""What came out of a session: before and after, the executive's criteria, and the specification to take over."""

import json
from typing import Any

import pandas as pd
import streamlit as st

from mmm_core.domain.identity import Actor
from mmm_core.domain.project import Project
from mmm_core.domain.study import Proposal
from mmm_core.domain.workflow import Workflow
from mmm_core.modeling.spec import ModelSpec
from mmm_core.reports import tuning_words as words
from mmm_core.reports import wording as f
from mmm_core.studies.tuning import settings
from pages.ui import chrome, proposals

CHOSEN = (
    "All proposals were held against the same weeks, so the error of the one that was kept flatters it a little; "
    "expanding windows under Validation tell more."
)


def draw(actor: Actor, project: Project, now: Workflow, result: dict[str, Any]) -> None:
    badge = ":green-badge[Approved]" if result["approved"] else ":orange-badge[Not approved]"
    st.markdown(f"{badge} **{f.safe(now.outcome or '')}**  \n:gray[{words.ENDS[result['how']]}]")
    st.dataframe(_before_after(result), hide_index=True, width="stretch")
    st.markdown("  \n".join(_criterion(one) for one in result["criteria"]))
    st.caption(CHOSEN)
    if result["changes"]:
        _changes(result)
        spec = Proposal("the tuned specification", result["spec"], recommended=result["approved"])
        st.button(
            "Use this specification", type="primary" if result["approved"] else "secondary", key=f"tuning_use_{now.id}",
            on_click=proposals.take_over, args=(actor, project, spec),
        )  # fmt: skip
        st.caption("It opens in the form; nothing is fitted or changed until you do so.")


def _criterion(one: dict[str, Any]) -> str:
    mark = ":green[✓]" if one["met"] else ":red[✗]"
    return f"{mark} {f.safe(one['name'])}: **{f.safe(one['found'])}** :gray[wanted {f.safe(one['wanted'])}]"


def _before_after(result: dict[str, Any]) -> pd.DataFrame:
    was, found = result["baseline"], result["best"]
    rows = [
        ("Score (of 1)", *(f"{one['score']['total']:.3f}" for one in (was, found))),
        ("  diagnostics", *(f"{one['score']['diagnostics']:.3f}" for one in (was, found))),
        ("  forecast", *(f"{one['score']['forecast']:.3f}" for one in (was, found))),
    ]
    if found["score"]["plausibility"] is not None:
        rows.append(("  plausibility", *(f"{one['score']['plausibility']:.3f}" for one in (was, found))))
    rows.append(("Forecast of weeks held out off by", *(f.share(one["holdout_error"], 1) for one in (was, found))))
    rows.append(("Checks that fail", *(str(len(one["failed"])) for one in (was, found))))
    return pd.DataFrame(rows, columns=["", "Before", "After"])


def _changes(result: dict[str, Any]) -> None:
    channels = tuple(c.name for c in ModelSpec.from_yaml(result["spec"]).channels)
    rows = [(_titled(path, channels), _written(c["from"]), _written(c["to"])) for path, c in result["changes"].items()]
    frame = pd.DataFrame(rows, columns=["Setting", "From", "To"])
    st.dataframe(frame, hide_index=True, width="stretch", height=chrome.tall(len(frame)))


def _titled(path: str, channels: tuple[str, ...]) -> str:
    one = settings.setting(path, channels)
    if one is None:
        return path
    name = next((c for c in channels if settings.belief_of(c) == path), "")
    return f"{one.title}: {f.plain(name)}" if name else one.title


def _written(value: Any) -> str:
    if value is None or value == []:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict):
        return f"{value['low']:g} to {value['high']:g} ({value.get('source') or 'stated'})"
    return ", ".join(f.plain(str(v)) for v in value) if isinstance(value, list | tuple) else f"{value}"


def downloads(now: Workflow, history: dict[str, Any]) -> None:
    st.download_button(
        "Download the history (JSON)",
        json.dumps(history, indent=2, ensure_ascii=False, default=str),
        file_name=f"tuning-{now.id[:8]}.json",
        mime="application/json",
        type="tertiary",
        key=f"tuning_history_{now.id}",
    )
