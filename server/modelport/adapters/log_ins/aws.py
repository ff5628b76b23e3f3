"""Signatures for AWS: credentials from botocore's chain, Signature Version 4 by its signer.

An API key for Bedrock needs neither and is sent as a bearer token.
Source: AWS General Reference, signing requests; Amazon Bedrock User Guide, API keys.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import partial
from importlib import import_module
from typing import Any

import anyio
import anyio.to_thread

from modelport.adapters.http.pool import HttpPool
from modelport.adapters.log_ins.log_in import StartProgram, Unsigned, needs, reason
from modelport.domain.errors import RequestFailed
from modelport.domain.providers.connection import Endpoint
from modelport.protocol.secret import SecretValues, forget_frames

SERVICE = "bedrock"
_REGION = re.compile(r"https?://[\w-]+\.([a-z]{2}(?:-[a-z]+)+-\d)\.")


class AwsSignature:
    """Signs each request; the chain renews temporary credentials by itself."""

    def __init__(self, pool: HttpPool, start: StartProgram) -> None:
        del pool  # botocore queries the metadata services over its own connections
        self._start = start
        self._chains: dict[str | None, Any] = {}
        """By the profile that they begin with."""
        self._lock = anyio.Lock()

    async def authenticate(self, endpoint: Endpoint) -> Endpoint:
        """Nothing to exchange."""
        return endpoint

    def discard_token(self, endpoint: Endpoint) -> bool:
        """False: a signature that was refused is refused again."""
        return False

    async def sign(self, endpoint: Endpoint, request: Unsigned) -> Mapping[str, str]:
        """``Authorization`` with the signature and the headers that go with it; nothing for an API key."""
        if endpoint.credential.secret is not None:
            return {}
        async with self._lock:
            return await anyio.to_thread.run_sync(self._sign, endpoint, request, abandon_on_cancel=True)

    def _session(self, library: Any, profile: str | None) -> Any:
        """A session of botocore that starts programs as the rest of this server does."""
        session = library.Session(profile=profile)
        start = self._start
        for provider in session.get_component("credential_provider").providers:
            builder = getattr(provider, "_profile_provider_builder", None)
            if builder is not None:
                # Of a profile that another one builds on, such as for a role.
                made = builder._create_process_provider  # noqa: SLF001
                builder._create_process_provider = partial(_with_popen, made, start)  # noqa: SLF001
            if hasattr(provider, "_popen"):
                provider._popen = start  # noqa: SLF001
        return session

    def _sign(self, endpoint: Endpoint, request: Unsigned) -> Mapping[str, str]:
        try:
            botocore: Any = import_module("botocore.auth")
            requests: Any = import_module("botocore.awsrequest")
            exceptions: Any = import_module("botocore.exceptions")
            session: Any = import_module("botocore.session")
        except ImportError as error:
            raise needs(endpoint, "bedrock") from error
        # The library leaves the environment out where it is told a profile, and a key there comes first.
        in_environment = endpoint.credential.source == "environment"
        profile = None if in_environment else endpoint.settings.get("AWS_PROFILE")
        try:
            if (chain := self._chains.get(profile)) is None:
                chain = self._chains[profile] = self._session(session, profile).get_credentials()
            frozen: Any = chain.get_frozen_credentials() if chain else None
        except (exceptions.BotoCoreError, OSError) as error:
            forget_frames(error)
            # A renewed log-in may be in files that the chain has read.
            self._chains.pop(profile, None)
            if isinstance(error, (exceptions.SSOError, exceptions.LoginError, exceptions.TokenRetrievalError)):
                raise _ended(endpoint, profile, by_login=isinstance(error, exceptions.LoginError)) from error
            raise _unusable(endpoint, reason(error)) from error
        if frozen is None or not frozen.access_key:
            self._chains.pop(profile, None)
            raise _unusable(endpoint, "there are none")
        signed: Any = requests.AWSRequest(request.method, request.url, data=request.content)
        # What is signed has to be sent, and a request without a body has no type.
        if content_type := request.headers.get("Content-Type"):
            signed.headers["Content-Type"] = content_type
        botocore.SigV4Auth(frozen, SERVICE, _region(endpoint)).add_auth(signed)
        return SecretValues(
            {name: value for name, value in signed.headers.items() if name.casefold() != "content-type"}
        )


def _with_popen(make: Callable[[str], Any], start: StartProgram, profile_name: str) -> Any:
    provider = make(profile_name)
    provider._popen = start  # noqa: SLF001
    return provider


def _region(endpoint: Endpoint) -> str:
    """The region in the host, since that is where the request goes; else the one that is set."""
    found = _REGION.match(endpoint.base_url)
    return found[1] if found else endpoint.settings.get("AWS_REGION", "us-east-1")


def _ended(endpoint: Endpoint, profile: str | None, *, by_login: bool) -> RequestFailed:
    row = endpoint.provider
    command = "aws login" if by_login else row.renew_command
    command = f"{command} --profile {profile}" if profile else command
    return RequestFailed(
        "auth_required",
        f"The AWS log-in that {row.display_name} uses has ended: run {command}.",
        provider=row.id,
        action=f"run {command}",
    )


def _unusable(endpoint: Endpoint, why: str) -> RequestFailed:
    row = endpoint.provider
    return RequestFailed(
        "auth_required",
        f"{row.display_name} needs AWS credentials ({why}): set AWS_PROFILE, "
        "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_BEARER_TOKEN_BEDROCK.",
        provider=row.id,
        action="give AWS credentials",
    )
