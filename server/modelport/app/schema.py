"""The schema of the configuration file, for front ends that print it."""

from __future__ import annotations

from typing import Any


def configuration_schema() -> dict[str, Any]:
    """The JSON Schema of the configuration file."""
    from modelport.adapters.configuration.schema import schema

    return schema()
