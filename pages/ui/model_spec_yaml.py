"""The specification as a document: to read, to keep, to bring back, and as a script."""

import streamlit as st

from mmm_core.domain.identity import Actor
from mmm_core.domain.project import Project
from mmm_core.modeling.spec import ModelSpec
from pages.ui import state
from pages.ui.errors import shown
from server import notebook_files


def panel(actor: Actor, project: Project, key: str, text: str) -> None:
    with st.expander("As YAML, or as a PyMC-Marketing script"):
        st.code(text, language="yaml", height=260)
        with st.container(horizontal=True):
            st.download_button("Download YAML", text, file_name="spec.yaml", mime="application/yaml", key=f"{key}_yaml")
            _script(actor, project, key, text)
        pasted = st.text_area(
            "Bring a specification",
            height=120,
            key=f"{key}_paste",
            placeholder="Paste YAML here; it replaces the form above.",
        )
        if st.button("Use this specification", key=f"{key}_use", disabled=not pasted.strip()):
            with shown():
                read = ModelSpec.from_yaml(pasted)
                clear(key)
                st.session_state[key] = (read.to_yaml(), ("Brought in as YAML.",))
                state.flash("Specification read.")
                st.rerun()


NOW = "now_"
"""Before a form's key: the specification that the form says now."""
TABLES = ("channels", "beliefs", "levers", "lift")


def clear(key: str, *, tables: bool = True) -> None:
    """Forget what the form's widgets hold, so that they show the new specification; tables too, unless told not to."""
    kept: tuple[str, ...] = () if tables else tuple(f"{key}_{name}_" for name in TABLES)
    for name in [str(n) for n in st.session_state if str(n).startswith(f"{key}_")]:
        if not name.startswith(kept):
            del st.session_state[name]
    if tables:
        st.session_state.pop(NOW + key, None)


def _script(actor: Actor, project: Project, key: str, text: str) -> None:
    """Made on request: it takes a process with PyMC some seconds."""
    kept = st.session_state.get(f"script_of_{key}")
    if kept and kept[0] == text:
        st.download_button(
            "Download script and table", kept[1], "pymc-marketing-model.zip", "application/zip", key=f"{key}_zip"
        )
    elif st.button("Make a PyMC-Marketing script", key=f"{key}_make"):
        with shown(), st.spinner("Writing the script (about ten seconds)"):
            made = notebook_files.script_zip(state.services(), actor, project.id, ModelSpec.from_yaml(text))
            st.session_state[f"script_of_{key}"] = (text, made)
            st.rerun()
