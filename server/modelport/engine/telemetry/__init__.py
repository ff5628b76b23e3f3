"""Reports ended requests, and finds out where telemetry goes."""
