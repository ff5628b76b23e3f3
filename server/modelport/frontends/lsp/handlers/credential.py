"""``credential/*``."""

from __future__ import annotations

from modelport.frontends.lsp.session import Session
from modelport.protocol import types


async def set_credential(session: Session, params: types.SetCredentialParams) -> types.CredentialStatus:
    """Stores a key in the keyring."""
    credentials = (await session.app()).core.credentials
    return await credentials.store(params.provider, params.secret, params.base_url, params.name, add=params.add is True)


async def delete_credential(session: Session, params: types.DeleteCredentialParams) -> types.CredentialStatus:
    """Deletes a key from the keyring."""
    return await (await session.app()).core.credentials.delete(params.provider, params.name)


async def list_credential(session: Session, params: types.ListCredentialParams) -> types.ListCredentialResult:
    """Lists the credentials that were found."""
    return types.ListCredentialResult(credentials=tuple(await (await session.app()).core.credentials.list()))
