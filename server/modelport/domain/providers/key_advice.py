"""What an error says of the credential of a request, and of how to get another one."""

from __future__ import annotations

from modelport.domain.providers.connection import Endpoint
from modelport.domain.providers.rows import OWN_LOG_INS


def has_credential(endpoint: Endpoint) -> bool:
    """Whether the request carried one: a key, or the signature that a log-in makes of credentials it never shows."""
    return endpoint.credential.secret is not None or endpoint.provider.auth in OWN_LOG_INS


def key_words(endpoint: Endpoint) -> str:
    """What to call the credential of a request, in a sentence."""
    credential = endpoint.credential
    if credential.secret is None:
        if not has_credential(endpoint):
            return "this client"
        return f"the credentials from {credential.location}" if credential.location else "the credentials"
    if credential.log_in is not None:
        return "the log-in"
    where = {"environment": "from", "keyring": "in the keyring at", "session": "given for this"}.get(
        credential.source, "from"
    )
    return f"the key {where} {credential.location or 'session'}"


def is_subscription(endpoint: Endpoint) -> bool:
    """Whether the key is the token of a subscription, which the vendor does not take from other programs."""
    prefix, secret = endpoint.provider.subscription_prefix, endpoint.credential.secret
    return prefix is not None and secret is not None and secret.startswith(prefix)


def renew_command(endpoint: Endpoint) -> str:
    """The command that renews the log-in of the vendor's own tool, for the profile in use."""
    profile = endpoint.settings.get("AWS_PROFILE")
    return f"{endpoint.provider.renew_command}{f' --profile {profile}' if profile else ''}"


def get_key(endpoint: Endpoint) -> str:
    """How to get another one, the end of a sentence."""
    if endpoint.key_withheld:
        return endpoint.key_withheld
    row = endpoint.provider
    if endpoint.credential.log_in is not None:
        name = f" --name {endpoint.credential.connection}" if endpoint.credential.connection else ""
        return f"log in again with modelport login {row.id}{name}"
    renewed = endpoint.credential.secret is None and has_credential(endpoint)
    ways = [f"make one at {row.key_url}"] if row.key_url else []
    if renewed:
        ways = [f"renew them with {renew_command(endpoint)}" if row.renew_command else "renew them"]
    elif is_subscription(endpoint):
        ways.insert(0, f"{row.display_name} takes the token of a subscription from its own programs only")
    ways += [f"set {row.api_key_env_vars[0]}"] if row.api_key_env_vars else []
    store = f"store one with modelport keys set {row.id}"
    return ", ".join([*ways, f"or {store}"]) if ways else store
