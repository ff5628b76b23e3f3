"""Sends spans and metrics to a collector: OTLP over HTTP in JSON, from a thread of its own."""
