"""Settings of a study: a small form behind a button, made from what its kind lets a person choose."""

from collections.abc import Sequence
from typing import Any, Literal

import streamlit as st

from mmm_core.domain.study import Study
from mmm_core.reports import wording as f
from mmm_core.studies import choices, registry
from mmm_core.studies.choices import Choice


def popover(
    kind: str,
    key: str,
    *,
    channels: Sequence[str] = (),
    without: Sequence[str] = (),
    width: Literal["content", "stretch"] = "content",
) -> None:
    """The form behind its button; ``chosen`` gives what it holds."""
    offered = [c for c in choices.choices(kind) if c.name not in without]
    name = f"{key}_{kind}_settings"
    button = st.popover("Settings", type="tertiary", icon=":material/tune:", width=width, key=name)
    with button, st.container(width=280):
        st.markdown(f"**{registry.find(kind).title}**")
        for choice in offered:
            _widget(choice, f"{key}_{kind}_{choice.name}", channels)


def chosen(kind: str, key: str, *, without: Sequence[str] = ()) -> dict[str, Any]:
    """What the form holds, where that is not what the kind takes by itself; also before it is drawn again."""
    out: dict[str, Any] = {}
    for choice in choices.choices(kind):
        value = st.session_state.get(f"{key}_{kind}_{choice.name}")
        if choice.name in without or value is None or value == []:
            continue
        value = value / 100 if choice.unit == "share" else tuple(value) if choice.unit == "channels" else value
        if value != choice.default:
            out[choice.name] = value
    return out


def asked(seen: Study, tail: str = "") -> None:
    """Who asked, when, and with which settings where they are not the usual ones."""
    own = [f"{c.title}: {_said(c, value)}" for c, value in choices.changed(seen.kind, seen.options)]
    with_own = f" {f.safe('; '.join(own))}." if own else ""
    st.caption(f"Asked by {f.safe(seen.requested_by)}, {f.moment(seen.ended_at)}{tail}.{with_own}")


def _said(choice: Choice, value: Any) -> str:
    if choice.unit == "share":
        return f.share(value)
    if choice.unit == "channels":
        return ", ".join(f.plain(name) for name in value)
    return f"{value:g}"


def _widget(choice: Choice, key: str, channels: Sequence[str]) -> None:
    help_text = choice.help or None
    if choice.unit == "channels":
        st.multiselect(choice.title, list(channels), format_func=f.plain, key=key, help=help_text)
        return
    low, high, value, step = _numbers(choice)
    st.number_input(
        f"{choice.title} (%)" if choice.unit == "share" else choice.title,
        low,
        high,
        value if choice.default is not None else None,
        step,
        key=key,
        help=f"{choice.help} From {low:g} to {high:g}.".strip(),
        format="%g" if choice.unit != "count" else None,
        placeholder=choice.help.rstrip(".") if choice.default is None else None,
    )


def _numbers(choice: Choice) -> tuple[Any, Any, Any, Any]:
    """Lowest, highest, usual and step, of one type as the widget wants them."""
    if choice.unit == "count":
        return int(choice.low), int(choice.high), choice.default, 1
    times, step = (100.0, 1.0) if choice.unit == "share" else (1.0, 0.05)
    low = step if choice.above else choice.low * times
    return low, choice.high * times, choice.default * times, step
