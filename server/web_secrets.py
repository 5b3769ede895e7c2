"""Sign-in settings in the form that Streamlit's own login reads."""

from typing import Any

from mmm_core.domain.errors import BadInput
from mmm_core.settings import Settings


def sign_in_secrets(settings: Settings) -> dict[str, Any] | None:
    """The ``auth`` section; None without a provider.

    Raises
    ------
    BadInput
        With the name of the setting that is missing.
    """
    if not settings.sign_in:
        return None
    needed = {
        "CARRYOVER_OIDC_CLIENT_ID": settings.oidc_client_id,
        "CARRYOVER_OIDC_CLIENT_SECRET": settings.oidc_client_secret,
        "CARRYOVER_COOKIE_SECRET": settings.cookie_secret,
        "CARRYOVER_PUBLIC_URL": settings.public_url,
    }
    missing = [name for name, value in needed.items() if not value]
    if missing:
        raise BadInput(f"Sign-in needs {', '.join(missing)} beside CARRYOVER_OIDC_METADATA_URL.")
    assert settings.oidc_client_secret is not None
    assert settings.cookie_secret is not None
    assert settings.public_url is not None
    secret = settings.cookie_secret.get_secret_value()
    if len(secret) < 32:
        raise BadInput("CARRYOVER_COOKIE_SECRET needs at least 32 characters; make them random.")
    return {
        "auth": {
            "redirect_uri": settings.public_url.rstrip("/") + "/oauth2callback",
            "cookie_secret": secret,
            "client_id": settings.oidc_client_id,
            "client_secret": settings.oidc_client_secret.get_secret_value(),
            "server_metadata_url": settings.oidc_metadata_url,
            # Streamlit asks for prompt=select_account, which not every provider knows; one without a value counts as
            # left out (RFC 6749, 3.1).
            "client_kwargs": {"scope": "openid email profile", "prompt": ""},
        }
    }
