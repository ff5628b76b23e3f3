"""``credential/*``."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

import anyio

from modelport.domain.errors import ModelportError
from modelport.frontends.lsp.session import Session
from modelport.frontends.rpc import messages
from modelport.frontends.rpc.client_requests import NoAnswer
from modelport.protocol import types

if TYPE_CHECKING:
    from modelport.engine.log_ins.outcomes import LogInBegun

OPEN_TIMEOUT_S = 60.0
"""How long the client may take to open a page; the log-in goes on meanwhile."""


async def set_credential(session: Session, params: types.SetCredentialParams) -> types.CredentialStatus:
    """Stores a key in one of the credential stores."""
    credentials = (await session.app()).core.credentials
    return await credentials.store(
        params.provider, params.secret, params.base_url, params.name, add=params.add is True, store=params.store
    )


async def delete_credential(session: Session, params: types.DeleteCredentialParams) -> types.CredentialStatus:
    """Deletes a key from every credential store, or all of a provider."""
    return await (await (await session.app()).keys.get()).deletion.delete(params)


async def list_credential(session: Session, params: types.ListCredentialParams) -> types.ListCredentialResult:
    """Lists the credentials that were found, and the stores."""
    app = await session.app()
    credentials = await (await app.keys.get()).listing.list()
    return types.ListCredentialResult(credentials=tuple(credentials), stores=tuple(await app.core.store.statuses()))


async def test_credential(session: Session, params: types.TestCredentialParams) -> types.TestCredentialResult:
    """Checks keys with their providers."""
    cases = await (await session.app()).keys.get()
    return types.TestCredentialResult(results=tuple(await cases.checks.test(params.provider, params.name)))


async def login_credential(session: Session, params: types.LoginCredentialParams) -> types.CredentialStatus:
    """Logs in to a provider: says first what the user has to do, then has the client open the page."""
    log_ins = await (await session.app()).core.log_ins.get()
    outcome: types.CredentialStatus | ModelportError | None = None
    with session.progress(params.work_done_token, f"Logging in to {params.provider}") as report:
        async with anyio.create_task_group() as tasks:

            def tell(begun: LogInBegun) -> None:
                session.outbox.send(messages.notification("credential/update", begun.update))
                report(_instruction(begun.update))
                if session.client.opens_pages:
                    tasks.start_soon(_open, session, begun.open_uri)

            try:
                outcome = await log_ins.log_in(params.provider, params.method, params.name, tell, store=params.store)
            except ModelportError as error:
                # The task group would wrap it.
                outcome = error
            tasks.cancel_scope.cancel()
    assert outcome is not None  # noqa: S101  a cancelled task group raises
    if isinstance(outcome, ModelportError):
        raise outcome
    return outcome


async def input_credential(session: Session, params: types.InputCredentialParams) -> types.Empty:
    """Gives a log-in under way what the provider's page shows."""
    log_ins = await (await session.app()).core.log_ins.get()
    log_ins.paste(params.provider, params.name, params.text)
    return types.Empty()


async def logout_credential(session: Session, params: types.LogoutCredentialParams) -> types.CredentialStatus:
    """Logs out of a provider."""
    log_ins = await (await session.app()).core.log_ins.get()
    return await log_ins.log_out(params.provider, params.name)


async def _open(session: Session, uri: str) -> None:
    params = {"uri": uri, "external": True, "takeFocus": True}
    # The page stays in what the user is shown, so that a client which cannot open it ends nothing.
    with suppress(NoAnswer):
        await session.requests.send("window/showDocument", params, OPEN_TIMEOUT_S)


def _instruction(update: types.CredentialUpdateParams) -> str:
    if update.user_code is None:
        return "Log in on the page that was opened"
    return f"Enter {update.user_code} at {update.verification_uri}"
