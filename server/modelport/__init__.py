"""Modelport: one JSON-RPC server between every editor and every model."""
