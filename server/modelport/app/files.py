"""How front ends write what they keep for the user."""

from __future__ import annotations

from modelport.adapters.system.private_files import append_private, private_folder, restricted, write_private

__all__ = ["append_private", "private_folder", "restricted", "write_private"]
