"""Credentials and settings that the vendors' own tools keep on this machine, as files and variables.

Source: AWS SDKs and Tools Reference Guide, credential and configuration files; Google Cloud, application
default credentials; GitHub Copilot's editor plug-ins; qwen-code.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import anyio.to_thread
import msgspec

from modelport.adapters.system.regular_files import read_start, read_whole
from modelport.adapters.system.user_path import short_path, user_path
from modelport.borders import NOT_JSON
from modelport.domain.ports import Environment
from modelport.domain.providers.credential import Credential
from modelport.domain.providers.rows import Provider
from modelport.protocol.secret import Secret, SecretValues
from modelport.protocol.shapes import is_object

QWEN_FILE = "~/.qwen/oauth_creds.json"
QWEN_FILE_VARIABLE = "QWEN_CREDENTIALS_FILE"
COPILOT_FILE_VARIABLE = "COPILOT_TOKEN_FILE"
MAX_TOKEN_BYTES = 10_000
MAX_FILE_BYTES = 1024 * 1024


class LocalVendorFiles:
    """Reads the tools' files in a worker thread; an unreadable file counts as missing."""

    def __init__(self, environment: Environment) -> None:
        self._environment = environment

    async def credential(self, row: Provider, given: Mapping[str, str]) -> Credential | None:
        """The credential that the tools have for a provider with a log-in of its own, if there is one."""
        return await anyio.to_thread.run_sync(self._credential, row, given)

    async def settings(self, row: Provider, given: Mapping[str, str]) -> Mapping[str, str]:
        """``AWS_PROFILE_REGION`` and ``GOOGLE_ADC_PROJECT``, which the tools keep in files, not in variables."""
        return await anyio.to_thread.run_sync(self._settings, row, given)

    def _credential(self, row: Provider, given: Mapping[str, str]) -> Credential | None:
        variables = SecretValues({**self._environment.variables(), **given})
        match row.auth:
            case "sigv4":
                return _aws(row, variables)
            case "google":
                path = _google_file(variables)
                return Credential(provider=row.id, source="file", location=short_path(path)) if path else None
            case "copilot":
                return _copilot(row, variables)
            case "qwen":
                name = variables.get(QWEN_FILE_VARIABLE) or QWEN_FILE
                return _kept(row, read_object(user_path(name)).get("access_token"), name)
            case "bearer" | "key" | "none":
                return None

    def _settings(self, row: Provider, given: Mapping[str, str]) -> Mapping[str, str]:
        variables = SecretValues({**self._environment.variables(), **given})
        found: dict[str, str] = {}
        if row.auth == "sigv4":
            profile = _aws_section(variables, "AWS_CONFIG_FILE", "~/.aws/config")
            found |= {"AWS_PROFILE_REGION": profile["region"]} if profile.get("region") else {}
        if row.auth == "google" and (path := _google_file(variables)):
            kept = read_object(path)
            if project := kept.get("project_id") or kept.get("quota_project_id"):
                found["GOOGLE_ADC_PROJECT"] = str(project)
        return found


def read_object(path: Path) -> SecretValues[Any]:
    """The JSON object in a file; an empty one where there is none."""
    try:
        value = msgspec.json.decode(read_whole(path, MAX_FILE_BYTES))
    except (OSError, *NOT_JSON):
        return SecretValues()
    return SecretValues(value if is_object(value) else {})


def _aws(row: Provider, variables: Mapping[str, str]) -> Credential | None:
    for name in (
        "AWS_ACCESS_KEY_ID",
        "AWS_WEB_IDENTITY_TOKEN_FILE",
        "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
        "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    ):
        if variables.get(name, "").strip():
            return Credential(provider=row.id, source="environment", location=name)
    for variable, usual in (
        ("AWS_SHARED_CREDENTIALS_FILE", "~/.aws/credentials"),
        ("AWS_CONFIG_FILE", "~/.aws/config"),
    ):
        section = _aws_section(variables, variable, usual)
        if any(name.startswith(("aws_access_key", "sso_", "role_arn", "credential_process")) for name in section):
            return Credential(provider=row.id, source="file", location=variables.get(variable) or usual)
    return None


def _aws_section(variables: Mapping[str, str], variable: str, usual: str) -> Mapping[str, str]:
    """The profile in use, from one of the two files; the configuration file writes ``profile`` before its names."""
    try:
        text = read_whole(user_path(variables.get(variable) or usual), MAX_FILE_BYTES).decode()
    except (OSError, UnicodeError):
        return {}
    # Loaded only where there is such a file.
    import configparser

    profile = variables.get("AWS_PROFILE") or "default"
    parser = configparser.RawConfigParser(strict=False)
    try:
        parser.read_string(text)
    except configparser.Error:
        return {}
    for section in (f"profile {profile}", profile):
        if parser.has_section(section):
            return dict(parser.items(section))
    return {}


def _google_file(variables: Mapping[str, str]) -> Path | None:
    if named := variables.get("GOOGLE_APPLICATION_CREDENTIALS", "").strip():
        files = [user_path(named)]
    else:
        folder = variables.get("CLOUDSDK_CONFIG") or _config_folder(variables, "APPDATA", "gcloud")
        files = [Path(folder) / "application_default_credentials.json"]
    return next((path for path in files if path.is_file()), None)


def _copilot(row: Provider, variables: Mapping[str, str]) -> Credential | None:
    if named := variables.get(COPILOT_FILE_VARIABLE):
        return _kept(row, _text(user_path(named)), short_path(user_path(named)))
    folder = Path(_config_folder(variables, "LOCALAPPDATA", "github-copilot"))
    for name in ("apps.json", "hosts.json"):
        for host, kept in sorted(read_object(folder / name).items()):
            if host.partition(":")[0] == "github.com" and is_object(kept):
                found = _kept(row, kept.get("oauth_token"), short_path(folder / name))
                if found is not None:
                    return found
    return None


def _text(path: Path) -> str | None:
    """The text of a small file; None where there is none."""
    try:
        return read_start(path, MAX_TOKEN_BYTES).decode()
    except (OSError, UnicodeError):
        return None


def _config_folder(variables: Mapping[str, str], windows: str, name: str) -> str:
    root = variables.get(windows) or variables.get("XDG_CONFIG_HOME") or "~/.config"
    return str(user_path(root) / name)


def _kept(row: Provider, token: Any, location: str) -> Credential | None:
    if not isinstance(token, str) or not token.strip():
        return None
    return Credential(provider=row.id, source="file", secret=Secret(token.strip()), location=location)
