"""Traces and metrics of calls in the words of OpenTelemetry: names, spans and sums. Never the content of a call."""
