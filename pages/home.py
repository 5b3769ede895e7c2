"""Home: the sample company one click away, your own file, and the projects there are."""

from pages.ui import chrome, guard, home

actor = guard.enter()
chrome.head(
    "Know what your marketing brings",
    actor,
    None,
    lead="Carryover measures what each channel brought, how sure that is, and what happens if money moves.",
)
home.start(actor)
home.project_list(actor)
